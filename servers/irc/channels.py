"""Channels: JOIN, PART, TOPIC, NAMES, LIST, INVITE, KICK (RFC 2812 3.2)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from protocols.irc.grammar import MAX_BYTES, Message, is_channel
from servers.irc.channel import Channel, matches
from servers.irc.client import Command
from servers.irc.limits import (
    CHANNEL_LENGTH,
    CHANNEL_TARGETS,
    CHANNELS_EACH,
    KICKS,
    REASON_LENGTH,
    TOPIC_LENGTH,
)
from servers.irc.line import Out
from servers.irc.network import MOST_CHANNELS

if TYPE_CHECKING:
    from servers.irc.client import Client


async def join(client: Client, message: Message) -> None:
    if message.param(0) == "0":  # RFC 2812 3.2.1: leave all channels
        for channel in list(client.channels):
            _leave(client, channel, "")
        return
    keys = message.param(1).split(",")
    for place, name in enumerate(message.param(0).split(",")[:CHANNEL_TARGETS]):
        teachers = await client.network.teachers(name)
        _join(client, name, keys[place] if place < len(keys) else "", teachers)


def _join(client: Client, name: str, key: str, teachers: frozenset[int] | None) -> None:
    network = client.network
    channel = network.channel(name)
    if channel is not None and client in channel.members:
        return None
    if not is_channel(name, "#&", CHANNEL_LENGTH):
        words = (
            f"A channel's name begins with # or &, has no space or comma, {CHANNEL_LENGTH} characters at most"
        )
        return client.reply("403", name[:70].replace(" ", "_") or "*", words)
    if len(client.channels) >= CHANNELS_EACH:
        return client.reply("405", name, f"You are in {CHANNELS_EACH} channels, which is the most")
    if channel is None and len(network.channels) >= MOST_CHANNELS:
        return client.reply("437", name, "There are too many channels already; try again later")
    if channel is not None and (refusal := _kept_out(client, channel, key)):
        return client.reply(refusal[0], channel.name, f"Cannot join channel ({refusal[1]})")
    if channel is None:
        channel = network.channels[network.key(name)] = Channel(name)
    channel.members[client] = {"o"} if _rules(client, channel, teachers) else set()
    client.channels[channel] = None
    client.invitations.discard(network.key(name))
    _announce(client, channel)
    return None


def _rules(client: Client, channel: Channel, teachers: frozenset[int] | None) -> bool:
    """Whether ``client``, who enters, is operator: in a class's channel who teaches it, else who makes the channel."""
    if teachers is not None:
        return client.person is not None and client.person.pk in teachers
    if channel.lasting:
        return client.operator
    return not channel.members


def _kept_out(client: Client, channel: Channel, key: str) -> tuple[str, str] | None:
    invited = client.network.key(channel.name) in client.invitations
    if channel.banned(client) and not invited:
        return "474", "+b: you are banned"
    if "i" in channel.flags and not channel.invited(client):
        return "473", "+i: by invitation only"
    if channel.key and channel.key != key and not invited:
        return "475", "+k: the key is missing or wrong"
    if channel.limit and len(channel.members) >= channel.limit and not invited:
        return "471", "+l: the channel is full"
    return None


def _announce(client: Client, channel: Channel) -> None:
    plain = Out(client.source, "JOIN", channel.name, account=client.account)
    extended = Out(
        client.source, "JOIN", channel.name, client.account or "*", client.real, account=client.account
    )
    away = Out(client.source, "AWAY", client.away, account=client.account) if client.away else None
    for member in list(channel.members):
        member.send(extended if "extended-join" in member.capabilities else plain)
        if away and member is not client and "away-notify" in member.capabilities:
            member.send(away)
    if channel.topic:
        _tell_topic(client, channel)
    tell_names(client, channel)


def part(client: Client, message: Message) -> None:
    for name in message.param(0).split(","):
        channel = client.network.channel(name)
        if channel is None:
            client.reply("403", name[:70] or "*", "No such channel")
        elif client not in channel.members:
            client.reply("442", channel.name, "You are not in that channel")
        else:
            _leave(client, channel, message.param(1)[:REASON_LENGTH])


def _leave(client: Client, channel: Channel, reason: str) -> None:
    out = Out(client.source, "PART", channel.name, *([reason] if reason else []), account=client.account)
    client.network.tell(channel.members, out)
    take_out(client, channel)


def take_out(client: Client, channel: Channel) -> None:
    """``client`` is no longer in ``channel``."""
    channel.members.pop(client, None)
    client.channels.pop(channel, None)
    client.network.drop_if_empty(channel)


def topic(client: Client, message: Message) -> None:
    channel = client.network.channel(message.param(0))
    if channel is None or not (channel.seen_by(client) or len(message.params) > 1):
        return client.reply("403", message.param(0)[:70], "No such channel")
    if client not in channel.members and (channel.secret or len(message.params) > 1):
        return client.reply("442", channel.name, "You are not in that channel")
    if len(message.params) < 2:
        return (
            _tell_topic(client, channel)
            if channel.topic
            else client.reply("331", channel.name, "No topic is set")
        )
    if "t" in channel.flags and not channel.is_operator(client) and not client.operator:
        return client.reply("482", channel.name, "Only channel operators set the topic here (+t)")
    channel.topic = message.param(1)[:TOPIC_LENGTH]
    channel.topic_by, channel.topic_at = client.source, int(time.time())
    out = Out(client.source, "TOPIC", channel.name, channel.topic, account=client.account)
    return client.network.tell(channel.members, out)


def _tell_topic(client: Client, channel: Channel) -> None:
    client.reply("332", channel.name, channel.topic)
    client.reply("333", channel.name, channel.topic_by, str(channel.topic_at))


def names(client: Client, message: Message) -> None:
    """353 and 366 for each channel named, as clients match them; without a name for all that may be seen."""
    if not message.param(0):
        for channel in [one for one in client.network.channels.values() if one.seen_by(client)]:
            _list_names(client, channel)
        return client.reply("366", "*", "End of NAMES list")
    for name in message.param(0).split(",")[:CHANNEL_TARGETS]:
        channel = client.network.channel(name)
        if channel is not None and channel.seen_by(client):
            tell_names(client, channel)
        else:
            client.reply("366", name[:70] or "*", "End of NAMES list")
    return None


def tell_names(client: Client, channel: Channel) -> None:
    """353 in as many lines as are needed, then 366."""
    _list_names(client, channel)
    client.reply("366", channel.name, "End of NAMES list")


def _list_names(client: Client, channel: Channel) -> None:
    kind = "@" if "s" in channel.flags else "*" if "p" in channel.flags else "="
    many, full = "multi-prefix" in client.capabilities, "userhost-in-names" in client.capabilities
    inside = client in channel.members
    room = MAX_BYTES - len(f":{client.network.source} 353 {client.nick} = {channel.name} :\r\n".encode())
    row, size = [], 0
    for member in channel.members:
        if "i" in member.modes and not inside and not client.operator:
            continue
        name = channel.signs(member, all_of_them=many) + (member.source if full else member.nick)
        if size + len(name.encode()) + 1 > room:
            client.reply("353", kind, channel.name, " ".join(row))
            row, size = [], 0
        row.append(name)
        size += len(name.encode()) + 1
    if row:
        client.reply("353", kind, channel.name, " ".join(row))


def list_(client: Client, message: Message) -> None:
    """LIST, by names, masks, or numbers of members (``>2``, ``<10``: ELIST=MNU)."""
    wanted = [word for word in message.param(0).split(",") if word][:CHANNEL_TARGETS]
    client.reply("321", "Channel", "Users  Name")
    for channel in list(client.network.channels.values()):
        if channel.seen_by(client) and all(_listed(word, channel) for word in _narrowing(wanted)):
            chosen = [word for word in wanted if word not in _narrowing(wanted)]
            if not chosen or any(matches(word, channel.name) for word in chosen):
                client.reply("322", channel.name, str(len(channel.members)), channel.topic)
    client.reply("323", "End of LIST")


def _narrowing(words: list[str]) -> list[str]:
    return [word for word in words if word[:1] in "<>!"]


def _listed(word: str, channel: Channel) -> bool:
    if word[0] == "!":
        return not matches(word[1:], channel.name)
    number = int(word[1:]) if word[1:].isascii() and word[1:].isdigit() and len(word) < 10 else 0
    return len(channel.members) > number if word[0] == ">" else len(channel.members) < number


def invite(client: Client, message: Message) -> None:
    network = client.network
    if len(message.params) < 2:
        for name in sorted(client.invitations):
            client.reply("336", name)
        return client.reply("337", "End of invitations")
    guest, channel = network.client(message.param(0)), network.channel(message.param(1))
    if guest is None or not guest.registered:
        return client.reply("401", message.param(0)[:60], "No such nick")
    if channel is None:
        return client.reply("403", message.param(1)[:70], "No such channel")
    if client not in channel.members:
        return client.reply("442", channel.name, "You are not in that channel")
    if guest in channel.members:
        return client.reply("443", guest.nick, channel.name, "is in that channel already")
    if "i" in channel.flags and not channel.is_operator(client):
        return client.reply("482", channel.name, "Only channel operators invite here (+i)")
    if len(guest.invitations) < CHANNELS_EACH:
        guest.invitations.add(network.key(channel.name))
    client.reply("341", guest.nick, channel.name)
    if guest.away:
        client.reply("301", guest.nick, guest.away)
    out = Out(client.source, "INVITE", guest.nick, channel.name, account=client.account)
    told = [one for one in channel.members if "invite-notify" in one.capabilities and one is not client]
    return network.tell([guest, *told], out)


def kick(client: Client, message: Message) -> None:
    """One channel and people in it, or as many channels as people, pair by pair (RFC 2812 3.2.8)."""
    names, nicks = message.param(0).split(","), message.param(1).split(",")
    if len(names) == 1:
        names *= len(nicks)
    if len(names) != len(nicks):
        return client.reply("461", "KICK", "Name one channel, or as many channels as people")
    reason = message.param(2)[:REASON_LENGTH] or client.nick
    for name, nick in list(zip(names, nicks, strict=True))[:KICKS]:
        if not _kick(client, name, nick, reason) and len(set(names)) == 1:
            break  # said once for all of them
    return None


def _kick(client: Client, name: str, nick: str, reason: str) -> bool:
    """Throw one out; False where ``client`` may throw nobody out of that channel."""
    channel = client.network.channel(name)
    if channel is None:
        client.reply("403", name[:70] or "*", "No such channel")
    elif client not in channel.members:
        client.reply("442", channel.name, "You are not in that channel")
    elif not channel.is_operator(client):
        client.reply("482", channel.name, "Only channel operators kick")
    else:
        guest = client.network.client(nick)
        if guest is None or guest not in channel.members:
            client.reply("441", nick[:60] or "*", channel.name, "is not in that channel")
            return True
        out = Out(client.source, "KICK", channel.name, guest.nick, reason, account=client.account)
        client.network.tell(channel.members, out)
        take_out(guest, channel)
        return True
    return False


COMMANDS = {
    "JOIN": Command(join, 1),
    "PART": Command(part, 1),
    "TOPIC": Command(topic, 1),
    "NAMES": Command(names),
    "LIST": Command(list_),
    "INVITE": Command(invite),
    "KICK": Command(kick, 2),
}

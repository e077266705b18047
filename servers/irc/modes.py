"""MODE for channels (o v b e I i k l m n p s t) and for oneself (i w, -o) (RFC 2812 3.1.5 and 3.2.3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from protocols.irc.grammar import Message
from protocols.irc.support import ModeChange, format_modes, parse_modes
from servers.irc.channel import FLAGS, SIGNS, SUPPORT, Channel, Mask, full_mask
from servers.irc.client import Command
from servers.irc.limits import CHANGES, KEY_LENGTH, MASKS
from servers.irc.line import Out

if TYPE_CHECKING:
    from servers.irc.client import Client

LISTS = {
    "b": ("367", "368", "bans"),
    "e": ("348", "349", "ban exceptions"),
    "I": ("346", "347", "invite exceptions"),
}


def mode(client: Client, message: Message) -> None:
    target = message.param(0)
    if target.startswith(("#", "&")):
        return _channel_mode(client, message)
    other = client.network.client(target)
    if other is None or not other.registered:
        return client.reply("401", target[:60], "No such nick")
    if other is not client:
        return client.reply("502", "You can change and see only your own modes")
    if len(message.params) < 2:
        return client.reply("221", f"+{''.join(sorted(client.modes))}")
    return _own_modes(client, message)


def _own_modes(client: Client, message: Message) -> None:
    done, unknown = [], False
    for change in parse_modes(message.params[1:])[:CHANGES]:
        if change.letter not in "iwor":
            unknown = True
        elif (change.letter in "iw" or (change.letter == "o" and not change.add)) and (
            change.add != (change.letter in client.modes)
        ):
            client.modes.add(change.letter) if change.add else client.modes.discard(change.letter)
            done.append(change)
    if done:
        client.tell("MODE", client.nick, *format_modes(done), source=client.source)
    if unknown:
        client.reply("501", "Unknown user mode: there are i, o, r and w")


def _channel_mode(client: Client, message: Message) -> None:
    channel = client.network.channel(message.param(0))
    if channel is None or (len(message.params) < 2 and not channel.seen_by(client)):
        return client.reply("403", message.param(0)[:70], "No such channel")
    if len(message.params) < 2:
        client.reply("324", channel.name, *channel.modes(client))
        return client.reply("329", channel.name, str(channel.created))
    done: list[ModeChange] = []
    told_no = False
    for change in parse_modes(message.params[1:], SUPPORT)[:CHANGES]:
        if change.letter in LISTS and not change.argument:
            _tell_list(client, channel, change.letter)
        elif not (channel.is_operator(client) or client.operator):
            if not told_no:
                client.reply("482", channel.name, "Only channel operators change modes")
            told_no = True
        elif made := _change(client, channel, change):
            done.append(made)
    if done:
        words = format_modes(done)
        client.network.tell(
            channel.members, Out(client.source, "MODE", channel.name, *words, account=client.account)
        )
    return None


def _tell_list(client: Client, channel: Channel, letter: str) -> None:
    entry, end, name = LISTS[letter]
    if letter != "b" and not channel.is_operator(client) and not client.operator:
        return client.reply("482", channel.name, f"Only channel operators see the {name}")
    for mask in channel.lists[letter]:
        client.reply(entry, channel.name, mask.mask, mask.by, str(mask.at))
    return client.reply(end, channel.name, f"End of {name}")


def _change(client: Client, channel: Channel, change: ModeChange) -> ModeChange | None:
    """Carry one change out; what was done is returned, None where nothing was (said already)."""
    letter = change.letter
    if letter in SIGNS:
        return _rights(client, channel, change)
    if letter in LISTS:
        return _mask(client, channel, change)
    if letter == "k":
        return _key(client, channel, change)
    if letter == "l":
        return _limit(client, channel, change)
    if letter not in FLAGS:
        client.reply("472", letter, f"is no channel mode here: there are beIiklmnopstv ({channel.name})")
        return None
    if change.add == (letter in channel.flags):
        return None
    channel.flags.add(letter) if change.add else channel.flags.discard(letter)
    return ModeChange(change.add, letter)


def _rights(client: Client, channel: Channel, change: ModeChange) -> ModeChange | None:
    if not change.argument:
        client.reply("696", channel.name, change.letter, "*", "Whom? MODE needs a nick for that letter")
        return None
    other = client.network.client(change.argument)
    if other is None or not other.registered:
        client.reply("401", change.argument[:60], "No such nick")
        return None
    if other not in channel.members:
        client.reply("441", other.nick, channel.name, "is not in that channel")
        return None
    rights = channel.members[other]
    if change.add == (change.letter in rights):
        return None
    rights.add(change.letter) if change.add else rights.discard(change.letter)
    return ModeChange(change.add, change.letter, other.nick)


def _mask(client: Client, channel: Channel, change: ModeChange) -> ModeChange | None:
    entries, mask = channel.lists[change.letter], full_mask(change.argument[:200])
    known = next(
        (entry for entry in entries if client.network.key(entry.mask) == client.network.key(mask)), None
    )
    if change.add and known is None:
        if len(entries) >= MASKS:
            client.reply("478", channel.name, change.letter, f"The list is full: {MASKS} masks")
            return None
        entries.append(Mask(mask, client.source, int(time.time())))
        return ModeChange(True, change.letter, mask)
    if not change.add and known is not None:
        entries.remove(known)
        return ModeChange(False, change.letter, known.mask)
    return None


def _key(client: Client, channel: Channel, change: ModeChange) -> ModeChange | None:
    if not change.add:
        if not channel.key:
            return None
        channel.key = ""
        return ModeChange(False, "k", "*")
    key = change.argument
    if not key or "," in key or " " in key or key.startswith(":") or len(key) > KEY_LENGTH:
        words = f"A key has 1 to {KEY_LENGTH} characters, no space, no comma, no colon first"
        client.reply("696" if not key else "525", channel.name, *([] if key else ["k", "*"]), words)
        return None
    channel.key = key
    return ModeChange(True, "k", key)


def _limit(client: Client, channel: Channel, change: ModeChange) -> ModeChange | None:
    if not change.add:
        had, channel.limit = channel.limit, 0
        return ModeChange(False, "l") if had else None
    word = change.argument
    if not (word.isascii() and word.isdigit() and len(word) < 6 and int(word) > 0):
        client.reply(
            "696",
            channel.name,
            "l",
            word[:20].split(" ")[0] or "*",
            "The limit is a number of members, 1 to 99999",
        )
        return None
    if channel.limit == int(word):
        return None
    channel.limit = int(word)
    return ModeChange(True, "l", str(channel.limit))


COMMANDS = {"MODE": Command(mode, 1)}

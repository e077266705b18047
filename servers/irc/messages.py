"""What people say: PRIVMSG, NOTICE, TAGMSG, and CHATHISTORY to read it again."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from protocols.irc.grammar import Message
from servers.irc.channel import Channel
from servers.irc.client import Command
from servers.irc.history import History
from servers.irc.limits import HISTORY_AT_ONCE, TARGETS
from servers.irc.line import Out, new_msgid, stamp

if TYPE_CHECKING:
    from servers.irc.client import Client

_REFERENCE = re.compile(r"timestamp=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z|msgid=[^\s,]+")


def privmsg(client: Client, message: Message) -> None:
    """PRIVMSG, NOTICE (which is never answered by an error, RFC 2812 3.3.2) and TAGMSG."""
    targets = list(dict.fromkeys(message.param(0).split(",")))
    if len(targets) > TARGETS:
        return _refuse(
            client, message, "407", message.param(0)[:50], f"Too many recipients: {TARGETS} at most"
        )
    client.spoke = time.time()
    for target in targets:
        _say(client, message, target)
    return None


def _say(client: Client, message: Message, target: str) -> None:
    network = client.network
    prefix = target[: len(target) - len(target.lstrip("@+"))] if target[:1] in "@+" else ""
    channel = network.channel(target[len(prefix) :])
    out = _line(client, message, target)
    if channel is not None:
        return _in_channel(client, message, channel, prefix, out)
    other = network.client(target)
    if other is None or not other.registered:
        return _refuse(client, message, "401", target[:60] or "*", "No such nick or channel")
    if message.command == "TAGMSG":
        if "message-tags" in other.capabilities:
            other.deliver(out)
    else:
        other.deliver(out)
        if client.account and other.account:
            network.talk(client.account, other.account).add(out)
    # Who talks to themselves hears it twice, as it was said and as it came: the label is the echo's alone
    # (IRCv3 labeled-response).
    if "echo-message" in client.capabilities:
        client.send(out)
    if other.away and message.command == "PRIVMSG":
        client.reply("301", other.nick, other.away)
    return None


def _in_channel(client: Client, message: Message, channel: Channel, prefix: str, out: Out) -> None:
    if not channel.may_speak(client):
        return _refuse(client, message, "404", channel.name, _why_not(client, channel))
    echo = "echo-message" in client.capabilities
    tags_only = message.command == "TAGMSG"
    if prefix:
        wanted = {"o"} if "@" in prefix else {"o", "v"}
        hearers = [
            member for member, rights in channel.members.items() if rights & wanted and member is not client
        ]
        hearers += [client] if echo else []
    elif tags_only:
        hearers = [one for one in channel.members if one is not client or echo]
        hearers = [one for one in hearers if "message-tags" in one.capabilities]
    elif echo:
        hearers = [*channel.members, *([] if client in channel.members else [client])]
    else:
        hearers = [member for member in channel.members if member is not client]
    client.network.tell(hearers, out)
    if not prefix and not tags_only:
        channel.history.add(out)
    return None


def _why_not(client: Client, channel: Channel) -> str:
    if client not in channel.members and "n" in channel.flags:
        return "Cannot send to channel: you are not in it (JOIN first)"
    reason = "you are banned" if channel.banned(client) else "it is moderated (+m)"
    return f"Cannot send to channel: {reason}"


def _line(client: Client, message: Message, target: str) -> Out:
    known = message.tags if "message-tags" in client.capabilities else {}
    tags = {key: value for key, value in known.items() if key.startswith("+")}
    params = [target] if message.command == "TAGMSG" else [target, message.param(1)]
    return Out(client.source, message.command, *params, account=client.account, msgid=new_msgid(), tags=tags)


def _refuse(client: Client, message: Message, numeric: str, *params: str) -> None:
    if message.command != "NOTICE":
        client.reply(numeric, *params)


def chathistory(client: Client, message: Message) -> None:
    """Read again what was said in one's channels and with other people (IRCv3 draft/chathistory)."""
    sub = message.param(0).upper()
    if sub == "TARGETS":
        return _targets(client, message)
    if sub not in _READS:
        return client.fail(
            "CHATHISTORY",
            "INVALID_PARAMS",
            sub[:30] or "*",
            "LATEST, BEFORE, AFTER, AROUND, BETWEEN, TARGETS",
        )
    references = 2 if sub == "BETWEEN" else 1
    if len(message.params) < 3 + references:
        return client.fail("CHATHISTORY", "NEED_MORE_PARAMS", sub, "Missing parameters")
    words, limit = message.params[2 : 2 + references], message.param(2 + references)
    for word in words:
        if not (_REFERENCE.fullmatch(word) or (word == "*" and sub == "LATEST")):
            return client.fail(
                "CHATHISTORY", "INVALID_PARAMS", sub, "That names no message: timestamp=, msgid= or *"
            )
    if not limit.isascii() or not limit.isdigit() or len(limit) > 6:
        return client.fail("CHATHISTORY", "INVALID_PARAMS", sub, "The number of messages is no number")
    history = _history(client, message.param(1))
    if history is None:
        why = "You are not in that channel, or have not talked with that person"
        return client.fail("CHATHISTORY", "INVALID_TARGET", sub, message.param(1)[:60] or "*", why)
    count = min(HISTORY_AT_ONCE, int(limit)) or HISTORY_AT_ONCE
    return client.send_batch("chathistory", message.param(1), _READS[sub](history, *words, count))


def _history(client: Client, target: str) -> History | None:
    channel = client.network.channel(target)
    if channel is not None:
        return channel.history if client in channel.members else None
    if target.startswith(("#", "&")) or not client.account:
        return None
    other = client.network.client(target)
    account = other.account if other else target
    return client.network.talk(client.account, account) if account else None


def _targets(client: Client, message: Message) -> None:
    one, other = (word.partition("=")[2] for word in (message.param(1), message.param(2)))
    limit = message.param(3)
    if not (one and other and limit.isascii() and limit.isdigit() and len(limit) < 7):
        return client.fail("CHATHISTORY", "INVALID_PARAMS", "TARGETS", "TARGETS timestamp= timestamp= number")
    first, last = min(one, other), max(one, other)
    found = [(channel.history.newest, channel.name) for channel in client.channels if len(channel.history)]
    if client.account:
        found += [
            (history.newest, who) for who, history in client.network.talks_of(client.account) if len(history)
        ]
    rows = sorted((stamp(at), name) for at, name in found if first < stamp(at) < last)[: int(limit)]
    lines = [Out(client.network.source, "CHATHISTORY", "TARGETS", name, at) for at, name in rows]
    return client.send_batch("draft/chathistory-targets", "", lines)


_READS = {
    "LATEST": History.latest,
    "BEFORE": History.before,
    "AFTER": History.after,
    "AROUND": History.around,
    "BETWEEN": History.between,
}
COMMANDS = {
    "PRIVMSG": Command(privmsg, 2),
    "NOTICE": Command(privmsg, 2),
    "TAGMSG": Command(privmsg, 1),
    "CHATHISTORY": Command(chathistory, 1),
}

"""What a person typed, as what is to be said: ``/join #lab``, ``/me waves``, or plain words.

Knowledge only. The names are those that mIRC, irssi and The Lounge taught people; ``TABLE`` is what the page lists and
completes. A command that is unknown here is refused, not sent: ``/raw`` sends any line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

from django.utils.translation import gettext_noop

from protocols.irc.grammar import format_ctcp


@dataclass(frozen=True, slots=True)
class Where:
    """Where it was typed. ``name`` is the channel, the partner, or "" in the server's window."""

    kind: str
    name: str
    nick: str
    channel_types: str = "#&"
    modes: int = 3

    @property
    def channel(self) -> str:
        return self.name if self.kind == "channel" else ""

    def is_channel(self, word: str) -> bool:
        return word[:1] != "" and word[:1] in self.channel_types


@dataclass(frozen=True, slots=True)
class Speak:
    """Words for a target: they are split where they are long, and answered for."""

    target: str
    text: str
    manner: str = "privmsg"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of IRC."""

    command: str
    params: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """A line exactly as typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Open:
    """A query's window."""

    nick: str


@dataclass(frozen=True, slots=True)
class Close:
    """The window it was typed in."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Listen to somebody no more, or (``on`` False) again."""

    nick: str
    on: bool


@dataclass(frozen=True, slots=True)
class Hang:
    """End the connection, and stay away."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Meet:
    """Connect (again), now."""


Doing = Speak | Line | Raw | Open | Close | Ignore | Hang | Meet


class Unclear(Exception):
    """What was typed cannot be done; ``key`` is a msgid with ``params``, told to the person with their words kept."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(key)
        self.key, self.params = key, params


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table; ``says`` is a msgid."""

    usage: str
    says: str
    make: Callable[[Where, str], list[Doing]] = field(repr=False)


NEEDS = gettext_noop("It is written like this: %(usage)s")
NO_CHANNEL = gettext_noop("This is no channel. Name one: %(usage)s")
NOBODY = gettext_noop(
    "Words said here reach nobody. Open a channel or a query; /raw sends a line to the server."
)
UNKNOWN = gettext_noop("There is no command /%(name)s here. /raw sends a line as it stands.")
MISTYPED = gettext_noop("There is no command /%(name)s here. Do you mean /%(near)s?")


def parse(text: str, where: Where) -> list[Doing]:
    """Return what ``text`` asks for, in order; Unclear where it cannot be told. ``//x`` says ``/x``."""
    text = text.strip("\r\n")
    if not text.startswith("/") or text.startswith("//"):
        if where.kind == "server":
            raise Unclear(NOBODY)
        return [Speak(where.name, text[1:] if text.startswith("//") else text)]
    name, _, rest = text[1:].partition(" ")
    command = TABLE.get(ALIASES.get(name.lower(), name.lower()))
    if command is None:
        near = get_close_matches(name.lower()[:30], TABLE, 1, 0.7)
        raise Unclear(MISTYPED, name=name[:30], near=near[0]) if near else Unclear(UNKNOWN, name=name[:30])
    try:
        return command.make(where, rest.strip(" "))
    except LookupError:
        raise Unclear(NEEDS, usage=command.usage) from None
    except _NoChannel:
        raise Unclear(NO_CHANNEL, usage=command.usage) from None


class _NoChannel(Exception):
    pass


def _need(rest: str) -> str:
    """``rest``, which may not be empty."""
    if not rest:
        raise LookupError
    return rest


def _words(rest: str, count: int) -> list[str]:
    """``count`` words, the last with all that follows, "" for what is missing; the first is needed."""
    found = _need(rest).split(" ", count - 1)
    return [*found, *[""] * (count - len(found))]


def _here(where: Where, rest: str) -> tuple[str, str]:
    """The channel that is named first in ``rest``, or the one this is; and what follows."""
    first, _, after = rest.partition(" ")
    if where.is_channel(first):
        return first, after.strip(" ")
    if not where.channel:
        raise _NoChannel
    return where.channel, rest


def _optional(*params: str) -> tuple[str, ...]:
    return tuple(param for param in params if param)


def _join(where: Where, rest: str) -> list[Doing]:
    names, keys = _words(rest, 2)
    listed = [name if where.is_channel(name) else f"#{name}" for name in names.split(",") if name]
    return [Line("JOIN", _optional(",".join(listed), keys.replace(" ", ",")))]


def _part(where: Where, rest: str) -> list[Doing]:
    if not where.channel and not where.is_channel(rest):
        return [Close()] if where.kind == "query" and not rest else _raise()
    channel, words = _here(where, rest)
    return [Line("PART", _optional(channel, words))]


def _raise() -> list[Doing]:
    raise _NoChannel


def _cycle(where: Where, rest: str) -> list[Doing]:
    channel, _ = _here(where, rest)
    return [Line("PART", (channel,)), Line("JOIN", (channel,))]


def _message(where: Where, rest: str) -> list[Doing]:
    target, text = _words(rest, 2)
    return [Speak(target, _need(text))]


def _query(where: Where, rest: str) -> list[Doing]:
    nick, text = _words(rest, 2)
    return [Open(nick), *([Speak(nick, text)] if text else [])]


def _notice(where: Where, rest: str) -> list[Doing]:
    target, text = _words(rest, 2)
    return [Speak(target, _need(text), "notice")]


def _me(where: Where, rest: str) -> list[Doing]:
    if where.kind == "server":
        raise Unclear(NOBODY)
    return [Speak(where.name, _need(rest), "action")]


def _slap(where: Where, rest: str) -> list[Doing]:
    return _me(where, f"slaps {_need(rest)} around a bit with a large trout")


def _topic(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, rest)
    if words == "-delete":
        return [Line("TOPIC", (channel, ""))]
    return [Line("TOPIC", _optional(channel, words))]


def _kick(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, _need(rest))
    nick, reason = _words(words, 2)
    return [Line("KICK", _optional(channel, nick, reason))]


def _mask(word: str) -> str:
    return word if any(sign in word for sign in "!@*") else f"{word}!*@*"


def _ban(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, rest)
    return [Line("MODE", _optional(channel, "+b", _mask(words) if words else ""))]


def _unban(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, _need(rest))
    return [Line("MODE", (channel, "-b", _mask(_need(words))))]


def _kickban(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, _need(rest))
    nick, reason = _words(words, 2)
    return [Line("MODE", (channel, "+b", _mask(nick))), Line("KICK", _optional(channel, nick, reason))]


def _mode(where: Where, rest: str) -> list[Doing]:
    words = rest.split()
    if words and not words[0].startswith(("+", "-")):
        return [Line("MODE", tuple(words))]
    return [Line("MODE", (where.channel or where.nick, *words))]


def _ranks(sign: str, letter: str) -> Callable[[Where, str], list[Doing]]:
    def make(where: Where, rest: str) -> list[Doing]:
        channel, words = _here(where, rest)
        nicks = words.split() or [where.nick]
        size = max(1, where.modes)
        pieces = [nicks[at : at + size] for at in range(0, len(nicks), size)]
        return [Line("MODE", (channel, sign + letter * len(piece), *piece)) for piece in pieces]

    return make


def _invite(where: Where, rest: str) -> list[Doing]:
    nick, channel = _words(rest, 2)
    if not channel and not where.channel:
        raise _NoChannel
    return [Line("INVITE", (nick, channel or where.channel))]


def _whois(where: Where, rest: str) -> list[Doing]:
    nick = rest.split(" ")[0] or (where.name if where.kind == "query" else where.nick)
    return [Line("WHOIS", (nick,))]


def _ignore(on: bool) -> Callable[[Where, str], list[Doing]]:
    def make(where: Where, rest: str) -> list[Doing]:
        nick = rest.split(" ")[0] or (where.name if where.kind == "query" else "")
        return [Ignore(_need(nick), on)]

    return make


def _ctcp(where: Where, rest: str) -> list[Doing]:
    target, word = _words(rest, 2)
    command, _, argument = _need(word).partition(" ")
    return [Line("PRIVMSG", (target, format_ctcp(command.upper(), argument)))]


def _ping(where: Where, rest: str) -> list[Doing]:
    nick = rest.split(" ")[0] or (where.name if where.kind == "query" else "")
    return [Line("PRIVMSG", (_need(nick), format_ctcp("PING", str(time.time_ns() // 1_000_000))))]


def _who(where: Where, rest: str) -> list[Doing]:
    return [Line("WHO", (_need(rest or where.name),))]


def _names(where: Where, rest: str) -> list[Doing]:
    channel, _ = _here(where, rest)
    return [Line("NAMES", (channel,))]


def _plain(command: str, at_least: int = 0) -> Callable[[Where, str], list[Doing]]:
    """A command whose words go out as its parameters."""

    def make(where: Where, rest: str) -> list[Doing]:
        words = rest.split()
        if len(words) < at_least:
            raise LookupError
        return [Line(command, tuple(words))]

    return make


def _raw(where: Where, rest: str) -> list[Doing]:
    return [Raw(_need(rest))]


TABLE: dict[str, Command] = {
    "join": Command("/join #channel [key]", gettext_noop("Enter a channel"), _join),
    "part": Command("/part [#channel] [words]", gettext_noop("Leave the channel"), _part),
    "cycle": Command("/cycle [#channel]", gettext_noop("Leave the channel and enter it again"), _cycle),
    "msg": Command("/msg nick words", gettext_noop("Say something to somebody alone"), _message),
    "query": Command("/query nick [words]", gettext_noop("Open a window for talk with one person"), _query),
    "notice": Command("/notice nick words", gettext_noop("Send a notice, which nothing may answer"), _notice),
    "me": Command("/me waves", gettext_noop("Say what you do"), _me),
    "slap": Command("/slap nick", gettext_noop("An old custom"), _slap),
    "nick": Command("/nick name", gettext_noop("Take another nickname"), _plain("NICK", 1)),
    "topic": Command("/topic [words]", gettext_noop("Show or set the topic; -delete clears it"), _topic),
    "kick": Command("/kick nick [words]", gettext_noop("Throw somebody out"), _kick),
    "ban": Command("/ban [nick]", gettext_noop("Keep somebody out; alone: show the bans"), _ban),
    "unban": Command("/unban nick", gettext_noop("Let somebody in again"), _unban),
    "kickban": Command("/kickban nick [words]", gettext_noop("Throw somebody out and keep them out"), _kickban),
    "mode": Command("/mode [target] [+modes]", gettext_noop("Show or change modes"), _mode),
    "op": Command("/op nick …", gettext_noop("Make somebody an operator"), _ranks("+", "o")),
    "deop": Command("/deop nick …", gettext_noop("Take the operator's rank away"), _ranks("-", "o")),
    "voice": Command("/voice nick …", gettext_noop("Let somebody speak where it is moderated"), _ranks("+", "v")),
    "devoice": Command("/devoice nick …", gettext_noop("Take the voice away"), _ranks("-", "v")),
    "invite": Command("/invite nick [#channel]", gettext_noop("Invite somebody"), _invite),
    "ignore": Command("/ignore [nick]", gettext_noop("Fold somebody's words away; alone: show whom you ignore"),
                      _ignore(True)),
    "unignore": Command("/unignore nick", gettext_noop("Show somebody's words again"), _ignore(False)),
    "away": Command("/away [words]", gettext_noop("Say that you are away; alone: that you are back"),
                    lambda where, rest: [Line("AWAY", _optional(rest))]),
    "back": Command("/back", gettext_noop("Say that you are back"), lambda where, rest: [Line("AWAY")]),
    "whois": Command("/whois [nick]", gettext_noop("Ask who somebody is"), _whois),
    "whowas": Command("/whowas nick", gettext_noop("Ask who somebody was"), _plain("WHOWAS", 1)),
    "who": Command("/who [mask]", gettext_noop("List people"), _who),
    "names": Command("/names [#channel]", gettext_noop("List who is in a channel"), _names),
    "list": Command("/list [mask]", gettext_noop("List the channels"), _plain("LIST")),
    "ctcp": Command("/ctcp nick VERSION", gettext_noop("Ask somebody's program something"), _ctcp),
    "ping": Command("/ping nick", gettext_noop("Ask how far somebody's program is away"), _ping),
    "motd": Command("/motd", gettext_noop("Show the server's message of the day"), _plain("MOTD")),
    "version": Command("/version", gettext_noop("Ask which program the server is"), _plain("VERSION")),
    "time": Command("/time", gettext_noop("Ask for the server's time"), _plain("TIME")),
    "lusers": Command("/lusers", gettext_noop("Ask how many people are there"), _plain("LUSERS")),
    "oper": Command("/oper name password", gettext_noop("Become an operator of the server"), _plain("OPER", 2)),
    "raw": Command("/raw line", gettext_noop("Send a line as it stands"), _raw),
    "close": Command("/close", gettext_noop("Close this window"), lambda where, rest: [Close()]),
    "connect": Command("/connect", gettext_noop("Connect again"), lambda where, rest: [Meet()]),
    "quit": Command("/quit [words]", gettext_noop("Leave the network"), lambda where, rest: [Hang(rest)]),
}  # fmt: skip

ALIASES = {
    "j": "join", "leave": "part", "rejoin": "cycle", "hop": "cycle", "q": "query", "m": "msg", "t": "topic",
    "n": "names", "w": "whois", "quote": "raw", "disconnect": "quit", "wc": "close", "reconnect": "connect",
    "k": "kick", "kb": "kickban", "action": "me", "unaway": "back",
}  # fmt: skip


def secret(text: str) -> bool:
    """Whether the browser should forget these words (they carry a password), rather than keep them in its history."""
    words = text.lower().split()
    first = words[0] if words else ""
    to_service = len(words) > 1 and words[1].rstrip(",:").endswith("serv")
    if first in ("/raw", "/quote"):
        return len(words) > 1 and words[1] in ("pass", "oper", "authenticate")
    return first == "/oper" or (first in ("/msg", "/m", "/query", "/q", "/notice") and to_service)

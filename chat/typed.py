"""The words behind a command, as doings: one function for each row of ``commands.TABLE``, called by ``commands.parse``.

Each takes where it was typed and what stood behind the command's name; LookupError where a word is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.utils.translation import gettext_noop

from chat.doings import Close, Doing, Hang, Ignore, Line, Meet, Open, Raw, Speak, Unclear, Where
from protocols.irc.grammar import format_ctcp

NOBODY = gettext_noop(
    "Words said here reach nobody. Open a channel or a query; /raw sends a line to the server."
)


class NoChannel(Exception):
    """A channel has to be named, for it was not typed in one."""


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
        raise NoChannel
    return where.channel, rest


def _optional(*params: str) -> tuple[str, ...]:
    return tuple(param for param in params if param)


def join(where: Where, rest: str) -> list[Doing]:
    names, keys = _words(rest, 2)
    listed = [name if where.is_channel(name) else f"#{name}" for name in names.split(",") if name]
    return [Line("JOIN", _optional(",".join(listed), keys.replace(" ", ",")))]


def part(where: Where, rest: str) -> list[Doing]:
    if not where.channel and not where.is_channel(rest):
        return [Close()] if where.kind == "query" and not rest else _raise()
    channel, words = _here(where, rest)
    return [Line("PART", _optional(channel, words))]


def _raise() -> list[Doing]:
    raise NoChannel


def cycle(where: Where, rest: str) -> list[Doing]:
    channel, _ = _here(where, rest)
    return [Line("PART", (channel,)), Line("JOIN", (channel,))]


def message(where: Where, rest: str) -> list[Doing]:
    target, text = _words(rest, 2)
    return [Speak(target, _need(text))]


def query(where: Where, rest: str) -> list[Doing]:
    nick, text = _words(rest, 2)
    return [Open(nick), *([Speak(nick, text)] if text else [])]


def notice(where: Where, rest: str) -> list[Doing]:
    target, text = _words(rest, 2)
    return [Speak(target, _need(text), "notice")]


def me(where: Where, rest: str) -> list[Doing]:
    if where.kind == "server":
        raise Unclear(NOBODY)
    return [Speak(where.name, _need(rest), "action")]


def slap(where: Where, rest: str) -> list[Doing]:
    return me(where, f"slaps {_need(rest)} around a bit with a large trout")


def topic(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, rest)
    if words == "-delete":
        return [Line("TOPIC", (channel, ""))]
    return [Line("TOPIC", _optional(channel, words))]


def kick(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, _need(rest))
    nick, reason = _words(words, 2)
    return [Line("KICK", _optional(channel, nick, reason))]


def _mask(word: str) -> str:
    return word if any(sign in word for sign in "!@*") else f"{word}!*@*"


def ban(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, rest)
    return [Line("MODE", _optional(channel, "+b", _mask(words) if words else ""))]


def unban(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, _need(rest))
    return [Line("MODE", (channel, "-b", _mask(_need(words))))]


def kickban(where: Where, rest: str) -> list[Doing]:
    channel, words = _here(where, _need(rest))
    nick, reason = _words(words, 2)
    return [Line("MODE", (channel, "+b", _mask(nick))), Line("KICK", _optional(channel, nick, reason))]


def mode(where: Where, rest: str) -> list[Doing]:
    words = rest.split()
    if words and not words[0].startswith(("+", "-")):
        return [Line("MODE", tuple(words))]
    return [Line("MODE", (where.channel or where.nick, *words))]


def ranks(sign: str, letter: str) -> Callable[[Where, str], list[Doing]]:
    def make(where: Where, rest: str) -> list[Doing]:
        channel, words = _here(where, rest)
        nicks = words.split() or [where.nick]
        size = max(1, where.modes)
        pieces = [nicks[at : at + size] for at in range(0, len(nicks), size)]
        return [Line("MODE", (channel, sign + letter * len(piece), *piece)) for piece in pieces]

    return make


def invite(where: Where, rest: str) -> list[Doing]:
    nick, channel = _words(rest, 2)
    if not channel and not where.channel:
        raise NoChannel
    return [Line("INVITE", (nick, channel or where.channel))]


def whois(where: Where, rest: str) -> list[Doing]:
    nick = rest.split(" ")[0] or (where.name if where.kind == "query" else where.nick)
    return [Line("WHOIS", (nick,))]


def ignore(on: bool) -> Callable[[Where, str], list[Doing]]:
    def make(where: Where, rest: str) -> list[Doing]:
        nick = rest.split(" ")[0] or (where.name if where.kind == "query" else "")
        return [Ignore(_need(nick), on)]

    return make


def ctcp(where: Where, rest: str) -> list[Doing]:
    target, word = _words(rest, 2)
    command, _, argument = _need(word).partition(" ")
    return [Line("PRIVMSG", (target, format_ctcp(command.upper(), argument)))]


def ping(where: Where, rest: str) -> list[Doing]:
    nick = rest.split(" ")[0] or (where.name if where.kind == "query" else "")
    return [Line("PRIVMSG", (_need(nick), format_ctcp("PING", str(time.time_ns() // 1_000_000))))]


def who(where: Where, rest: str) -> list[Doing]:
    return [Line("WHO", (_need(rest or where.name),))]


def names(where: Where, rest: str) -> list[Doing]:
    channel, _ = _here(where, rest)
    return [Line("NAMES", (channel,))]


def plain(command: str, at_least: int = 0) -> Callable[[Where, str], list[Doing]]:
    """A command whose words go out as its parameters."""

    def make(where: Where, rest: str) -> list[Doing]:
        words = rest.split()
        if len(words) < at_least:
            raise LookupError
        return [Line(command, tuple(words))]

    return make


def raw(where: Where, rest: str) -> list[Doing]:
    return [Raw(_need(rest))]


def away(where: Where, rest: str) -> list[Doing]:
    return [Line("AWAY", _optional(rest))]


def back(where: Where, rest: str) -> list[Doing]:
    return [Line("AWAY")]


def close(where: Where, rest: str) -> list[Doing]:
    return [Close()]


def connect(where: Where, rest: str) -> list[Doing]:
    return [Meet()]


def leave(where: Where, rest: str) -> list[Doing]:
    return [Hang(rest)]

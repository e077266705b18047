"""The smaller facts of an IRC line: its tags, modes letter by letter, capabilities, named parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from protocols import catalog
from protocols.catalog import Entry
from protocols.irc import commands as known
from protocols.irc.grammar import Message
from protocols.irc.support import Support, parse_modes
from protocols.line import Line, Note

PLACE = "•••"
"""What stands for a hidden word while a line is read."""

MOST = 30
"""Details told of one line."""

_SIGNS = {"\x02": "02", "\x1d": "1D", "\x1f": "1F", "\x1e": "1E", "\x11": "11", "\x03": "03", "\x04": "04",
          "\x16": "16", "\x0f": "0F"}  # fmt: skip


def whole(line: Line) -> bytes:
    """The line with a word in each place where a secret was taken out, so that the others keep theirs."""
    raw, at, out = line.raw, 0, b""
    for span in line.hidden:
        out += raw[at : span.start] + PLACE.encode()
        at = span.start
    return out + raw[at:]


def hidden(line: Line) -> int:
    """Bytes that were taken out."""
    return sum(span.length for span in line.hidden)


@cache
def sentences() -> frozenset[str]:
    """The keys that notes.yaml has a sentence for."""
    return frozenset(catalog.phrases("irc"))


def named(kind: str, value: str) -> Note:
    """One parameter, by the name of what it is."""
    return Note(f"irc.parameter.{kind}", {"value": value})


def parameters(entry: Entry, message: Message) -> tuple[Note, ...]:
    """A numeric's parameters after the client's nick, each by its name; people's own words are left out."""
    names = entry.facts.get("params", ())
    pairs = zip(names, message.params[1:], strict=False)
    return tuple(named(name, value) for name, value in pairs if name not in ("x", "words") and value)[:MOST]


def unnamed(message: Message) -> tuple[Note, ...]:
    """The parameters of a numeric that no table knows."""
    last = (named("text", message.param(-1)),) if len(message.params) > 1 else ()
    return tuple(named("argument", value) for value in message.params[1:-1])[:MOST] + last


def tags(message: Message, batches: dict[str, str]) -> tuple[Note, ...]:
    """What each tag says."""
    notes = []
    for key, value in list(message.tags.items())[:MOST]:
        meant = f"{value} ({batches[value]})" if key == "batch" and value in batches else value
        other = "irc.tag.client" if key.startswith("+") else "irc.tag.unknown"
        notes.append(_fact("tags", known.tags(), key, f"{key}={meant}" if meant else key, other))
    return tuple(notes)


def modes(words: tuple[str, ...], support: Support, place: str) -> tuple[Note, ...]:
    """MODE's changes, letter by letter."""
    table = known.channel_modes() if place == "channel" else known.user_modes()
    changes = parse_modes(words, support if place == "channel" else None)[:MOST]
    return tuple(_fact(f"modes.{place}", table, one.letter, str(one), "irc.mode.unknown") for one in changes)


def capabilities(words: str) -> tuple[Note, ...]:
    """What each capability of a list would bring."""
    table = known.capabilities()
    pairs = [(word, word.lstrip("-~=").partition("=")[0]) for word in words.split()[:MOST]]
    return tuple(_fact("capabilities", table, name, word, "irc.cap.unknown") for word, name in pairs)


def tokens(message: Message) -> tuple[Note, ...]:
    """What 005's tokens say."""
    table = known.support()
    pairs = [(word, word.lstrip("-").partition("=")[0]) for word in message.params[1:-1]]
    return tuple(_fact("support", table, key, word, "irc.token.unknown") for word, key in pairs)


def names(message: Message, support: Support) -> tuple[Note, ...]:
    """What the signs before the names of 353 say."""
    signs = {sign for name in message.param(-1).split() for sign in support.split_prefixes(name)[0]}
    return tuple(
        _fact("modes.prefixes", known.prefixes(), sign, sign, "irc.mode.unknown") for sign in sorted(signs)
    )


def _fact(table: str, rows: Mapping[str, Entry], key: str, badge: str, otherwise: str) -> Note:
    """One row's meaning with the words it explains as its badge; ``otherwise`` where the table has none."""
    entry = rows.get(key)
    if entry is None:
        return Note(otherwise, badge=badge)
    return Note(f"irc.{table}.{key}", {}, entry.refs, badge=badge)


def formatting(text: str) -> tuple[Note, ...]:
    """The formatting signs that stand in a text."""
    found = [code for sign, code in _SIGNS.items() if sign in text]
    return tuple(Note(f"irc.formatting.{code}", {}, known.formatting()[code].refs) for code in found)


def batch(kind: str) -> tuple[Note, ...]:
    """What a batch of that type holds."""
    entry = known.batches().get(kind)
    return (Note(f"irc.batches.{kind}", {}, entry.refs),) if entry else ()

"""What the words of an IMAP line say one by one: items, flags, capabilities, an envelope's fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from protocols import catalog
from protocols.imap.commands import Entry, attribute, fetch_item, flag, search_key
from protocols.imap.syntax import Atom, Literal, String, Token
from protocols.letter import decoded
from protocols.line import Note

_MOST = 60
"""Details told of one line; a hostile line of ten thousand words explains no more."""
_PEOPLE = ("from", "sender", "reply-to", "to", "cc", "bcc")


def word(token: Token) -> str:
    """A token as text; a list is the words in it."""
    return token.text if not isinstance(token, tuple) else "(" + " ".join(map(word, token[:_MOST])) + ")"


def flat(tokens: Iterable[Token]) -> list[str]:
    """Every word of a line, lists opened."""
    found: list[str] = []
    for token in tokens:
        found += flat(token) if isinstance(token, tuple) else [token.text]
    return found


def _told(words: Iterable[str], find: Callable[[str], Entry | None], other: str) -> tuple[Note, ...]:
    notes = []
    for text in list(words)[:_MOST]:
        entry = find(text)
        if entry:
            notes.append(Note(entry.key, {}, entry.refs, badge=text))
        elif other:
            notes.append(Note(other, {"word": text}, badge=text))
    return tuple(notes)


def flags(words: Iterable[str]) -> tuple[Note, ...]:
    """Each flag; one that no table has is a keyword of somebody's own."""
    return _told(words, flag, "imap.keyword")


def attributes(words: Iterable[str]) -> tuple[Note, ...]:
    """Each attribute of a mailbox in LIST."""
    return _told(words, attribute, "imap.attribute")


def items(words: Iterable[str]) -> tuple[Note, ...]:
    """Each item that a FETCH asks for."""
    return _told(words, fetch_item, "imap.item")


def keys(words: Iterable[str]) -> tuple[Note, ...]:
    """Each key of a SEARCH; the values between them are not told."""
    return _told(words, search_key, "")


def capabilities(words: Iterable[str]) -> tuple[Note, ...]:
    """Each capability by name; AUTH=... by its mechanism."""
    notes = []
    for text in list(words)[:_MOST]:
        name, _, value = text.upper().partition("=")
        for key in (f"imap.capability.{text.upper()}", f"imap.capability.{name}"):
            if key in catalog.phrases("imap"):
                notes.append(Note(key, {"value": value}, badge=text))
                break
        else:
            notes.append(Note("imap.capability", {"word": text}, badge=text))
    return tuple(notes)


def fetched(data: tuple[Token, ...]) -> tuple[Note, ...]:
    """Each item of a FETCH response with what it holds."""
    row = data[0] if data and isinstance(data[0], tuple) else ()
    notes: list[Note] = []
    for name, value in list(zip(row[::2], row[1::2], strict=False))[:_MOST]:
        entry = fetch_item(word(name))
        key, refs = (entry.key, entry.refs) if entry else ("imap.item", ())
        inner = _value(word(name).upper(), value)
        notes.append(Note(key, {} if entry else {"word": word(name)}, refs, badge=word(name), details=inner))
    return tuple(notes)


def _value(name: str, value: Token) -> tuple[Note, ...]:
    if name == "FLAGS" and isinstance(value, tuple):
        return flags(flat(value))
    if name == "ENVELOPE" and isinstance(value, tuple):
        return tuple(_envelope(value))
    if name in ("BODY", "BODYSTRUCTURE") and isinstance(value, tuple):
        return (Note("imap.structure", {"text": ", ".join(_types(value)[:_MOST])}),)
    if isinstance(value, Literal):
        return (Note("imap.literal", {"size": value.size}),)
    return (Note("imap.value", {"text": word(value)[:200]}),)


def _envelope(value: tuple[Token, ...]) -> Iterable[Note]:
    for at, name in enumerate(("date", "subject", *_PEOPLE, "in-reply-to", "message-id")):
        token = value[at] if at < len(value) else Atom(b"NIL")
        text = _people(token) if name in _PEOPLE else _nil(token)
        if text:
            yield Note(f"imap.envelope.{name}", {"text": text[:400]})


def _people(token: Token) -> str:
    found = []
    for one in token if isinstance(token, tuple) else ():
        if isinstance(one, tuple) and len(one) == 4:
            name, _, mailbox, host = map(_nil, one)
            found.append(f"{name} <{mailbox}@{host}>" if name else f"{mailbox}@{host}")
    return ", ".join(found)


def _nil(token: Token) -> str:
    if isinstance(token, Atom) and token.raw.upper() == b"NIL":
        return ""
    return decoded(word(token))


def _types(value: tuple[Token, ...]) -> list[str]:
    if value and isinstance(value[0], tuple):
        parts = [part for part in value if isinstance(part, tuple)]
        return [
            name for part in parts if part and isinstance(part[0], tuple | String) for name in _types(part)
        ]
    if len(value) > 6 and isinstance(value[0], String) and isinstance(value[1], String):
        return [f"{value[0].text}/{value[1].text}".lower()]
    return []

"""IMAP's lines: commands, replies, and the framing that tells literals from both (RFC 3501, RFC 9051)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.imap.syntax import LITERAL, Token, readable, tokens
from protocols.line import MAX_BODY, Kind, Line, LineSplitter, Speaker, morsels

STATUS = ("OK", "NO", "BAD", "PREAUTH", "BYE")
_STATUS_LINE = re.compile(rb"^(?:\+|\S+ (?:OK|NO|BAD|PREAUTH|BYE)(?: |$))", re.IGNORECASE)
_CODE = re.compile(r"^\[([^\s\]]+)(?: ((?:\([^)]*\)|[^\]])*))?\] ?")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Command:
    """A client's line: ``name`` in capitals (without UID, which ``uid`` tells), ``arguments`` its words.

    ``rest`` is everything after the name as it stands.
    """

    tag: str
    name: str
    arguments: tuple[Token, ...] = ()
    uid: bool = False
    rest: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's line. ``tag`` is ``*`` for data, ``+`` for a continuation, else the command's own.

    ``name`` is OK, NO, FETCH and so on; ``number`` stands before EXISTS, RECENT, EXPUNGE and FETCH. A status
    has ``code`` and ``values`` (what its brackets hold) and ``text``; data have their words in ``data``.
    """

    tag: str
    name: str = ""
    number: int | None = None
    code: str = ""
    values: str = ""
    text: str = ""
    data: tuple[Token, ...] = ()


def parse_command(raw: bytes) -> Command | None:
    """Read a client's line (without its ending); None where no command's name stands after a tag."""
    tag, _, rest = raw.strip().partition(b" ")
    name, _, rest = rest.lstrip().partition(b" ")
    uid = name.upper() == b"UID"
    if uid:
        name, _, rest = rest.lstrip().partition(b" ")
    if not tag or not name:
        return None
    return Command(readable(tag), readable(name).upper(), tokens(rest), uid, rest)


def parse_reply(raw: bytes) -> Reply | None:
    """Read a server's line (without its ending); None where it is no reply."""
    if raw[:1] == b"+":
        return Reply("+", text=readable(raw[1:].strip()))
    tag, _, rest = raw.partition(b" ")
    word, _, after = rest.partition(b" ")
    name = readable(word).upper()
    if not tag or not name:
        return None
    if name in STATUS:
        return _status(readable(tag), name, readable(after))
    if tag != b"*":
        return None
    if word.isdigit() and len(word) <= 20:
        kind, _, after = after.partition(b" ")
        return Reply("*", readable(kind).upper(), int(word), data=tokens(after)) if kind else None
    return Reply("*", name, data=tokens(after), text=readable(after))


def _status(tag: str, name: str, text: str) -> Reply:
    found = _CODE.match(text)
    if not found:
        return Reply(tag, name, text=text)
    return Reply(tag, name, code=found[1].upper(), values=found[2] or "", text=text[found.end() :])


class Framer:
    """Bytes of both speakers in, Lines out; a literal is one body after the line that announced it.

    A server may refuse a literal that waits for its ``+``: its tagged answer takes the announcement back.
    """

    def __init__(self) -> None:
        self._sides: dict[Speaker, _Side] = {"C": _Side("C"), "S": _Side("S")}

    def feed(self, speaker: Speaker, raw: bytes) -> list[Line]:
        """Take bytes of ``speaker``; return the lines and bodies they completed."""
        lines = self._sides[speaker].feed(raw)
        if speaker == "S":
            for line in lines:
                if line.kind != "body":
                    self._sides["C"].answered(line.raw)
        return lines

    def close(self) -> list[Line]:
        """Return what was begun and never ended."""
        return [line for side in self._sides.values() for line in side.close()]


class _Side:
    """One speaker's bytes."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._splitter = LineSplitter()
        self._body: bytearray | None = None
        self._size = self._left = 0
        self._tag = b""
        self._waits = self._continued = False

    def feed(self, raw: bytes) -> list[Line]:
        lines: list[Line] = []
        for piece in morsels(raw):
            self._feed(piece, lines)
        return lines

    def _feed(self, raw: bytes, lines: list[Line]) -> None:
        while raw:
            if self._body is not None:
                part, raw = raw[: self._left], raw[self._left :]
                self._waits = False
                self._body += part[: MAX_BODY - len(self._body)]
                self._left -= len(part)
                if not self._left:
                    lines.append(self._literal())
                continue
            parts, raw = self._splitter.feed_line(raw)
            if parts is not None:
                lines += self._line(*parts)

    def answered(self, raw: bytes) -> None:
        """The server spoke: a tagged answer to a command whose literal still waits means that none comes."""
        tag, _, rest = raw.partition(b" ")
        if self._waits and tag == self._tag and rest[:3].upper() in (b"NO ", b"BAD", b"NO"):
            self._body, self._waits, self._continued = None, False, False

    def close(self) -> list[Line]:
        if self._body is not None and self._left < self._size:
            self._size -= self._left
            return [self._literal()]
        rest = self._splitter.flush()
        return [_line(self._speaker, *rest)] if rest else []

    def _line(self, raw: bytes, end: bytes, size: int) -> list[Line]:
        line = _line(self._speaker, raw, end, size)
        if not self._continued:
            self._tag = raw.partition(b" ")[0]
        # The text of a status is free: "{5}" at its end announces nothing (RFC 3501 7.1).
        free = self._speaker == "S" and not self._continued and _STATUS_LINE.match(raw)
        found = None if free or line.cut else LITERAL.search(raw)
        self._continued = found is not None
        if not found:
            return [line]
        self._body, self._size = bytearray(), int(found[1])
        self._left, self._waits = self._size, self._speaker == "C" and not found[2]
        return [line] if self._left else [line, self._literal()]

    def _literal(self) -> Line:
        line = Line(self._speaker, bytes(self._body or b""), "body", b"", self._size)
        self._body, self._waits = None, False
        return line


def _line(speaker: Speaker, raw: bytes, end: bytes, size: int) -> Line:
    kind: Kind = "binary" if _BINARY.search(raw) else "text"
    return Line(speaker, raw, kind, end, size)

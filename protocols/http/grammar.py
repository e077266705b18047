"""HTTP's messages (RFC 9112): start lines, fields, chunks, and the framing that folds a body to one Line.

What a connection carries is a row of messages from each side: a start line, field lines, a blank line, and
perhaps a body, whose length the fields tell (RFC 9112 section 6.3).
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from protocols.line import MAX_BODY, Kind, Line, LineSplitter, Speaker, kind_of, morsels

TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105
_REQUEST = re.compile(rf"({TOKEN})[ \t]+(\S+)[ \t]+HTTP/(\d)\.(\d)[ \t]*")
_SIMPLE = re.compile(r"GET[ \t]+(\S+)[ \t]*")
_STATUS = re.compile(r"HTTP/(\d)\.(\d)[ \t]+(\d{3})(?:[ \t](.*))?", re.DOTALL)
_FIELD = re.compile(rf"({TOKEN})([ \t]*):[ \t]*(.*?)[ \t]*", re.DOTALL)
_CHUNK = re.compile(r"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?", re.DOTALL)

MOST_CHUNKS = 200
"""Chunks of one body that are lines of their own; the rest is folded, sizes and all, to one Line."""

Framing = Literal["none", "length", "chunked", "close", "tunnel"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request line; ``version`` is ``1.1``, ``1.0`` or, for HTTP/0.9's bare GET, ``0.9``."""

    method: str
    target: str
    version: str = "1.1"


@dataclass(frozen=True, slots=True)
class Status:
    """A status line."""

    version: str
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field line. ``spaced`` where blanks stand before the colon, which a server has to refuse (5.1)."""

    name: str
    value: str
    spaced: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk's first line: its size and its extensions, ``;name=value`` each (7.1)."""

    size: int
    extensions: str = ""


def parse_request(raw: bytes) -> Request | None:
    """Read a request line (without its ending); None where it is none."""
    text = _text(raw)
    if found := _REQUEST.fullmatch(text):
        return Request(found[1], found[2], f"{found[3]}.{found[4]}")
    if found := _SIMPLE.fullmatch(text):
        return Request("GET", found[1], "0.9")
    return None


def parse_status(raw: bytes) -> Status | None:
    """Read a status line (without its ending); None where it is none."""
    found = _STATUS.fullmatch(_text(raw))
    return Status(f"{found[1]}.{found[2]}", int(found[3]), found[4] or "") if found else None


def parse_field(raw: bytes) -> Field | None:
    """Read a field line (without its ending); None where it is none."""
    found = _FIELD.fullmatch(_text(raw))
    return Field(found[1], found[3], bool(found[2])) if found else None


def parse_chunk(raw: bytes) -> Chunk | None:
    """Read a chunk's first line; None where it is none."""
    found = _CHUNK.fullmatch(_text(raw[:4096]).strip(" \t"))
    return Chunk(int(found[1], 16), found[2] or "") if found else None


def pairs(text: str, separator: str = ";") -> list[tuple[str, str]]:
    """Cut ``a=b; c="d;e"`` into names and values; a quoted value loses its quotes (RFC 9110 section 5.6)."""
    found = []
    for part in re.findall(rf'(?:[^"{separator}]|"(?:[^"\\]|\\.)*"?)+', text):
        name, _, value = part.strip().partition("=")
        if name:
            found.append((name.strip(), unquoted(value.strip())))
    return found


def unquoted(text: str) -> str:
    """``"a\\"b"`` as ``a"b``; a text that is no quoted string stays."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


@dataclass(frozen=True, slots=True)
class Head:
    """What of a message's head says how long its body is and whether the connection goes on."""

    request: bool
    version: str = "1.1"
    method: str = ""
    code: int = 0
    length: int = -1
    coding: str = ""
    connection: str = ""

    def with_field(self, field: Field) -> Head:
        """The head with one more field; what does not matter here changes nothing."""
        name, value = field.name.lower(), field.value.strip()
        if name == "content-length" and re.fullmatch(r"[0-9]{1,18}", value):
            return replace(self, length=int(value))
        if name == "transfer-encoding":
            return replace(self, coding=f"{self.coding},{value.lower()}".strip(","))
        if name == "connection":
            return replace(self, connection=f"{self.connection},{value.lower()}".strip(","))
        return self

    @property
    def framing(self) -> Framing:
        """How the body ends (RFC 9112 section 6.3); ``method`` is, for a response, that of its request."""
        if not self.request and (self.code == 101 or (self.method == "CONNECT" and 200 <= self.code < 300)):
            return "tunnel"
        if not self.request and (self.method == "HEAD" or self.code in (204, 304) or self.code < 200):
            return "none"
        if self.coding:
            last = self.coding.rpartition(",")[2].strip()
            return "chunked" if last == "chunked" else "none" if self.request else "close"
        if self.length >= 0:
            return "length" if self.length else "none"
        return "none" if self.request else "close"

    @property
    def stays(self) -> bool:
        """Whether the connection may go on after this message (RFC 9112 section 9.3)."""
        options = {one.strip() for one in self.connection.split(",")}
        if "close" in options or self.framing == "close" or self.version == "0.9":
            return False
        return self.version != "1.0" or "keep-alive" in options


class Framer:
    """Bytes of both speakers in, Lines out: head lines, chunk lines and trailers as text, each body folded.

    Requests wait in a queue for their answers, so a connection that is used again, and pipelining, are followed.
    """

    def __init__(self) -> None:
        self._methods: deque[str] = deque(maxlen=1000)
        self._sides = {"C": _Side("C", self._methods), "S": _Side("S", self._methods)}

    def feed(self, speaker: Speaker, raw: bytes) -> list[Line]:
        """Take bytes of ``speaker``; return the lines and bodies they completed."""
        side = self._sides["S" if speaker == "S" else "C"]
        lines = side.feed(raw)
        if side.tunnel:
            self._sides["C"].open_tunnel()
        return lines

    def close(self) -> list[Line]:
        """Return what was begun and never ended."""
        return [line for side in self._sides.values() for line in side.close()]


class _Side:
    """One speaker's row of messages. ``_phase``: start, fields, length, chunk, data, trailers, close, tunnel."""

    def __init__(self, speaker: Literal["C", "S"], methods: deque[str]) -> None:
        self._speaker: Literal["C", "S"] = speaker
        self._methods = methods
        self._splitter = LineSplitter()
        self._phase = "start"
        self._head = Head(speaker == "C")
        self._left = 0
        self._chunks = 0
        self._body = bytearray()
        self._size = 0
        self.tunnel = False

    def open_tunnel(self) -> None:
        self._phase = "tunnel"

    def feed(self, raw: bytes) -> list[Line]:
        lines: list[Line] = []
        for piece in morsels(raw):
            self._feed(piece, lines)
        return lines

    def _feed(self, raw: bytes, lines: list[Line]) -> None:
        while raw:
            if self._phase in ("close", "tunnel"):
                self._keep(raw)
                return
            if self._phase in ("length", "data"):
                raw = self._take(raw, lines)
                continue
            parts, raw = self._splitter.feed_line(raw)
            if parts is not None:
                self._line(parts, lines)

    def close(self) -> list[Line]:
        lines = [self._fold()] if self._size else []
        rest = self._splitter.flush()
        if rest:
            kind = kind_of(rest[0]) if self._understood(rest[0]) else "binary"
            lines.append(Line(self._speaker, rest[0], kind, rest[1], rest[2]))
        return lines

    def _understood(self, raw: bytes) -> bool:
        if self._phase != "start" or self._speaker == "C":
            return True
        return not raw.strip() or parse_status(raw) is not None

    def _take(self, raw: bytes, lines: list[Line]) -> bytes:
        part, rest = raw[: self._left], raw[self._left :]
        self._left -= len(part)
        self._keep(part)
        if self._left:
            return rest
        if self._phase == "data":
            self._phase = "data-end"
        else:
            lines.append(self._fold())
            self._phase = "start"
        return rest

    def _line(self, parts: tuple[bytes, bytes, int], lines: list[Line]) -> None:
        raw = parts[0]
        if self._phase == "data-end":
            self._data_end(parts, lines)
            return
        kind: Kind = kind_of(raw)
        if self._phase == "start":
            kind = self._start(raw)
        elif self._phase == "fields":
            self._field(raw)
        elif self._phase == "chunk":
            if self._chunk(parts):
                return
            if self._size:
                lines.append(self._fold())
        elif not raw:
            self._phase = "start"
        lines.append(Line(self._speaker, raw, kind, parts[1], parts[2]))

    def _start(self, raw: bytes) -> Kind:
        if not raw.strip():
            return kind_of(raw)
        if self._speaker == "C":
            return self._request(raw)
        status = parse_status(raw)
        if status is None:
            # Bytes where a status line belongs: more body than was announced, or another protocol.
            return "binary"
        method = self._methods[0] if self._methods else "GET"
        if (status.code >= 200 or status.code == 101) and self._methods:
            self._methods.popleft()
        self._head = Head(False, status.version, method, status.code)
        self._phase = "fields"
        return kind_of(raw)

    def _request(self, raw: bytes) -> Kind:
        request = parse_request(raw)
        if request is not None:
            self._methods.append(request.method)
            self._head = Head(True, request.version, request.method)
            # HTTP/0.9's bare GET has no fields and no blank line.
            self._phase = "start" if request.version == "0.9" else "fields"
        return kind_of(raw)

    def _field(self, raw: bytes) -> None:
        if raw:
            field = parse_field(raw[:8192])
            self._head = self._head.with_field(field) if field else self._head
            return
        framing = self._head.framing
        self._left, self._chunks = max(0, self._head.length), 0
        phases = {"none": "start", "chunked": "chunk"}
        self._phase = phases.get(framing, framing)
        self.tunnel = framing == "tunnel"

    def _chunk(self, parts: tuple[bytes, bytes, int]) -> bool:
        """Take a chunk's first line; True where it is folded into the body."""
        chunk = parse_chunk(parts[0])
        if chunk is None:
            self._phase = "start"
            return False
        self._phase = "data" if chunk.size else "trailers"
        self._left = chunk.size
        self._chunks += 1
        folded = self._chunks > MOST_CHUNKS and chunk.size > 0
        if folded:
            self._keep(parts[0] + parts[1])
        return folded

    def _data_end(self, parts: tuple[bytes, bytes, int], lines: list[Line]) -> None:
        self._phase = "chunk"
        if self._chunks > MOST_CHUNKS or parts[0]:
            self._keep(parts[0] + parts[1])
            if self._chunks > MOST_CHUNKS:
                return
        body = self._fold()
        whole = not parts[0]
        lines.append(replace(body, end=parts[1], size=body.size + parts[2]) if whole else body)

    def _keep(self, raw: bytes) -> None:
        self._size += len(raw)
        self._body += raw[: max(0, MAX_BODY - len(self._body))]

    def _fold(self) -> Line:
        raw, size = bytes(self._body), self._size
        self._body.clear()
        self._size = 0
        return Line(self._speaker, raw, "body", b"", size)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")

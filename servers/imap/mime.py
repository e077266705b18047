"""A message cut into its MIME parts by offsets, from any bytes whatever: nothing here raises.

The standard library's parser changes bytes and gives up on odd messages; an IMAP server must give every byte
back and count it exactly. So a Part only knows where it begins and ends (RFC 2045, 2046, 5322).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DEEPEST = 40
"""Levels of nesting that are followed; what lies deeper is shown as one part."""

MOST = 2000
"""Parts of one message that are told apart."""

_end_of_header = re.compile(rb"\r\n\r\n|\n\n|\n\r\n")
_field = re.compile(rb"^([!-9;-~]+)[ \t]*:(.*(?:\n[ \t].*)*\n?)", re.MULTILINE)
_type = re.compile(r"\s*([^\s/;()<>@,\\\"\[\]?=]+)\s*/\s*([^\s/;()<>@,\\\"\[\]?=]+)\s*")
_param = re.compile(
    r"\s*;?\s*(?:\([^)]*\)\s*)*([^\s=;()]+)\s*=\s*"
    r"(?:\"((?:[^\"\\]|\\.)*)(?:\"|$)|([^;\s]*))[^;]*"
)
_quoted = re.compile(r"\\(.)", re.DOTALL)


@dataclass(slots=True)
class Part:
    """A message or one of its parts: its header begins at ``start``, its body at ``body``, it ends at ``end``.

    ``type``/``subtype`` are lower case. A multipart has ``parts``; a message/rfc822 part has ``message``.
    """

    raw: bytes
    start: int
    body: int
    end: int
    fields: list[tuple[str, bytes]]
    type: str = "text"
    subtype: str = "plain"
    params: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    message: Part | None = None

    @property
    def header_bytes(self) -> bytes:
        """The header with the empty line that ends it."""
        return self.raw[self.start : self.body]

    @property
    def body_bytes(self) -> bytes:
        """Everything after the header."""
        return self.raw[self.body : self.end]

    @property
    def whole(self) -> bytes:
        """Header and body."""
        return self.raw[self.start : self.end]

    @property
    def lines(self) -> int:
        """How many lines the body has (RFC 3501, 7.4.2: "in text lines")."""
        return self.raw.count(b"\n", self.body, self.end)

    @property
    def multipart(self) -> bool:
        """Whether it consists of parts."""
        return self.type == "multipart"

    def first(self, name: str) -> str | None:
        """The first field of that (lower case) name, unfolded and trimmed; None when there is none."""
        for known, value in self.fields:
            if known == name:
                return unfold(value)
        return None

    def every(self, name: str) -> list[str]:
        """All fields of that (lower case) name."""
        return [unfold(value) for known, value in self.fields if known == name]

    def child(self, number: int) -> Part | None:
        """Part ``number`` (from 1) of a multipart or of a message; a plain body is its own part 1."""
        if self.multipart:
            return self.parts[number - 1] if 0 < number <= len(self.parts) else None
        return self if number == 1 else None


def parse(raw: bytes) -> Part:
    """Take a message apart."""
    return _Walker(raw).message(0, len(raw), 0)


def header_end(raw: bytes, start: int = 0, end: int | None = None) -> int:
    """Where the body begins: after the first empty line, or at the end when there is none."""
    end = len(raw) if end is None else end
    if raw.startswith(b"\r\n", start, end):
        return start + 2
    if raw.startswith(b"\n", start, end):
        return start + 1
    found = _end_of_header.search(raw, start, end)
    return found.end() if found else end


def fields_of(header: bytes) -> list[tuple[str, bytes]]:
    """The header's fields in order, names in lower case, values as they stand there (folded)."""
    return [(found[1].decode("latin-1").lower(), found[2]) for found in _field.finditer(header)]


def unfold(value: bytes) -> str:
    """A field's value on one line, as text in which each byte is one sign (Latin-1)."""
    return value.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"").strip(b" \t").decode("latin-1")


def parameters(text: str) -> list[tuple[str, str]]:
    """``; name=value; name="value"`` as pairs, names in lower case; what is no parameter is passed over."""
    found = []
    for match in _param.finditer(text):
        name, quoted, plain = match.groups()
        found.append((name.lower(), _quoted.sub(r"\1", quoted) if quoted is not None else plain))
    return found


def content_type(value: str | None) -> tuple[str, str, list[tuple[str, str]]] | None:
    """Type, subtype and parameters of a Content-Type; None where it makes no sense (RFC 2045, 5.2)."""
    match = _type.match(value or "")
    if not match:
        return None
    return match[1].lower(), match[2].lower(), parameters(value[match.end() :] if value else "")


class _Walker:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.count = 0

    def message(self, start: int, end: int, depth: int, inside_digest: bool = False) -> Part:
        self.count += 1
        body = header_end(self.raw, start, end)
        part = Part(self.raw, start, body, end, fields_of(self.raw[start:body]))
        self._typed(part, inside_digest)
        if depth >= DEEPEST or self.count >= MOST:
            if part.multipart or (part.type, part.subtype) == ("message", "rfc822"):
                part.type, part.subtype, part.params = "application", "octet-stream", []
        elif part.multipart:
            self._split(part, depth)
        elif (part.type, part.subtype) == ("message", "rfc822"):
            part.message = self.message(body, end, depth + 1)
        return part

    def _typed(self, part: Part, inside_digest: bool) -> None:
        known = content_type(part.first("content-type"))
        if known:
            part.type, part.subtype, part.params = known
        elif inside_digest:
            part.type, part.subtype = "message", "rfc822"
        if part.multipart and not dict(part.params).get("boundary"):
            part.type, part.subtype, part.params = "text", "plain", []

    def _split(self, part: Part, depth: int) -> None:
        boundary = dict(part.params)["boundary"].encode("latin-1", "replace")
        digest = part.subtype == "digest"
        for start, end in self._pieces(part, boundary):
            if self.count >= MOST:
                break
            part.parts.append(self.message(start, end, depth + 1, digest))
        if not part.parts:  # the grammar has no multipart without a part: an empty one stands for it
            part.parts.append(Part(self.raw, part.end, part.end, part.end, []))

    def _pieces(self, part: Part, boundary: bytes) -> list[tuple[int, int]]:
        """Where the body parts lie.

        Between delimiter lines; the line break before one belongs to it (RFC 2046).
        """
        line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\r?\Z)", re.MULTILINE)
        found: list[tuple[int, int]] = []
        begun = -1
        for match in line.finditer(self.raw, part.body, part.end):
            if begun >= 0:
                found.append((begun, max(begun, self._before(match.start()))))
            begun = -1 if match[1] else match.end()
            if match[1] or len(found) >= MOST:
                break
        if begun >= 0:
            found.append((begun, part.end))
        return found

    def _before(self, at: int) -> int:
        if self.raw.startswith(b"\r\n", at - 2):
            return at - 2
        return at - 1

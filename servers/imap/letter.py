"""One message as FETCH and SEARCH look at it.

Read when needed, taken apart once, its description remembered.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import html
import quopri
import re
from collections import OrderedDict
from functools import cached_property

from protocols import letter as words
from servers import addresses
from servers.entry import Entry
from servers.folder import Folder
from servers.imap import mime, structure
from servers.imap.mime import Part

REMEMBERED = 40_000
"""Descriptions (ENVELOPE, or BODY and BODYSTRUCTURE, of a message) that are kept in memory, a few hundred
bytes each.
"""

LONGEST = 16 * 1024
"""Bytes of a description that is worth keeping; a hostile message could have a megabyte of it."""

_described: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
_markup = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<[^>]*>")


class Letter:
    """A message of a folder. Reading raises ``servers.folder.Gone`` when it was expunged meanwhile."""

    def __init__(self, folder: Folder, entry: Entry) -> None:
        self.folder, self.entry = folder, entry

    @cached_property
    def raw(self) -> bytes:
        """All bytes as they go over the wire."""
        return self.folder.read(self.entry.uid)

    @cached_property
    def part(self) -> Part:
        """The message, taken apart."""
        return mime.parse(self.raw)

    @cached_property
    def head(self) -> Part:
        """Only the header, as a part without body."""
        raw = self.raw[: self.part.body] if "raw" in self.__dict__ else self.folder.head(self.entry.uid)
        return Part(raw, 0, len(raw), len(raw), mime.fields_of(raw))

    @property
    def description(self) -> tuple[bytes, bytes]:
        """BODY and BODYSTRUCTURE (neither can hold a NUL)."""
        known = _described.get((*self._key, "BODY"))
        if known is None:
            known = structure.body(self.part, False) + b"\0" + structure.body(self.part, True)
            _remember((*self._key, "BODY"), known)
        short, _, long = known.partition(b"\0")
        return short, long

    @property
    def envelope(self) -> bytes:
        """ENVELOPE: the header is enough for it."""
        known = _described.get((*self._key, "ENVELOPE"))
        if known is None:
            known = structure.envelope(self.head)
            _remember((*self._key, "ENVELOPE"), known)
        return known

    @property
    def _key(self) -> tuple[str, str]:
        return self.entry.root, self.entry.name

    def fields(self, name: str) -> list[str]:
        """The decoded values of a header field, ``name`` in lower case."""
        return [decoded(value) for value in self.head.every(name)]

    def people(self, name: str) -> list[str]:
        """An address field's values as they stand there, and each address without comments."""
        found = self.fields(name)
        for value in self.head.every(name):
            found += [f"{local}@{host}" for _, _, local, host in addresses.parse(value) if host]
        return found

    @cached_property
    def header_text(self) -> str:
        """Every header field, decoded."""
        return "\n".join(f"{name}: {decoded(mime.unfold(value))}" for name, value in self.head.fields)

    @cached_property
    def body_text(self) -> str:
        """All texts of the body, transfer encodings and charsets undone.

        Headers of inner messages belong to it.
        """
        return "\n".join(_texts(self.part))


def _remember(key: tuple[str, str, str], description: bytes) -> None:
    if len(description) <= LONGEST:
        _described[key] = description
    with contextlib.suppress(KeyError):  # threads of several sessions come here at once
        while len(_described) > REMEMBERED:
            _described.popitem(last=False)


def decoded(value: str) -> str:
    """A header field's value with its encoded words (RFC 2047) undone, raw bytes read as UTF-8 where they are
    that.
    """
    raw = value.encode("latin-1")
    with contextlib.suppress(UnicodeDecodeError):
        value = raw.decode("utf-8")
    return words.decoded(value)


def text_of(raw: bytes, charset: str | None) -> str:
    """Bytes as text; an unknown charset or wrong bytes never raise."""
    if charset:
        return words.in_charset(raw, charset)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def content(part: Part) -> bytes:
    """A part's body with its transfer encoding undone, as far as it can be."""
    encoding = (part.first("content-transfer-encoding") or "").strip().lower()
    raw = part.body_bytes
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding == "base64":
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        try:
            return base64.b64decode(
                clean[: len(clean) // 4 * 4 if len(clean) % 4 == 1 else None] + b"=" * (-len(clean) % 4)
            )
        except binascii.Error:
            return raw
    return raw


def _texts(part: Part, depth: int = 0) -> list[str]:
    if part.multipart:
        return [text for child in part.parts for text in _texts(child, depth + 1)]
    if part.message is not None:
        inner = part.message
        header = "\n".join(f"{name}: {decoded(mime.unfold(value))}" for name, value in inner.fields)
        return [header, *_texts(inner, depth + 1)]
    if part.type != "text":
        return []
    text = text_of(content(part), dict(part.params).get("charset"))
    if part.subtype == "html":
        text = html.unescape(_markup.sub(" ", text))
    return [text]

"""A letter's bytes taken apart (RFC 2045-2049), however it was made: nothing here raises or takes its time.

The library's parser calls itself once per level and compares each line with every boundary above it, so that a
letter of a hundred kilobytes may exhaust its stack or minutes of a worker: what lies deeper than DEPTH stays closed.
"""

from __future__ import annotations

import codecs
import re
from base64 import b64decode
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

DEPTH = 40
"""Parts within parts that are opened; real letters have four or five."""

SLOW = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}
"""Codecs of Python that are no character set of mail; punycode's time grows with the square of the text."""


class Bounded(Message):
    """A part that knows how deep it stands; at DEPTH it is closed: bytes of its type, not parts."""

    depth = 0

    def attach(self, payload: Message) -> None:  # type: ignore[override]
        """Take ``payload`` in as the next part; the parser does so before it reads the part's headers."""
        if isinstance(payload, Bounded):
            payload.depth = self.depth + 1
        super().attach(payload)

    def get_content_type(self) -> str:
        """Return the part's type as written, but ``application/octet-stream`` where a closed part holds others."""
        written = super().get_content_type()
        closed = self.depth >= DEPTH and written.startswith(("multipart/", "message/"))
        return "application/octet-stream" if closed else written

    def get_content_maintype(self) -> str:
        """Return the first half of ``get_content_type``."""
        return self.get_content_type().partition("/")[0]


def parse(raw: bytes) -> Message:
    """Return the letter that ``raw`` is, with the library's old policy: headers as they were written."""
    return BytesParser(Bounded, policy=compat32).parsebytes(raw)


def in_charset(raw: bytes, charset: str) -> str:
    """Return ``raw`` in ``charset``, in UTF-8 where that is unknown or no character set; NUL becomes U+FFFD."""
    try:
        name = codecs.lookup(charset).name.replace("-", "_")
        text = raw.decode("utf-8" if name in SLOW else charset, "replace")
    except (LookupError, ValueError):
        text = raw.decode("utf-8", "replace")
    return whole(text)


def whole(text: str) -> str:
    """Return ``text`` as a database and a page take it: halves of surrogate pairs and NULs become U+FFFD."""
    return re.sub("[\ud800-\udfff\0]", "\ufffd", text)


_ENCODED = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=(\s+(?==\?))?")


def decoded(text: str) -> str:
    """Return a header field's text with its encoded words (RFC 2047) undone; what is none stays as it came.

    White space between two of them goes (6.2), and a character whose bytes stand in two of them is put together,
    as many senders cut it, though section 5 forbids that.
    """
    pieces: list[str | tuple[str, bytes]] = []
    end = 0
    for found in _ENCODED.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        charset, how, body, _gap = found.groups()
        raw = _undone(how, body)
        if raw is None:
            pieces.append(found[0])
            continue
        before = pieces[-2] if len(pieces) > 1 and not pieces[-1] else None
        if isinstance(before, tuple) and before[0] == charset.lower():
            pieces[-2:] = [(before[0], before[1] + raw)]
        else:
            pieces.append((charset.lower(), raw))
    pieces.append(text[end:])
    return whole(
        "".join(one if isinstance(one, str) else in_charset(one[1], one[0].split("*")[0]) for one in pieces)
    )


def _undone(how: str, body: str) -> bytes | None:
    try:
        raw = body.encode("latin-1")
        if how in "bB":
            return b64decode(raw + b"=" * (-len(raw) % 4))
        return re.sub(rb"=([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit[1], 16)]), raw.replace(b"_", b" "))
    except ValueError:
        return None

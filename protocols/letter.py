"""A letter's bytes taken apart (RFC 2045-2049), however it was made: nothing here raises or takes its time.

The library's parser calls itself once per level and compares each line with every boundary above it, so that a
letter of a hundred kilobytes may exhaust its stack or minutes of a worker: what lies deeper than DEPTH stays closed.
"""

from __future__ import annotations

import codecs
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
    """Return ``raw`` in ``charset``; in UTF-8 where that is unknown, no character set, or fails."""
    try:
        name = codecs.lookup(charset).name.replace("-", "_")
        return raw.decode("utf-8" if name in SLOW else charset, "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")

"""A dialogue as the course writes it, told to framer, guard and explainer."""

from __future__ import annotations

import hashlib

from protocols.line import Line, Note, Speaker
from protocols.smtp.explain import Explainer
from protocols.smtp.grammar import Framer
from protocols.smtp.guard import Guard

Turn = tuple[Speaker, bytes]


def digest(secret: bytes) -> str:
    return hashlib.sha256(b"test" + secret).hexdigest()[:8]


def frame(turns: list[Turn], step: int = 0) -> list[Line]:
    """Feed each turn at once, or in pieces of ``step`` bytes."""
    framer, lines = Framer(), []
    for speaker, raw in turns:
        pieces = [raw[at : at + step] for at in range(0, len(raw), step)] if step else [raw]
        for piece in pieces:
            lines += framer.feed(speaker, piece)
    return lines + framer.close()


def guarded(turns: list[Turn], step: int = 0) -> list[Line]:
    guard = Guard(digest)
    return [guard.feed(line) for line in frame(turns, step)]


def explained(turns: list[Turn]) -> list[tuple[Line, Note]]:
    explainer = Explainer()
    return [(line, explainer.feed(line)) for line in guarded(turns)]


COURSE: list[Turn] = [
    ("S", b"220 www.example.com ESMTP Postfix\r\n"),
    ("C", b"HELO mydomain.com\r\n"),
    ("S", b"250 Hello mydomain.com\r\n"),
    ("C", b"MAIL FROM:<sender@mydomain.com>\r\n"),
    ("S", b"250 Ok\r\n"),
    ("C", b"RCPT TO:<friend@example.com>\r\n"),
    ("S", b"250 Ok\r\n"),
    ("C", b"DATA\r\n"),
    ("S", b"354 End data with <CR><LF>.<CR><LF>\r\n"),
    ("C", b"Subject: test message\r\nFrom: sender@mydomain.com\r\n\r\nHello,\r\n..dot\r\n.\r\n"),
    ("S", b"250 Ok: queued as 12345\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"221 Bye\r\n"),
]

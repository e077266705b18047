"""Dialogues in HTTP, told to framer, guard and explainer."""

from __future__ import annotations

import hashlib

from protocols.http.explain import Explainer
from protocols.http.grammar import Framer
from protocols.http.guard import Guard
from protocols.line import Line, Note, Speaker

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


def notes(turns: list[Turn]) -> list[Note]:
    return [note for _, note in explained(turns)]


GET: Turn = ("C", b"GET /html/trangtruoc.htm HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
HEAD: Turn = ("C", b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
OK: Turn = ("S", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")
CHUNKED: Turn = (
    "S",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Expires\r\n\r\n"
    b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nExpires: 0\r\n\r\n",
)
FORM: Turn = (
    "C",
    b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 20\r\nExpect: 100-continue\r\n\r\n",
)

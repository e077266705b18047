"""Dialogues in HTTP, told to framer, guard and explainer."""

from __future__ import annotations

from protocols.line import Note
from tests.protocols.dialogue import Telling, Turn

_told = Telling("http")
frame, guarded, explained = _told.frame, _told.guarded, _told.explained


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

"""No line holds up the one thread that records for all: lines made to be slow are guarded and explained in time.

A server (or a body) may say 64 KiB of anything. A pattern that starts at every sign and reads to the end needs
billions of steps for it; one that is bounded needs milliseconds.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from protocols import catalog
from protocols.line import MAX_LINE, Line

SIGNS = [
    b'name="', b"y", b"\n", b" ", b"\0", b"\t", b"passpass=", b"a=", b"x://", b'"', b'\\"', b"\\", b"[", b"(", b"<",
    b"=", b";", b",", b":", b"a:b@", b"?", b"%41", b"1,", b"\xff", b"=?a?b?", b"a ", b"Cookie: a=b;", b'"a":"',
    b"\nAuthorization:", b"\nContent-Disposition: form-data; name=pass\n", b"identify a ", b"\r", b"a\r", b"a \r:\0",
    b"m\\u1ead", b"Set-Cookie: a=\n ",
]  # fmt: skip
BEGINNINGS = {
    "smtp": (b"", b"AUTH PLAIN "),
    "pop3": (b"", b"APOP "),
    "imap": (b"", b"* 1 FETCH ("),
    "ftp": (b"", b"227 "),
    "irc": (b"", b"PRIVMSG NickServ :"),
    "http": (b"", b"GET ", b"Content-Type: ", b"Authorization: Digest "),
}
SECONDS = 1.0
"""Of this process' own work, whatever else the machine does."""


@contextmanager
def hurried() -> Iterator[None]:
    """TimeoutError after SECONDS; a regular expression looks for signals while it runs."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("name", catalog.NAMES)
def test_a_line_made_to_be_slow_is_guarded_and_explained_in_time(name: str):
    known = catalog.knowledge(name)
    catalog.say(known.explainer().feed(Line("S", b"x", "text", b"\r\n", 3)))
    slow = []
    for begin in BEGINNINGS[name]:
        for sign in SIGNS:
            raw = (begin + sign * (MAX_LINE // len(sign)))[:MAX_LINE]
            for speaker, kind in (("C", "text"), ("S", "text"), *((("S", "body"),) if not begin else ())):
                guard, explainer, line = known.guard(lambda raw: "m"), known.explainer(), raw
                try:
                    with hurried():
                        line = guard.feed(Line(speaker, raw, kind, b"\r\n", len(raw)))
                        catalog.say(explainer.feed(line))
                except TimeoutError:
                    slow.append((begin, sign, speaker, kind, "guard" if line is raw else "explain"))
    assert not slow


BULK = b"a line of a letter, or of a page, as they come\r\n" * 200_000
OPENINGS = {
    "smtp": [("C", b"DATA\r\n"), ("S", b"220 hi\r\n354 go\r\n")],
    "pop3": [("S", b"+OK hi\r\n"), ("C", b"RETR 1\r\n"), ("S", b"+OK\r\n")],
    "imap": [],
    "ftp": [],
    "irc": [],
    "http": [],
}


@pytest.mark.parametrize("speaker", ["C", "S"])
@pytest.mark.parametrize("name", catalog.NAMES)
def test_ten_megabytes_in_one_piece_are_cut_into_lines_in_time_for_their_size(name: str, speaker: str):
    framer = catalog.knowledge(name).framer()
    for who, raw in OPENINGS[name]:
        framer.feed(who, raw)
    before = time.process_time()
    framer.feed(speaker, BULK)
    framer.close()
    assert time.process_time() - before < 20  # the square of it would be minutes

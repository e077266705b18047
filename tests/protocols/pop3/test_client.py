"""The POP3 client against servers on port 0: a good one and those that behave badly."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Closed, Crossed, Event
from protocols.login import Address, Credentials, Limits
from protocols.pop3 import client

LETTER = b"Subject: hi\r\n\r\n.dot\r\n" + b"x" * 5000 + b"\r\n"
SHORT = Limits(connect=2, idle=0.4, total=1.5, line=65536, reply=100_000, literal=200_000)
Serve = Callable[[socketserver.StreamRequestHandler], None]


@contextmanager
def serving(serve: Serve, security: str = "plain") -> Iterator[Address]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                serve(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Address("pop3", "localhost", "127.0.0.1", server.server_address[1], security)
        server.shutdown()


def good(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(b"+OK ready <7@lab.test>\r\n")
    stuffed = LETTER.replace(b"\r\n.", b"\r\n..")
    answers = {
        b"PASS wrong": b"-ERR [AUTH] no\r\n", b"STAT": b"+OK 1 5022\r\n", b"LIST": b"+OK\r\n1 5022\r\n.\r\n",
        b"UIDL": b"+OK\r\n1 abc\r\n.\r\n", b"RETR 1": b"+OK\r\n" + stuffed + b".\r\n",
        b"TOP 1 0": b"+OK\r\nSubject: hi\r\n\r\n.\r\n", b"RETR 9": b"-ERR no such message\r\n",
        b"CAPA": b"+OK\r\nTOP\r\nSASL PLAIN LOGIN\r\n.\r\n", b"STLS": b"-ERR no TLS\r\n",
    }  # fmt: skip
    for line in peer.rfile:
        peer.wfile.write(answers.get(line.strip(), b"+OK\r\n"))
        if line.strip() == b"QUIT":
            return


def test_a_letter_is_fetched_whole_and_every_byte_is_seen():
    events: list[Event] = []
    with serving(good) as address, client.connect(address, events.append) as session:
        session.login(Credentials("ann", "secret"))
        assert session.stat() == (1, 5022)
        assert session.list() == {1: 5022}
        assert session.uidl() == {1: "abc"}
        assert session.capabilities() == {"TOP": [], "SASL": ["PLAIN", "LOGIN"]}
        assert session.top(1) == b"Subject: hi\r\n\r\n"
        assert session.retr(1) == LETTER
        session.dele(1)
    said = b"".join(event.raw for event in events if isinstance(event, Crossed) and event.speaker == "C")
    assert said.startswith(b"USER ann\r\nPASS secret\r\nSTAT\r\n")
    assert said.endswith(b"DELE 1\r\nQUIT\r\n")
    assert isinstance(events[-1], Closed)


def test_a_wrong_password_is_refused_in_the_servers_words_and_without_the_password():
    with serving(good) as address, pytest.raises(Refused) as caught:
        client.connect(address, lambda event: None).login(Credentials("ann", "wrong"))
    assert caught.value.params == {"code": "-ERR", "response": "[AUTH]", "stage": "login", "cause": "login"}
    assert "wrong" not in repr(caught.value) + str(caught.value.params)


def test_apop_is_said_with_the_greetings_timestamp():
    events: list[Event] = []
    with serving(good) as address, client.connect(address, events.append) as session:
        session.apop(Credentials("ann", "secret"))
    said = b"".join(event.raw for event in events if isinstance(event, Crossed) and event.speaker == "C")
    assert said.startswith(b"APOP ann ")
    assert b"secret" not in said


def test_stls_that_is_not_offered_is_told_and_nothing_else_is_said():
    with serving(good, "starttls") as address, pytest.raises(TlsFailed) as caught:
        client.connect(address, lambda event: None)
    assert caught.value.params["cause"] == "not-offered"


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\0b"])
def test_a_line_break_or_nul_never_gets_into_a_command(value: str):
    with serving(good) as address, client.connect(address, lambda event: None) as session:
        for credentials in (Credentials(value, "x"), Credentials("x", value)):
            with pytest.raises(Garbled):
                session.login(credentials)


def hang(peer: socketserver.StreamRequestHandler) -> None:
    peer.rfile.read()


def drip(peer: socketserver.StreamRequestHandler) -> None:
    while True:
        peer.wfile.write(b"+")
        time.sleep(0.05)


def endless_letter(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(b"+OK\r\n")
    peer.rfile.readline()
    peer.wfile.write(b"+OK\r\n")
    while True:
        peer.wfile.write(b"x" * 70 + b"\r\n")


def endless_line(peer: socketserver.StreamRequestHandler) -> None:
    while True:
        peer.wfile.write(b"+OK" + b"x" * 1000)


def cut_line(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(b"+OK re")


@pytest.mark.parametrize(
    ("serve", "error"),
    [
        (hang, WireError),
        (drip, TooMuch),
        (endless_letter, TooMuch),
        (endless_line, TooMuch),
        (cut_line, Unreachable),
    ],
)
def test_a_server_that_behaves_badly_is_left_in_time(serve: Serve, error: type[WireError]):
    began = time.monotonic()
    with serving(serve) as address, pytest.raises(error):
        client.connect(address, lambda event: None, SHORT).retr(1)
    assert time.monotonic() - began < 4


def test_closing_from_another_thread_ends_a_session_that_waits():
    def silent_after_greeting(peer: socketserver.StreamRequestHandler) -> None:
        peer.wfile.write(b"+OK\r\n")
        peer.rfile.read()

    with serving(silent_after_greeting) as address:
        session = client.connect(address, lambda event: None)
        threading.Timer(0.2, session.close).start()
        began = time.monotonic()
        with pytest.raises(Unreachable) as caught:
            session.noop()
    assert caught.value.params["cause"] == "cancelled"
    assert time.monotonic() - began < 2

"""The IMAP client against servers that hang, drip, flood, close in a line and announce 4 GiB."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from protocols.errors import Garbled, TlsFailed, TooMuch, WireError
from protocols.events import Closed, Crossed, Event
from protocols.imap import client
from protocols.login import Address, Credentials, Limits
from tests.protocols.speaking import speaking

QUICK = Limits(connect=2, idle=0.4, total=1.5, reply=100_000, literal=1_000_000)
HELLO = b"* OK [CAPABILITY IMAP4rev1] hi\r\n"


def server(speak: Callable[[socket.socket], None]) -> AbstractContextManager[Address]:
    return speaking("imap", speak)


def answering(then: Callable[[socket.socket, bytes], None]) -> Callable[[socket.socket], None]:
    """Greet and say CAPABILITY, then hand the next command's tag to ``then``."""

    def speak(talk: socket.socket) -> None:
        talk.sendall(HELLO)
        while raw := talk.recv(2000):
            tag, name = raw.split()[:2]
            if name != b"CAPABILITY":
                then(talk, tag)
                return
            talk.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK x\r\n")

    return speak


def hang(talk: socket.socket, tag: bytes) -> None:
    talk.recv(1)


def drip(talk: socket.socket, tag: bytes) -> None:
    for byte in b"* OK " + b"x" * 1000:
        talk.sendall(bytes([byte]))
        threading.Event().wait(0.02)


def flood(talk: socket.socket, tag: bytes) -> None:
    while True:
        talk.sendall(b"* OK x\r\n" * 1000)


def close_in_a_line(talk: socket.socket, tag: bytes) -> None:
    talk.sendall(b"* OK he")


def four_gibibytes(talk: socket.socket, tag: bytes) -> None:
    talk.sendall(b"* 1 FETCH (BODY[] {4294967296}\r\n")
    talk.recv(1)


@pytest.mark.parametrize(
    ("speak", "error"),
    [(hang, TooMuch), (drip, TooMuch), (flood, TooMuch), (close_in_a_line, WireError), (four_gibibytes, TooMuch)],
)  # fmt: skip
def test_a_server_that_behaves_badly_is_left_in_time_with_a_clear_error(speak, error):
    with server(answering(speak)) as address:
        session = client.connect(address, lambda event: None, QUICK)
        with pytest.raises(error) as caught:
            session.noop()
        session.close()
    if speak is four_gibibytes:
        assert caught.value.params["cause"] == "literal"


def test_the_last_line_of_a_logout_is_in_the_transcript():
    def bye(talk: socket.socket, tag: bytes) -> None:
        talk.sendall(b"* BYE bye\r\n")
        threading.Event().wait(0.05)
        talk.sendall(tag + b" OK over\r\n")
        talk.recv(1)

    events: list[Event] = []
    with server(answering(bye)) as address:
        client.connect(address, events.append, QUICK).logout()
    heard = b"".join(event.raw for event in events if isinstance(event, Crossed) and event.speaker == "S")
    assert heard.endswith(b" OK over\r\n") and isinstance(events[-1], Closed)


@pytest.mark.parametrize("name", ["a\r\nx DELETE INBOX", "a\n", "a\0"])
def test_a_line_break_or_nul_never_gets_into_a_command(name: str):
    events: list[Event] = []
    with server(answering(hang)) as address:
        session = client.connect(address, events.append, QUICK)
        before = len(events)
        calls = (
            lambda: session.select(name), lambda: session.status(name), lambda: session.create(name),
            lambda: session.move([1], name), lambda: session.append(name, b"x"),
            lambda: session.append("x", b"x", [name]), lambda: session.store([1], add=[name]),
            lambda: session.uids(["SUBJECT", name]), lambda: session.login(Credentials(name, "x")),
            lambda: session.login(Credentials("x", name)),
        )  # fmt: skip
        for call in calls:
            with pytest.raises(Garbled):
                call()
        assert len(events) == before
        session.close()


def test_a_server_without_starttls_is_a_tls_failure():
    with server(answering(hang)) as address:
        wanted = Address("imap", "localhost", "127.0.0.1", address.port, "starttls")
        with pytest.raises(TlsFailed) as caught:
            client.connect(wanted, lambda event: None, QUICK)
    assert caught.value.params["cause"] == "not-offered"


def literals(count: int, size: int) -> Callable[[socket.socket, bytes], None]:
    def speak(talk: socket.socket, tag: bytes) -> None:
        for number in range(1, count + 1):
            talk.sendall(b"* %d FETCH (BODY[] {%d}\r\n" % (number, size) + b"x" * size + b")\r\n")
        talk.sendall(tag + b" OK done\r\n")
        talk.recv(1)

    return speak


def test_a_letter_larger_than_a_reply_may_be_comes_whole():
    with server(answering(literals(1, 900_000))) as address:
        session = client.connect(address, lambda event: None, QUICK)
        session.login(Credentials("ann", "x"))
        session.close()


def test_many_literals_together_are_held_to_the_bound_of_one():
    with server(answering(literals(20, 90_000))) as address:
        session = client.connect(address, lambda event: None, QUICK)
        with pytest.raises(TooMuch):
            session.login(Credentials("ann", "x"))
        session.close()

"""The SMTP client against a real server, and against servers that hang, drip, flood and lie."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from aiosmtpd.controller import Controller

from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Closed, Crossed, Event, Opened
from protocols.login import Address, Credentials, Limits
from protocols.smtp import client
from tests.protocols.speaking import speaking

QUICK = Limits(connect=2, idle=0.4, total=1.5, reply=100_000)


class Office:
    """An aiosmtpd handler that keeps letters and refuses one name."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 Ok"


class Door(Controller):
    """aiosmtpd's controller on any free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def office() -> Iterator[tuple[Office, Address]]:
    controller = Door(Office(), hostname="127.0.0.1", port=0)
    controller.start()
    port = controller.server.sockets[0].getsockname()[1]
    yield controller.handler, Address("smtp", "localhost", "127.0.0.1", port, "plain")
    controller.stop()


def server(speak: Callable[[socket.socket], None]) -> AbstractContextManager[Address]:
    return speaking("smtp", speak)


def opened(address: Address, limits: Limits = QUICK) -> tuple[client.Session, list[Event]]:
    events: list[Event] = []
    return client.connect(address, events.append, limits), events


def test_a_letter_goes_out_and_every_byte_is_seen(office):
    handler, address = office
    session, events = opened(address)
    told = []
    with session:
        answers = session.send(
            "ann@lab.test", ["ben@lab.test", "nobody@lab.test"], b"Subject: a\r\n\r\n.dot\r\n",
            on_data=lambda: told.append([e.raw for e in events if isinstance(e, Crossed)][-2]),
        )  # fmt: skip
    assert (answers["ben@lab.test"].code, answers["nobody@lab.test"].enhanced) == (250, "5.1.1")
    assert handler.letters == [("ann@lab.test", ["ben@lab.test"], b"Subject: a\r\n\r\n.dot\r\n")]
    assert told == [b"rcpt TO:<nobody@lab.test>\r\n"]
    assert isinstance(events[0], Opened) and isinstance(events[-1], Closed)
    said = b"".join(e.raw for e in events if isinstance(e, Crossed) and e.speaker == "C")
    assert (b"\r\n\r\n..dot\r\n.\r\n" in said and said.endswith(b"quit\r\n")) or said.endswith(b"QUIT\r\n")


def test_where_every_recipient_is_refused_nothing_is_sent(office):
    handler, address = office
    session, _ = opened(address)
    with session, pytest.raises(Refused) as caught:
        session.send(
            "a@lab.test", ["nobody@lab.test"], b"x\r\n", on_data=lambda: pytest.fail("DATA was said")
        )
    assert caught.value.code == "550" and not handler.letters
    assert caught.value.answers == {"nobody@lab.test": ("550", "No such user here")}


@pytest.mark.parametrize("value", ["a@b.c\r\nRCPT TO:<x@y.z>", "a\0@b.c", "a@b.c\n"])
def test_a_line_break_or_nul_never_gets_into_a_command(office, value):
    session, events = opened(office[1])
    before = len(events)
    with session:
        with pytest.raises(Garbled):
            session.send("ann@lab.test", [value], b"x\r\n", on_data=lambda: None)
        with pytest.raises(Garbled):
            session.login(Credentials(value, "x"))
        assert len(events) == before


def test_a_server_without_starttls_is_a_tls_failure_and_nothing_is_sent(office):
    address = Address("smtp", "localhost", "127.0.0.1", office[1].port, "starttls")
    with pytest.raises(TlsFailed) as caught:
        opened(address)
    assert caught.value.params["cause"] == "not-offered"


def test_a_refused_port_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        opened(Address("smtp", "localhost", "127.0.0.1", port, "plain"))
    assert caught.value.params["cause"] == "refused" and caught.value.retry


def hang(talk: socket.socket) -> None:
    talk.recv(1)


def drip(talk: socket.socket) -> None:
    for byte in b"220 " + b"x" * 1000:
        talk.sendall(bytes([byte]))
        threading.Event().wait(0.02)


def flood_ehlo(talk: socket.socket) -> None:
    talk.sendall(b"220 hi\r\n")
    talk.recv(100)
    while True:
        talk.sendall(b"250-x\r\n" * 1000)


def close_in_a_line(talk: socket.socket) -> None:
    talk.sendall(b"220 he")


def speak_http(talk: socket.socket) -> None:
    talk.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("speak", "error"),
    [
        (hang, TooMuch),
        (drip, TooMuch),
        (flood_ehlo, TooMuch),
        (close_in_a_line, WireError),
        (speak_http, Garbled),
    ],
)
def test_a_server_that_behaves_badly_is_left_in_time_with_a_clear_error(speak, error):
    with server(speak) as address, pytest.raises(error):
        opened(address)


def test_a_line_lost_after_data_says_so():
    def lose(talk: socket.socket) -> None:
        talk.sendall(b"220 hi\r\n")
        for answer in (b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
            talk.recv(1000)
            talk.sendall(answer)
        talk.recv(1000)

    with server(lose) as address:
        session, _ = opened(address)
        with pytest.raises(WireError) as caught:
            session.send("a@b.c", ["d@e.f"], b"x\r\n", on_data=lambda: None)
        session.close()
    assert caught.value.params["stage"] == "data"


def test_a_reply_cut_in_its_line_is_no_reply():
    def cut(talk: socket.socket) -> None:
        talk.sendall(b"220 hi\r\n")
        for answer in (b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 ok: que"):
            talk.recv(1000)
            talk.sendall(answer)

    with server(cut) as address:
        session, _ = opened(address)
        with pytest.raises(Unreachable) as caught:
            session.send("a@b.c", ["d@e.f"], b"x\r\n", on_data=lambda: None)
        session.close()
    assert caught.value.params["stage"] == "data"


def test_an_address_outside_ascii_is_said_with_smtputf8():
    controller = Door(Office(), hostname="127.0.0.1", port=0, enable_SMTPUTF8=True)
    controller.start()
    address = Address("smtp", "localhost", "127.0.0.1", controller.port, "plain")
    session, _ = opened(address)
    with session:
        session.send("ann@lab.test", ["bé@lab.test"], b"x\r\n", on_data=lambda: None)
    controller.stop()
    assert controller.handler.letters[0][1] == ["bé@lab.test"]


def test_closing_from_another_thread_ends_a_session_that_waits():
    def silent(talk: socket.socket) -> None:
        talk.sendall(b"220 hi\r\n")
        talk.recv(1000)
        talk.sendall(b"250 hi\r\n")
        talk.recv(1000)
        talk.recv(1000)

    with server(silent) as address:
        session, _ = opened(address, Limits())
        threading.Timer(0.2, session.close).start()
        with pytest.raises(Unreachable) as caught:
            session.send("a@b.c", ["d@e.f"], b"x\r\n", on_data=lambda: None)
    assert caught.value.params["cause"] == "cancelled"


def test_a_greeting_that_is_no_welcome_is_refused():
    with server(lambda talk: talk.sendall(b"421 busy\r\n")) as address, pytest.raises(Refused) as caught:
        opened(address)
    assert caught.value.code == "421" and caught.value.retry

"""The HTTP client against servers on port 0: good ones, and those that behave badly."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from protocols import catalog
from protocols.errors import Garbled, TooMuch, Unreachable, WireError
from protocols.events import Closed, Crossed, Event, nowhere
from protocols.http.client import Request, connect, written
from protocols.login import Address, Limits

SHORT = Limits(connect=2, idle=0.4, total=1.5, reply=200_000)
GET = Request("GET", "/", (("Host", "x"),))
Serve = Callable[[socketserver.StreamRequestHandler], None]


@contextmanager
def serving(serve: Serve) -> Iterator[Address]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                serve(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Address("http", "localhost", "127.0.0.1", server.server_address[1], "plain")
        server.shutdown()


def head_of(peer: socketserver.StreamRequestHandler) -> bytes:
    """Read a request's head."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = peer.rfile.readline()
        if not line:
            return b""
        head += line
    return head


def answering(*answers: bytes) -> Serve:
    """A server that gives these answers to the requests on one connection, whatever they are."""

    def serve(peer: socketserver.StreamRequestHandler) -> None:
        for answer in answers:
            if not head_of(peer):
                return
            peer.wfile.write(answer)

    return serve


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Case: Kept\r\n\r\nhello"


def test_one_connection_answers_many_requests_and_every_byte_is_seen():
    events: list[Event] = []
    with serving(answering(OK, OK)) as address, connect(address, events.append) as session:
        first, second = session.ask(GET), session.ask(GET)
        assert session.stays
    assert (first.code, first.reason, first.body, second.body) == (200, "OK", b"hello", b"hello")
    assert ("X-Case", "Kept") in first.fields and first.value("x-case") == "Kept"
    crossed = [event for event in events if isinstance(event, Crossed)]
    assert b"".join(one.raw for one in crossed if one.speaker == "C") == written(GET) * 2
    assert b"".join(one.raw for one in crossed if one.speaker == "S") == OK * 2
    assert sum(isinstance(event, Closed) for event in events) == 1


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        (
            "GET",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n",
            b"abc",
        ),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
        ("GET", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_bodies_end_where_they_should(method: str, answer: bytes, body: bytes):
    with serving(answering(answer)) as address, connect(address, nowhere) as session:
        found = session.ask(Request(method, "/", (("Host", "x"),)))
    assert found.body == body and found.trouble is None


def test_the_body_waits_for_100_continue():
    heard: list[bytes] = []

    def serve(peer: socketserver.StreamRequestHandler) -> None:
        heard.append(head_of(peer))
        peer.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        heard.append(peer.rfile.read(4))
        peer.wfile.write(OK)

    fields = (("Host", "x"), ("Content-Length", "4"), ("Expect", "100-continue"))
    with serving(serve) as address, connect(address, nowhere) as session:
        found = session.ask(Request("POST", "/", fields, b"body"))
    assert (found.code, found.early, heard[1]) == (200, (100,), b"body")


def test_a_server_that_says_no_to_the_expectation_gets_no_body():
    with serving(answering(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")) as address:
        events: list[Event] = []
        fields = (("Host", "x"), ("Content-Length", "4"), ("Expect", "100-continue"))
        with connect(address, events.append) as session:
            assert session.ask(Request("POST", "/", fields, b"body")).code == 417
    assert not any(isinstance(event, Crossed) and b"body" in event.raw for event in events)


def test_http_1_0_ends_with_its_answer():
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")) as address:
        session = connect(address, nowhere)
        assert session.ask(Request("GET", "/", version="1.0")).body == b"hi"
        assert not session.stays
        with pytest.raises(Unreachable):
            session.ask(GET)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET /", "/"),
        Request("GET\r\nX: y", "/"),
        Request("GET", "/a b"),
        Request("GET", "/\r\nHost: evil"),
        Request("GET", "/\0"),
        Request("GET", "/é"),
        Request("GET", "/", version="2"),
        Request("GET", "/", (("Host", "x\r\nEvil: 1"),)),
        Request("GET", "/", (("Host", "x\nEvil: 1"),)),
        Request("GET", "/", (("Ho st", "x"),)),
        Request("GET", "/", (("Host:", "x"),)),
        Request("GET", "/", (("", "x"),)),
        Request("GET", "/", (("A", "1"),) * 300),
    ],
)
def test_what_may_not_be_said_is_refused_before_a_byte_is_sent(request_: Request):
    events: list[Event] = []
    with serving(answering(OK)) as address, connect(address, events.append) as session:
        with pytest.raises(Garbled) as caught:
            session.ask(request_)
        assert session.ask(GET).body == b"hello"
    assert catalog.phrase(caught.value.key, caught.value.params, "vi")
    assert b"".join(e.raw for e in events if isinstance(e, Crossed) and e.speaker == "C") == written(GET)


def hang(peer: socketserver.StreamRequestHandler) -> None:
    peer.rfile.read()


def drip(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        peer.wfile.write(b"x")
        time.sleep(0.05)


def flood(peer: socketserver.StreamRequestHandler) -> None:
    while True:
        peer.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def endless_head(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        peer.wfile.write(b"X-More: and more\r\n" * 100)


def endless_line(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(b"HTTP/1.1 200 ")
    while True:
        peer.wfile.write(b"x" * 65536)


def another_protocol(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(b"220 smtp.example.com ESMTP\r\n")
    hang(peer)


def binary(peer: socketserver.StreamRequestHandler) -> None:
    peer.wfile.write(bytes(range(256)) * 10)
    hang(peer)


def gone(peer: socketserver.StreamRequestHandler) -> None:
    head_of(peer)


@pytest.mark.parametrize(
    ("serve", "error"),
    [
        (hang, TooMuch), (drip, TooMuch), (flood, TooMuch), (endless_head, TooMuch), (endless_line, TooMuch),
        (another_protocol, Garbled), (binary, Garbled), (gone, Unreachable),
    ],
)  # fmt: skip
def test_a_server_that_behaves_badly_is_left_in_time_with_a_clear_error(serve: Serve, error: type[WireError]):
    began = time.monotonic()
    with serving(serve) as address, connect(address, nowhere, SHORT) as session:
        with pytest.raises(error) as caught:
            session.ask(GET)
        assert not session.stays
    assert time.monotonic() - began < 4
    for language in ("en", "vi"):
        assert "…" not in catalog.phrase(caught.value.key, caught.value.params, language)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def huge(peer: socketserver.StreamRequestHandler) -> None:
    head_of(peer)
    peer.wfile.write(HEAD + b"Content-Length: 100000000\r\n\r\n")
    while True:
        peer.wfile.write(b"x" * 65536)


def cut_off(peer: socketserver.StreamRequestHandler) -> None:
    head_of(peer)
    peer.wfile.write(HEAD + b"Content-Length: 10\r\n\r\nhalf")


def bad_chunk(peer: socketserver.StreamRequestHandler) -> None:
    head_of(peer)
    peer.wfile.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzzz\r\n")
    hang(peer)


@pytest.mark.parametrize(("serve", "error"), [(huge, TooMuch), (cut_off, Unreachable), (bad_chunk, Garbled)])
def test_what_came_before_the_trouble_is_kept(serve: Serve, error: type[WireError]):
    with serving(serve) as address, connect(address, nowhere, SHORT) as session:
        found = session.ask(GET)
    assert isinstance(found.trouble, error) and found.code == 200 and found.value("content-type")
    assert found.body[:4] in (b"half", b"xxxx") and len(found.body) <= SHORT.reply


def test_more_than_was_announced_is_not_taken_for_the_next_answer():
    with serving(answering(OK + b" and more")) as address, connect(address, nowhere, SHORT) as session:
        assert session.ask(GET).body == b"hello"
        with pytest.raises(WireError):
            session.ask(GET)


def test_closing_from_another_thread_ends_a_session_that_waits():
    with serving(hang) as address:
        session = connect(address, nowhere)
        threading.Timer(0.2, session.close).start()
        with pytest.raises(Unreachable) as caught:
            session.ask(GET)
    assert caught.value.params["cause"] == "cancelled"

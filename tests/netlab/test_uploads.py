"""The web process takes bodies as they were sent, however they are cut, and no faster than the application reads."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import os
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from netlab.uploads import WAITING, Protocol
from tests.servers.embedded import wait_until

BLOB = os.urandom(3_000_001)


class Digest:
    """Answers a request with its body's digest; the first body piece is taken only once ``go`` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.largest = 0

    async def __call__(self, scope, receive, send) -> None:
        while not self.go.is_set():
            await asyncio.sleep(0.01)
        found, more = hashlib.sha256(), True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            assert isinstance(message["body"], bytes)
            self.largest = max(self.largest, len(message["body"]))
            found.update(message["body"])
        raw = found.hexdigest().encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"64")]})
        await send({"type": "http.response.body", "body": raw})


@pytest.fixture
def app() -> Digest:
    return Digest()


@pytest.fixture
def port(app: Digest) -> Iterator[int]:
    config = uvicorn.Config(app, "127.0.0.1", 0, http=Protocol, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, 30)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(15)


def test_a_body_comes_whole_however_it_is_cut(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for size in (1, 1000, 65_536, 262_145, len(BLOB)):
        for chunked in (False, True):
            pieces = [BLOB[at : at + size] for at in range(0, len(BLOB) if size > 1 else 300, size)]
            headers = {} if chunked else {"Content-Length": str(sum(map(len, pieces)))}
            connection.request("PUT", "/", iter(pieces), headers, encode_chunked=chunked)
            assert connection.getresponse().read().decode() == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_requests_one_after_the_other_keep_their_bodies_apart(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        for body in (b"one", b"two", b""):
            head = f"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            sock.sendall(head.encode() + body)
        answers = sock.makefile("rb")
        for body in (b"one", b"two", b""):
            while answers.readline().strip():
                pass
            assert answers.read(64).decode() == hashlib.sha256(body).hexdigest()


def test_no_more_waits_for_a_slow_application_than_was_said(app, port):
    app.go.clear()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sending = threading.Thread(target=connection.request, args=("PUT", "/", BLOB * 10))
    sending.start()
    sending.join(0.5)
    app.go.set()
    assert connection.getresponse().read().decode() == hashlib.sha256(BLOB * 10).hexdigest()
    sending.join(10)
    assert app.largest <= WAITING + 256 * 1024

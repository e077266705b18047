"""SELECT and NOOP of the lab's IMAP server at 20,000 messages, warm, beside the floor of a bare line on loopback.

``python -m bench.imap_server [messages]`` prints medians of pairs: a command, then the same number of bytes from a
server that only answers; the machine's mood is in both.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
import threading
from pathlib import Path

from bench.pairs import row, timed
from servers.authenticator import Person
from servers.imap import server
from servers.maildir import Mailstore
from servers.service import Service

PAIRS = 300
ASKED = {"select_ms": 5.0, "noop_ms": 5.0}
"""Milliseconds that issue 2 asks for."""
COMMANDS = {
    "select_ms": b"SELECT INBOX",
    "noop_ms": b"NOOP",
    "status_ms": b"STATUS INBOX (MESSAGES UNSEEN)",
    "fetch_50_flags_ms": b"FETCH 19951:20000 (UID FLAGS)",
    "fetch_50_envelopes_ms": b"FETCH 19951:20000 (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)",
}


class Anybody:
    """Signs everyone in: the bench measures the server, not the people."""

    async def check(self, protocol: str, user: str, password: str, peer: str = "") -> Person:
        return Person(1, user)


def measure(messages: int = 20_000, pairs: int = PAIRS) -> dict[str, dict[str, float]]:
    """Return for each command its median, 95th percentile, floor (ms) and the ratio to the floor."""
    with tempfile.TemporaryDirectory() as root:
        store = Mailstore(Path(root), durable=False)
        fill(store, messages)
        ports, stop = _serve(Service("lab.test", store, Anybody(), None))  # type: ignore[arg-type]
        try:
            return _compare(ports, messages, pairs)
        finally:
            stop()


def fill(store: Mailstore, messages: int) -> None:
    """Deliver that many letters to the one person's INBOX."""
    home = store.home(Person(1, "bench").home)
    for number in range(messages):
        home.deliver(
            b"From: Ann <ann@lab.test>\r\nTo: ben@lab.test\r\nSubject: letter %d\r\n"
            b"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%d@lab.test>\r\n\r\nHello\r\n"
            % (number, number)
        )


def _serve(service: Service) -> tuple[tuple[int, int], object]:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def begin() -> tuple[int, int]:
        imap = await server.serve(service, host="127.0.0.1", port=0)
        bare = await asyncio.start_server(_answer, "127.0.0.1", 0)
        return imap.sockets[0].getsockname()[1], bare.sockets[0].getsockname()[1]

    ports = asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
    return ports, lambda: loop.call_soon_threadsafe(loop.stop)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The floor: says as many bytes as the line asks for."""
    try:
        while line := await reader.readline():
            writer.write(b"x" * (int(line) - 1) + b"\n")
            await writer.drain()
    finally:
        writer.close()


def _compare(ports: tuple[int, int], messages: int, pairs: int) -> dict[str, dict[str, float]]:
    imap, bare = (socket.create_connection(("127.0.0.1", port)) for port in ports)
    imap.recv(1000)
    _command(imap, b"LOGIN bench x")
    _command(imap, b"SELECT INBOX")
    results = {}
    for name, command in COMMANDS.items():
        command = command.replace(b"19951:20000", b"%d:%d" % (max(1, messages - 49), messages))
        size = len(_command(imap, command))
        took, floor = [], []
        for _ in range(pairs):
            took.append(timed(lambda command=command: _command(imap, command)))
            floor.append(timed(lambda size=size: _bare(bare, size)))
        results[name] = row(took, floor, ASKED.get(name, 0.0))
    imap.close()
    bare.close()
    return results


def _command(connection: socket.socket, command: bytes) -> bytes:
    connection.sendall(b"a " + command + b"\r\n")
    reply = b""
    while not (reply.endswith(b"\r\n") and reply[:-2].rpartition(b"\n")[2].startswith(b"a ")):
        reply += connection.recv(1 << 20)
    return reply


def _bare(connection: socket.socket, size: int) -> None:
    connection.sendall(b"%d\n" % size)
    while size > 0:
        size -= len(connection.recv(1 << 20))


if __name__ == "__main__":
    for name, found in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000).items():
        print(f"{name:24}" + "  ".join(f"{key} {value:8.3f}" for key, value in found.items()))

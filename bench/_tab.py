"""A browser's WebSocket that costs as little as can be, and knows when each frame reached it.

Fifty browsers read on fifty machines; here they are one process beside the lab. So what counts is when the system had a
frame for the socket (SO_TIMESTAMPNS, Linux; of several that are read at once, the last one's time), and ``read`` has
when that process came to read it: ``websockets``' own client would add 60 µs of processor to each.
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
import time
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
STAMP = 14
"""Characters of a text that tell it from others: ``bench-00000042``."""

TIMESTAMP = 35
"""SO_TIMESTAMPNS, for which ``socket`` has no name."""


async def connect(url: str, cookie: str = "") -> Tab:
    """Open ``ws://host:port/path`` as a page of the same origin does."""
    parts = urlsplit(url)
    sock = socket.socket()
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, (parts.hostname, parts.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, TIMESTAMP, 1)
    lines = [
        f"GET {parts.path or '/'} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Origin: http://{parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *([f"Cookie: {cookie}"] if cookie else []),
    ]
    await loop.sock_sendall(sock, ("\r\n".join(lines) + "\r\n\r\n").encode())
    sock.setblocking(True)  # what is said is short, and read only when there is something
    tab = Tab(sock)
    loop.add_reader(sock, tab.take)
    await asyncio.wait_for(tab.opened, 30)
    return tab


class Tab:
    """``came`` and ``read`` say when each text reached the socket and was read (Unix time), ``lines`` how many came."""

    def __init__(self, sock: socket.socket) -> None:
        self.came: dict[str, float] = {}
        self.read: dict[str, float] = {}
        self.lines = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._socket, self._kept = sock, b""

    def take(self) -> None:
        """The loop's: something can be read."""
        data, told, _, _ = self._socket.recvmsg(256 * 1024, 64)
        now = time.time()
        if not data:
            self._end()
            return
        data = self._kept + data if self._kept else data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._kept = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(RuntimeError(head.decode("latin-1")))
                return
            self.opened.set_result(None)
        self._kept = self._frames(data, _arrived(told) or now, now)

    def send(self, text: str) -> None:
        """Say ``text``."""
        self._write(TEXT, text.encode())

    def close(self) -> None:
        self._write(CLOSE, struct.pack("!H", 1000))
        self._end()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _frames(self, data: bytes, arrived: float, now: float) -> bytes:
        """Take whole frames (RFC 6455 5.2; a server masks none); return what is left of the last one."""
        at = 0
        while len(data) - at >= 2:
            size, begin = data[at + 1], at + 2
            if size == 126:
                size, begin = int.from_bytes(data[begin : begin + 2], "big"), at + 4
            elif size == 127:
                size, begin = int.from_bytes(data[begin : begin + 8], "big"), at + 10
            if begin + size > len(data):
                break
            self._frame(data[at] & 15, data[begin : begin + size], arrived, now)
            at = begin + size
        return data[at:]

    def _frame(self, kind: int, payload: bytes, arrived: float, now: float) -> None:
        if kind == PING:
            self._write(PONG, payload)
        self.lines += payload.count(b'"x":')
        at = payload.find(b"bench-")
        while at >= 0:
            name = payload[at : at + STAMP].decode()
            self.came.setdefault(name, arrived)
            self.read.setdefault(name, now)
            at = payload.find(b"bench-", at + STAMP)

    def _write(self, kind: int, payload: bytes) -> None:
        """One frame, masked as a browser's are (RFC 6455 5.3); the system takes what is this short at once."""
        mask, size = os.urandom(4), len(payload)
        length = bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        body = bytes(byte ^ mask[place & 3] for place, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | kind]) + length + mask + body)


def _arrived(told: list[tuple[int, int, bytes]]) -> float | None:
    """What the system noted with the bytes: Unix time."""
    for level, kind, value in told:
        if (level, kind) == (socket.SOL_SOCKET, TIMESTAMP) and len(value) == 16:
            seconds, nanoseconds = struct.unpack("qq", value)
            return seconds + nanoseconds / 1e9
    return None

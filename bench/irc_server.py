"""One PRIVMSG in a channel of 200 members, from the speaker's socket to the sockets of the other 199.

The floor is a bare asyncio server that writes the same bytes to the same number of sockets and does nothing else. Both
run in a thread of their own in this process, by turns; one selector reads both crowds.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import socket
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from bench.pairs import compared
from servers import rows
from servers.irc import client as bounds
from servers.lab import Ports, start

MEMBERS, AT_ONCE = 200, 20
SAID = b"PRIVMSG #hall :a line of talk as people write it, neither short nor long\r\n"
HEARD = b":p0!~p0@127.0.0.1 " + SAID


class Hall(asyncio.Protocol):
    """The floor: each line that comes is written to all the others."""

    everybody: list[asyncio.Transport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self.transport = transport
        self.everybody.append(transport)

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\n")):
            for other in self.everybody:
                if other is not self.transport:
                    other.write(HEARD)


class Crowd:
    """MEMBERS connections; ``hear(count)`` says ``count`` lines by the first and waits until all others have them."""

    def __init__(self, port: int, *hello: str) -> None:
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(MEMBERS)]
        self.selector = selectors.DefaultSelector()
        for number, one in enumerate(self.sockets):
            if hello:
                one.sendall("".join(line.format(number) + "\r\n" for line in hello).encode())
                self._until(one, f"PONG irc.lab.test in-{number}".encode())
        self._drain()
        for one in self.sockets[1:]:
            self.selector.register(one, selectors.EVENT_READ)

    def hear(self, count: int) -> None:
        missing = dict.fromkeys(self.sockets[1:], count * len(HEARD))
        self.sockets[0].sendall(SAID * count)
        while missing:
            for key, _ in self.selector.select(10):
                one: Any = key.fileobj
                missing[one] -= len(one.recv(65536))
                if missing[one] <= 0:
                    del missing[one]

    @staticmethod
    def _until(one: socket.socket, end: bytes) -> None:
        seen = b""
        while end not in seen:
            seen += one.recv(65536)

    def _drain(self) -> None:
        """Whatever is on its way about those who came in is read away: everybody asks once more, and waits."""
        for one in self.sockets:
            one.setblocking(False)
        waiting = selectors.DefaultSelector()
        for one in self.sockets:
            waiting.register(one, selectors.EVENT_READ)
        while ready := waiting.select(0.5):
            for key, _ in ready:
                key.fileobj.recv(65536)  # type: ignore[union-attr]


def measure(pairs: int = 150) -> dict[str, dict[str, float]]:
    """Return milliseconds until 199 have one line, and AT_ONCE lines; deliveries a second of the latter."""
    logging.disable(logging.INFO)
    bounds.RATE = bounds.BURST = 1_000_000  # what bounds a person's flood is not what is measured
    call_command("migrate", verbosity=0)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    data = Path(settings.DATA)
    running = do(start("127.0.0.1", Ports(), mail=data / "mail", keys=data / "ca", domain="lab.test"))
    try:
        rows.enter("127.0.0.1", running.ports, running.authority.pem)
        hello = ("NICK p{0}", "USER p{0} 0 * :Person {0}", "JOIN #hall", "PING in-{0}")
        ours = Crowd(running.ports.irc, *hello)
        bare = Crowd(do(_floor()))
        one = compared(lambda: ours.hear(1), lambda: bare.hear(1), pairs)
        many = compared(lambda: ours.hear(AT_ONCE), lambda: bare.hear(AT_ONCE), pairs // 5)
    finally:
        do(running.stop())
        loop.call_soon_threadsafe(loop.stop)
    heard = AT_ONCE * (MEMBERS - 1) * 1000
    rates = {"median": round(heard / many["median"]), "floor": round(heard / many["floor"])}
    return {"line_to_199_ms": one, f"{AT_ONCE}_lines_to_199_ms": many, "deliveries_per_s": rates}


async def _floor() -> int:
    server = await asyncio.get_running_loop().create_server(Hall, "127.0.0.1", 0)
    return server.sockets[0].getsockname()[1]

"""The lab's FTP server: its doors, its certificate, and who may come in."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from pyftpdlib.servers import FTPServer

from servers.authenticator import Person
from servers.ftp import samples
from servers.ftp.conversation import Conversation
from servers.ftp.loop import Loop
from servers.ftp.space import Space, Spaces
from servers.service import Service

log = logging.getLogger("netlab.ftp")

QUOTA = 1024 * 2**20
PASSIVE = range(40_000, 42_000)


class Certificate:
    """The servers' certificate as pyOpenSSL wants it; read again when the file was renewed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._of: tuple[int, int] | None = None
        self._context: SSL.Context | None = None

    def context(self) -> SSL.Context:
        """A context for new connections. One conversation keeps its own, so that its data connections can take up
        the TLS session of its control connection."""
        found = self._path.stat()
        of = (found.st_mtime_ns, found.st_ino)
        if self._context is None or of != self._of:
            context = SSL.Context(SSL.TLS_SERVER_METHOD)
            # TLS 1.2 alone: 1.3 sends its session tickets after the handshake. A client that uploads and closes has not
            # read them, its system resets the connection for that, and the end of the file is lost (seen with lftp).
            context.set_min_proto_version(SSL.TLS1_2_VERSION)
            context.set_max_proto_version(SSL.TLS1_2_VERSION)
            context.set_options(SSL.OP_NO_COMPRESSION | getattr(SSL, "OP_NO_RENEGOTIATION", 0))
            context.use_certificate_chain_file(str(self._path))
            context.use_privatekey_file(str(self._path))
            context.set_session_id(b"netlab ftp")
            context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
            self._context, self._of = context, of
        return self._context


class Door(FTPServer):
    """One port; ``implicit`` is TLS from the first byte. ``Sessions`` counts its guests, not pyftpdlib."""

    max_cons = 0

    def __init__(self, sock: socket.socket, handler: type, ftp: Ftp, implicit: bool) -> None:
        self.ftp, self.implicit = ftp, implicit
        super().__init__(sock, handler, ioloop=ftp.loop.io)


@dataclass(frozen=True)
class Listening:
    """A bound port, as asyncio's servers are told of."""

    sockets: tuple[socket.socket, ...]
    close: Callable[[], None]


class Ftp:
    """What all conversations share. ``files`` holds a folder per person, by their number, and ``public``."""

    def __init__(self, service: Service, files: Path, certificate: Path, quota: int, passive: range) -> None:
        self.files, self.public = files, files / "public"
        self.certificate = Certificate(certificate)
        self.spaces, self.sessions = Spaces(quota), service.sessions
        self._authenticator = service.authenticator
        self._asyncio = asyncio.get_running_loop()
        self._handler = type("Conversation", (Conversation,), {"passive_ports": passive})
        self.loop = Loop()

    async def listen(self, *, host: str, port: int, implicit: bool, **_: Any) -> Listening:
        """Open a door; OSError where the port cannot be had."""
        await asyncio.to_thread(samples.make, self.public)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.create_server((host, port), family=family, backlog=100)
        made: Future[Door] = Future()
        self.loop.call(lambda: made.set_result(Door(sock, self._handler, self, implicit)))
        door = await asyncio.wrap_future(made)
        return Listening((sock,), lambda: self.loop.call(door.close))

    def admit(
        self,
        user: str,
        password: str,
        peer: str,
        then: Callable[[Future[tuple[Person, Path, Space] | None]], None],
    ) -> None:
        """Ask who signs in; ``then`` is called in the FTP loop with a Future of the person, home and space, or None."""

        async def ask() -> tuple[Person, Path, Space] | None:
            person = await self._authenticator.check("ftp", user, password, peer)
            if person is None:
                return None
            home = self.files / person.home
            return person, home, await asyncio.to_thread(self.spaces.enter, home)

        asked = asyncio.run_coroutine_threadsafe(ask(), self._asyncio)
        asked.add_done_callback(lambda done: self.loop.call(then, done))

    def admit_guest(self, then: Callable[[Future[bool]], None]) -> None:
        """Ask whether guests may come in: not while the server is out of use. ``then`` as ``admit``'s."""

        async def ask() -> bool:
            return "ftp" not in (await self._authenticator.roll()).shut

        asked = asyncio.run_coroutine_threadsafe(ask(), self._asyncio)
        asked.add_done_callback(lambda done: self.loop.call(then, done))

    async def stop(self) -> None:
        """End the loop, and with it what is still open."""
        await asyncio.to_thread(self.loop.stop)

"""The lab's servers, on given ports or free ones, for command and tests: one asyncio loop, and FTP's beside it."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from servers import pop3, smtp
from servers.apps import remove_home
from servers.authenticator import SECOND_LOOK, Authenticator
from servers.ftp.server import PASSIVE, QUOTA, Ftp
from servers.http import connection as http
from servers.imap import server as imap
from servers.irc import server as irc
from servers.irc.network import Network
from servers.maildir import Mailstore
from servers.maildrop import Maildrops
from servers.post import Post
from servers.service import Service
from servers.tls import Authority, names_of

log = logging.getLogger("netlab.servers")

HANDSHAKE = 30.0
RENEW_EVERY = 3_600.0
GRACE = 2.0
"""Seconds that conversations, and then letters on their way to the disk, are given to end."""


@dataclass(frozen=True, slots=True)
class Ports:
    """A port for each server: plain with STARTTLS, and (with an s) TLS from the first byte; 0: any free."""

    smtp: int = 0
    smtps: int = 0
    pop3: int = 0
    pop3s: int = 0
    imap: int = 0
    imaps: int = 0
    ftp: int = 0
    ftps: int = 0
    irc: int = 0
    ircs: int = 0
    http: int = 0
    https: int = 0


class PortTaken(Exception):
    """A port could not be bound. ``variable`` is the setting that names another one."""

    def __init__(self, name: str, port: int, why: str) -> None:
        self.name, self.port, self.variable = name, port, f"NETLAB_{name.upper()}_PORT"
        super().__init__(
            f"port {port} {why} ({name}): end the program that holds it, or set {self.variable} to another"
        )


class Running:
    """The servers while they run. ``ports`` are those that were bound, ``authority.pem`` the CA to trust."""

    def __init__(self, service: Service, authority: Authority, public_host: str, ftp: Ftp) -> None:
        self.service, self.authority, self.ftp = service, authority, ftp
        self.ports = Ports()
        self._public_host = public_host
        self._servers: list[Any] = []
        self._watchers: list[asyncio.Task[Any]] = []

    async def bind(self, host: str, name: str, port: int, listen: Callable[..., Any]) -> None:
        """Listen on ``port`` with ``listen(host=, port=, **tls)``; PortTaken where that cannot be."""
        tls = {"ssl": self.service.context, "ssl_handshake_timeout": HANDSHAKE} if name.endswith("s") else {}
        try:
            server = await listen(host=host, port=port, **tls)
        except OSError as error:
            reasons = {errno.EADDRINUSE: "is taken", errno.EACCES: "is not allowed to this user"}
            if error.errno not in reasons:
                raise
            raise PortTaken(name, port, reasons[error.errno]) from error
        self._servers.append(server)
        self.ports = replace(self.ports, **{name: server.sockets[0].getsockname()[1]})

    def watch(self) -> None:
        """Begin to look after closed logins and the certificate's age."""
        service = self.service
        gone = service.sessions.watch(service.authenticator, self._forget)
        self._watchers = [asyncio.create_task(gone), asyncio.create_task(self._renew())]

    async def stop(self) -> None:
        """Close the doors, say goodbye, let letters on their way reach the disk; within 5 s."""
        for server in self._servers:
            server.close()
        self.service.sessions.end_all("the server is shutting down")
        for task in self._watchers:
            task.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        deadline = asyncio.get_running_loop().time() + GRACE
        while len(self.service.sessions) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        if self.service.under_way:
            await asyncio.wait(self.service.under_way, timeout=GRACE)
        await self.ftp.stop()
        await self.service.authenticator.close()

    def _forget(self, home: str) -> None:
        log.info("mail and files of a deleted person (%s) are removed", home)
        asyncio.get_running_loop().run_in_executor(None, self.service.store.remove, home)
        asyncio.get_running_loop().run_in_executor(None, remove_home, self.ftp.files, home)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                await self.renew()
            except Exception:
                log.exception("the certificate could not be looked after")

    async def renew(self) -> bool:
        """Renew the certificate where it ends soon, or where the lab got another name; True if it did."""
        roll = await self.service.authenticator.roll(SECOND_LOOK)
        names = names_of(self.service.domain, sorted(roll.names), self._public_host)
        return await asyncio.to_thread(self.authority.renew, names)


async def start(
    host: str,
    ports: Ports,
    *,
    mail: Path,
    keys: Path,
    domain: str,
    public_host: str = "",
    durable: bool = True,
    files: Path | None = None,
    quota: int = QUOTA,
    passive: range = PASSIVE,
) -> Running:
    """Start the servers on ``host`` (an address of this machine); PortTaken for a port that cannot be had.

    ``mail`` is the folder of all mailboxes, ``keys`` that of the lab CA, ``domain`` what stands after the @.
    ``durable`` False leaves out fsync. ``files`` is the folder of everybody's files (beside the mail, if not named),
    ``quota`` the bytes that one person may keep there, ``passive`` FTP's data ports. End them with ``stop``.
    """
    authority = await asyncio.to_thread(Authority, keys, names_of(domain, (), public_host))
    service = Service(domain, Mailstore(mail, durable), Authenticator(), authority.context)
    ftp = Ftp(service, files or mail.parent / "files", keys / "server.pem", quota, passive)
    running = Running(service, authority, public_host, ftp)
    listeners = _listeners(service, ftp)
    try:
        for name in (field.name for field in fields(Ports)):
            if name in listeners:
                await running.bind(host, name, getattr(ports, name), listeners[name])
        await running.renew()
    except BaseException:
        await running.stop()
        raise
    running.watch()
    return running


def _listeners(service: Service, ftp: Ftp) -> dict[str, Callable[..., Any]]:
    """For each name of ``Ports``, what listens: called with host, port and, for implicit TLS, ssl."""
    post, drops, network = Post(service), Maildrops(service.store), Network(service)
    loop = asyncio.get_running_loop()

    def smtp_on(implicit: bool) -> Callable[..., Any]:
        return lambda **where: loop.create_server(
            lambda: smtp.Conversation(service, post, implicit=implicit), **where
        )

    def pop3_on(implicit: bool) -> Callable[..., Any]:
        return lambda **where: asyncio.start_server(
            lambda reader, writer: pop3.Conversation(service, drops, reader, writer, implicit=implicit).run(),
            limit=pop3.LINE,
            **where,
        )

    def imap_on(implicit: bool) -> Callable[..., Any]:
        return lambda **where: imap.serve(service, implicit=implicit, **where)

    def http_on(implicit: bool) -> Callable[..., Any]:
        return lambda **where: asyncio.start_server(
            lambda reader, writer: http.Conversation(service, reader, writer, implicit=implicit).run(),
            limit=http.PIECE,
            **where,
        )

    def ftp_on(implicit: bool) -> Callable[..., Any]:
        return lambda **where: ftp.listen(implicit=implicit, **where)

    def irc_on(implicit: bool) -> Callable[..., Any]:
        return lambda **where: irc.serve(network, implicit=implicit, **where)

    makers = {
        "smtp": smtp_on,
        "pop3": pop3_on,
        "imap": imap_on,
        "ftp": ftp_on,
        "irc": irc_on,
        "http": http_on,
    }
    return {
        f"{name}{'s' if implicit else ''}": make(implicit)
        for name, make in makers.items()
        for implicit in (False, True)
    }

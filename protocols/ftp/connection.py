"""ftplib on tapped sockets: the control connection and the data connections that it opens, held to their bounds."""

from __future__ import annotations

import ftplib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from protocols import data, tap
from protocols.errors import Garbled, TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Sink
from protocols.ftp import endpoint, names
from protocols.ftp.grammar import command_line
from protocols.ftp.replies import refused
from protocols.login import Address, Limits

LONGEST = 8192
"""Bytes of the longest line of a reply that is read."""


class Connection(ftplib.FTP):
    """ftplib on tapped sockets. Names are ``names``' text; replies are read as bytes, line by line, bounded."""

    def __init__(self, address: Address, sink: Sink, limits: Limits, passive: bool) -> None:
        super().__init__()
        self._address, self._sink, self._limits = address, sink, limits
        self.passiveserver = passive
        self.secured = self.protected = False
        self._number = 0
        self._extended = True

    def open(self) -> None:
        """Connect, hear the greeting, and take TLS up where the address says STARTTLS (AUTH TLS, RFC 4217, 4)."""
        self._adopt(tap.connect(self._address, self._sink, self._limits))
        self.secured = self._address.security == "tls"
        self.welcome = self.getresp()
        if self.welcome[:1] != "2":
            raise refused(self.welcome)
        if self._address.security == "starttls":
            self._auth_tls()

    def putline(self, line: str) -> None:
        self._tapped().sendall(command_line(line.partition(" ")[0], names.encode(line.partition(" ")[2])))

    def getline(self) -> str:
        line = self._file.readline(LONGEST + 1)
        if len(line) > LONGEST:
            raise TooMuch("a line is too long", cause="line", bytes=LONGEST)
        if not line.endswith(b"\n"):
            raise EOFError
        return names.decode(line.rstrip(b"\r\n"))

    def incoming(self, command: str, most: int) -> Iterator[bytes]:
        """Say ``command`` and yield what comes over its data connection, at most ``most`` bytes."""
        sock = self._transfer(command, most)
        try:
            while chunk := sock.recv(65536):
                yield chunk
        except BaseException:
            tap.cut(sock)
            raise
        data.goodbye(sock)
        self.voidresp()

    def outgoing(self, command: str, raw: bytes) -> None:
        """Say ``command`` and send ``raw`` over its data connection."""
        sock = self._transfer(command, 0)
        try:
            sock.sendall(raw)
        except BaseException:
            tap.cut(sock)
            raise
        data.goodbye(sock)
        self.voidresp()

    def renew(self) -> None:
        """The session's total time runs from now."""
        meter = self._tapped().meter
        if meter is not None:
            meter.renew()

    def cut(self) -> None:
        """Close at once."""
        if self.sock is not None:
            tap.cut(self.sock)
            with suppress(OSError, ValueError, WireError):
                self._file.close()

    def _transfer(self, command: str, most: int) -> Any:
        self._number += 1
        meter = data.DataMeter(self._sink, self._limits, self._number)
        meter.bound(most)
        opened = self._passive if self.passiveserver else self._active
        sock = opened(command, meter)
        return data.start_tls(sock, self._tls(), self._address) if self.protected else sock

    def _passive(self, command: str, meter: data.DataMeter) -> tap.TapSocket:
        sock = data.connect(self._tapped(), self._port(), meter, self._limits.connect)
        try:
            self._begin(command)
        except BaseException:
            sock.close()
            raise
        return sock

    def _active(self, command: str, meter: data.DataMeter) -> tap.TapSocket:
        with data.Door(self._tapped()) as door:
            where = endpoint.Endpoint(door.host, door.port)
            if not self._extend(f"EPRT {endpoint.eprt_argument(where)}"):
                self.voidcmd(f"PORT {endpoint.port_argument(where)}")
            self._begin(command)
            return door.accept(meter, self._limits.connect)

    def _begin(self, command: str) -> None:
        reply = self.sendcmd(command)
        if reply[:1] == "2":  # some servers say 200 before 150 (RFC 959 knows no such answer)
            reply = self.getresp()
        if reply[:1] != "1":
            raise refused(reply)

    def _port(self) -> int:
        """Ask where the server listens: EPSV, then PASV, of whose answer only the port is believed."""
        if reply := self._extend("EPSV"):
            port = endpoint.parse_229(reply)
            if port is None:
                raise Garbled("229 without a port", cause="no-port", verb="EPSV")
            return port
        where = endpoint.parse_six(self.sendcmd("PASV"))
        if where is None or not where.port:
            raise Garbled("227 without a port", cause="no-port", verb="PASV")
        return where.port

    def _extend(self, command: str) -> str:
        """Say EPSV or EPRT (RFC 2428); "" where the server knows them not, which is remembered."""
        if not self._extended:
            return ""
        try:
            return self.voidcmd(command)
        except ftplib.error_perm as error:
            if str(error)[:3] not in ("500", "501", "502", "522") or ":" in self._address.ip:
                raise
            self._extended = False
            return ""

    def _auth_tls(self) -> None:
        try:
            self.voidcmd("AUTH TLS")
        except ftplib.error_perm:
            host = self._address.host
            raise TlsFailed("the server does not offer AUTH TLS", cause="not-offered", host=host) from None
        self._adopt(tap.start_tls(self._tapped(), self._address))
        self.secured = True

    def _adopt(self, sock: tap.TapSocket | tap.TapTlsSocket) -> None:
        """Go on with ``sock``; bytes read ahead are dropped, a reply injected before TLS would hide there."""
        self.sock: Any = sock
        self.af = sock.family
        self._file = sock.makefile("rb")

    def _tapped(self) -> Any:
        if not isinstance(self.sock, tap.TapSocket | tap.TapTlsSocket):
            raise Unreachable("the connection is closed", cause="closed")
        return self.sock

    def _tls(self) -> tap.TapTlsSocket:
        sock = self._tapped()
        if not isinstance(sock, tap.TapTlsSocket):
            raise Garbled("the control connection is not inside TLS", cause="not-supported")
        return sock

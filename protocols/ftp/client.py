"""Speaking FTP to a server: ftplib over tapped sockets, held to its bounds (RFC 959, 2389, 2428, 3659, 4217).

For tasks, which block; ``async_client`` is the same for files that stream and for the command line.
"""

from __future__ import annotations

import ftplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from protocols import data, tap
from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Sink
from protocols.ftp import endpoint, names
from protocols.ftp.grammar import command_line
from protocols.ftp.listing import Entry, Listing, parse_time
from protocols.login import Address, Credentials, Limits

LONGEST = 8192
"""Bytes of the longest line of a reply that is read."""

LISTING = 32 * 1024 * 1024
"""Bytes of the longest listing that is read."""


def connect(address: Address, sink: Sink, limits: Limits | None = None, *, passive: bool = True) -> Session:
    """Open a session: greeting, and AUTH TLS where the address asks for it; WireErrors as ``Session``."""
    return Session(address, sink, limits or Limits(), passive=passive)


class Session:
    """One control connection. Every verb raises Refused on 4yz and 5yz, Unreachable, TooMuch or Garbled."""

    def __init__(self, address: Address, sink: Sink, limits: Limits, *, passive: bool = True) -> None:
        self._ftp = _Tapped(address, sink, limits, passive)
        self._features: frozenset[str] | None = None
        self._type = ""
        try:
            with self._told():
                self._ftp.open()
        except BaseException:
            self.close()
            raise

    def login(self, credentials: Credentials) -> None:
        """Sign in by USER and PASS; under TLS, have the data connections protected as well (PBSZ 0, PROT P)."""
        with self._told("login"):
            self._ftp.login(credentials.user, credentials.secret)
        self._features = None
        if self._ftp.secured:
            with self._told("prot"):
                self._ftp.voidcmd("PBSZ 0")
                self._ftp.voidcmd("PROT P")
                self._ftp.protected = True
        if "UTF8" in self.features:
            with suppress(Refused):
                self.say("OPTS UTF8 ON")

    @property
    def features(self) -> frozenset[str]:
        """The first words of FEAT's lines, upper case; empty where the server has no FEAT."""
        if self._features is None:
            try:
                self._features = features(self.say("FEAT"))
            except Refused:
                self._features = frozenset()
        return self._features

    @property
    def last(self) -> str:
        """The code of the last reply."""
        return str(self._ftp.lastresp)

    def say(self, line: str) -> str:
        """Say a command and return the reply (lines parted by LF); Refused on 4yz and 5yz."""
        with self._told():
            return self._ftp.sendcmd(line)

    def pwd(self) -> str:
        """The current directory."""
        with self._told():
            return self._ftp.pwd()

    def entries(self, path: str) -> list[Entry]:
        """What is in ``path``: MLSD (RFC 3659, 7), or LIST where the server has no MLSD."""
        if "MLST" in self.features or "MLSD" in self.features:
            try:
                return self._entries("MLSD", path)
            except Refused as error:
                if error.code not in ("500", "502", "504"):
                    raise
        # LIST takes options: a name that begins with a dash, or has a blank in it, is only safe as ".".
        self.cwd(path)
        return self._entries("LIST", "")

    def cwd(self, path: str) -> None:
        """Change the directory."""
        self.say(f"CWD {path}")

    def size(self, path: str) -> int:
        """A file's size in bytes as it would be sent now (RFC 3659, 4)."""
        self.binary()
        return number(self.say(f"SIZE {path}"))

    def modified(self, path: str) -> datetime:
        """When a file was last changed, in UTC (RFC 3659, 3)."""
        told = parse_time(self.say(f"MDTM {path}")[4:].strip())
        if told is None:
            raise Garbled("MDTM was answered without a time", cause="no-ftp")
        return told

    def mkd(self, path: str) -> None:
        """Make a directory."""
        self.say(f"MKD {path}")

    def rmd(self, path: str) -> None:
        """Remove an empty directory."""
        self.say(f"RMD {path}")

    def dele(self, path: str) -> None:
        """Delete a file."""
        self.say(f"DELE {path}")

    def rename(self, old: str, new: str) -> None:
        """Rename or move (RNFR, RNTO)."""
        with self._told():
            self._ftp.rename(old, new)

    def chmod(self, path: str, mode: str) -> None:
        """Set a file's mode (octal) by SITE CHMOD, which no RFC knows and most servers do."""
        self.say(f"SITE CHMOD {mode} {path}")

    def noop(self) -> None:
        """Ask whether the connection is alive."""
        self.say("NOOP")

    def binary(self) -> None:
        """TYPE I, said once."""
        if self._type != "I":
            self.say("TYPE I")
            self._type = "I"

    def retrieve(self, path: str, most: int) -> bytes:
        """A file's bytes; TooMuch beyond ``most``. Larger files stream through ``async_client``."""
        self.binary()
        with self._told():
            return b"".join(self._ftp.incoming(f"RETR {path}", most))

    def store(self, path: str, raw: bytes) -> None:
        """Write a file."""
        self.binary()
        with self._told():
            self._ftp.outgoing(f"STOR {path}", raw)

    def quit(self) -> None:
        """Say QUIT and close; a server that is gone already is no error."""
        with suppress(WireError):
            self.say("QUIT")
        self.close()

    def renew(self) -> None:
        """Begin a new action on a connection that is kept."""
        self._ftp.renew()

    def close(self) -> None:
        """Close at once, from any thread."""
        self._ftp.cut()

    def _entries(self, how: str, path: str) -> list[Entry]:
        found = Listing(how)
        entries: list[Entry] = []
        with self._told():
            for chunk in self._ftp.incoming(f"{how} {path}".rstrip(), LISTING):
                entries += found.feed(chunk)
        return entries + found.close()

    @contextmanager
    def _told(self, stage: str = "") -> Iterator[None]:
        try:
            yield
        except WireError:
            raise
        except (ftplib.error_temp, ftplib.error_perm) as error:
            raise refused(str(error), stage) from None
        except ftplib.Error as error:
            text = str(error)
            if re.match("[1-6][0-9]{2}", text):
                raise refused(text, stage) from None
            raise Garbled("the answer is no FTP", cause="no-ftp") from error
        except EOFError as error:
            raise Unreachable("the server closed the connection", cause="closed") from error
        except (ssl.SSLError, OSError) as error:
            raise Unreachable("the connection was lost", cause="lost") from error
        except (ValueError, IndexError, AttributeError) as error:
            raise Garbled("the answer is no FTP", cause="no-ftp") from error


class _Tapped(ftplib.FTP):
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
        if not isinstance(self.sock, socket.socket):
            raise Unreachable("the connection is closed", cause="closed")
        return self.sock

    def _tls(self) -> tap.TapTlsSocket:
        sock = self._tapped()
        if not isinstance(sock, tap.TapTlsSocket):
            raise Garbled("the control connection is not inside TLS", cause="not-supported")
        return sock


def refused(reply: str, stage: str = "") -> Refused:
    """A reply that says no, as an error: its code and its last line's text."""
    code, text = reply[:3], reply.rsplit("\n", 1)[-1]
    text = text[4:] if text.startswith(code) else text
    return Refused(code, text, **({"stage": stage} if stage else {}))


def features(reply: str) -> frozenset[str]:
    """The first words of the lines of FEAT's reply (RFC 2389, 3.2), upper case."""
    return frozenset(line.split()[0].upper() for line in reply.split("\n")[1:-1] if line.split())


def number(reply: str) -> int:
    """The number that a 213 tells; Garbled where it tells none."""
    found = re.fullmatch(r"213 +([0-9]{1,18})\s*", reply)
    if found is None:
        raise Garbled("SIZE was answered without a size", cause="no-ftp")
    return int(found[1])

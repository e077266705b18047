"""Speaking FTP to a server: ftplib over tapped sockets, held to its bounds (RFC 959, 2389, 2428, 3659, 4217).

For tasks, which block; ``async_client`` is the same for files that stream and for the command line.
"""

from __future__ import annotations

import ftplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from protocols.errors import Garbled, Refused, Unreachable, WireError
from protocols.events import Sink
from protocols.ftp.connection import Connection
from protocols.ftp.listing import Entry, Listing, parse_time
from protocols.ftp.replies import features, number, refused
from protocols.login import Address, Credentials, Limits

LISTING = 32 * 1024 * 1024
"""Bytes of the longest listing that is read."""


def connect(address: Address, sink: Sink, limits: Limits | None = None, *, passive: bool = True) -> Session:
    """Open a session: greeting, and AUTH TLS where the address asks for it; WireErrors as ``Session``."""
    return Session(address, sink, limits or Limits(), passive=passive)


class Session:
    """One control connection. Every verb raises Refused on 4yz and 5yz, Unreachable, TooMuch or Garbled."""

    def __init__(self, address: Address, sink: Sink, limits: Limits, *, passive: bool = True) -> None:
        self._ftp = Connection(address, sink, limits, passive)
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

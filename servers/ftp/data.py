"""FTP's data connections: passive and active, inside TLS or not, ended truthfully."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
from contextlib import suppress
from typing import Any

from OpenSSL import SSL
from pyftpdlib.exceptions import _FileReadWriteError, _RetryError
from pyftpdlib.handlers import TLS_DTPHandler
from pyftpdlib.handlers.ftp.dispatchers import ActiveDTP, PassiveDTP
from pyftpdlib.utils import is_ssl_sock

from servers.ftp.space import Full, Upload

log = logging.getLogger("netlab.ftp")

STALLED = 120
"""Seconds in which something must have moved."""

BROKEN = {errno.ECONNRESET, errno.EPIPE, errno.ETIMEDOUT, errno.ECONNABORTED}


class Data(TLS_DTPHandler):
    """One data connection. Its end is told by 226, or by what went wrong; an upload counts what it stored."""

    timeout = STALLED
    ac_in_buffer_size = 256 * 1024
    ac_out_buffer_size = 512 * 1024

    def recv(self, size: int) -> bytes:
        """Read inside TLS as outside; the library's own takes a reset there for an orderly end."""
        if not is_ssl_sock(self.socket):
            return super().recv(size)
        try:
            data = self.socket.recv(size)
        except SSL.WantReadError as error:
            self._ssl_want_read = True
            raise _RetryError from error
        except SSL.WantWriteError as error:
            self._ssl_want_write = True
            raise _RetryError from error
        except SSL.Error:
            self.handle_close()
            return b""
        if not data:
            self.handle_close()
        return data

    def handle_close(self) -> None:
        """The client ended it: that is the end of an upload, unless the connection was reset (RFC 959 3.3)."""
        if self._closed:
            return None
        if self.receive and self._reset(sys.exc_info()[1]):
            count = self.tot_bytes_received
            return self._fail(f"426 The data connection broke after {count} bytes; what had come is kept.")
        if self.receive and self._had_cr and self.file_obj is not None:
            self._had_cr = False
            try:
                self.file_obj.write(b"\r")  # the last sign of a text, held back in case that a LF came
            except OSError as error:
                return self._store_failed(error)
        return super().handle_close()

    def handle_error(self) -> None:
        """Tell what failed; without it the client would wait for ever."""
        error = sys.exc_info()[1]
        self._error = True  # then close() leaves TLS's own farewell out
        if isinstance(error, _FileReadWriteError):
            return self._store_failed(error.__cause__ or error)
        if isinstance(error, OSError | SSL.Error):
            return self._fail("426 The data connection broke.")
        log.error("a data connection failed", exc_info=error)
        return self._fail("451 Local error; the transfer was stopped.")

    def handle_timeout(self) -> None:
        """Nothing moved for a while."""
        if self.get_transmitted_bytes() > self._lastdata:
            self._lastdata = self.get_transmitted_bytes()
        else:
            self._error = True
            self._fail(f"426 Nothing moved for {STALLED} seconds; the transfer was stopped.")

    def handle_failed_ssl_handshake(self) -> None:
        self._error = True
        self._fail("522 TLS did not come about on the data connection.")

    def close(self) -> None:
        if self._closed:
            return
        if isinstance(self.file_obj, Upload):
            self.file_obj.finish(bool(self.transfer_finished))
        if self._resp and self._resp[0].startswith("226") and self.file_obj is not None:
            self._resp = (f"226 Transfer complete ({self.get_transmitted_bytes()} bytes).", log.debug)
        super().close()

    def _store_failed(self, error: BaseException) -> None:
        number = getattr(error, "errno", 0)
        name = os.path.basename(getattr(self.file_obj, "name", "") or "")
        if isinstance(error, Full) and isinstance(self.file_obj, Upload):
            self.file_obj.undo()
            return self._fail(f"552 Your {self.cmd_channel.allowance} are used up; {name} was not stored.")
        if number in (errno.ENOSPC, errno.EDQUOT):
            return self._fail("452 The server's disk is full; the transfer was stopped.")
        return self._fail(
            f"451 {os.strerror(number) if number else 'Local error'}; the transfer was stopped."
        )

    def _fail(self, reply: str) -> None:
        self.transfer_finished = False
        if self.cmd_channel.pending:
            self._resp = (reply, log.debug)
        self.close()

    def _reset(self, error: BaseException | None) -> bool:
        if isinstance(error, SSL.SysCallError):
            return error.args[0] in BROKEN
        if isinstance(error, SSL.Error):
            # An end without TLS's farewell, as some clients make it, is as good as outside TLS; anything else is not.
            return not isinstance(error, SSL.ZeroReturnError) and "eof" not in str(error).lower()
        if isinstance(error, OSError):
            return True
        with suppress(OSError, AttributeError):
            return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in BROKEN
        return False


class NoPort(OSError):
    """Every passive port is taken."""


class Passive(PassiveDTP):
    """A port that waits for the client, and for nobody else; NoPort where none is free."""

    timeout = 30
    _tried = False

    def bind(self, addr: Any) -> None:
        """pyftpdlib would take any port at last, which a firewall that knows the range lets nobody reach."""
        if self._tried and not addr[1]:
            self.close()
            raise NoPort(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self._tried = self._tried or bool(addr[1])
        super().bind(addr)

    def handle_accepted(self, sock: socket.socket, addr: Any) -> None:
        """A stranger is turned away without a word on the control connection: nobody there asked for him."""
        if addr[0] != self.cmd_channel.remote_ip:
            log.warning("%s is not whom the data connection was for", addr[0])
            sock.close()
            return
        super().handle_accepted(sock, addr)

    def handle_timeout(self) -> None:
        self.close()
        self.cmd_channel.data_failed(f"425 Nobody connected to the data port within {self.timeout} seconds.")


class Active(ActiveDTP):
    """A connection to where the client said that it listens."""

    timeout = 20

    def handle_connect(self) -> None:
        self.del_channel()
        if self._idler is not None and not self._idler.cancelled:
            self._idler.cancel()
        if not self.cmd_channel.connected:
            return self.close()
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        self.cmd_channel._dtp_connector = None
        self.cmd_channel.data_channel = self.cmd_channel.dtp_handler(self.socket, self.cmd_channel)
        return self.cmd_channel._on_dtp_connection()

    def handle_write(self) -> None:
        """Nothing: by now the socket is the data connection's, and so are its events."""

    def handle_timeout(self) -> None:
        self.handle_close()

    def handle_close(self) -> None:
        if not self._closed:
            self.close()
            self.cmd_channel.data_failed(
                f"425 Nobody answers at {self._normalized_addr}, where PORT said you listen."
            )

"""imaplib and IMAPClient on a tapped socket: each line and each literal is held to its bounds."""

from __future__ import annotations

import imaplib
import select
from contextlib import suppress
from typing import Any, cast

import imapclient

from protocols import tap
from protocols.errors import Refused, TooMuch, WireError
from protocols.imap.responses import text_of
from protocols.login import Address, Limits

LONGEST = 1_000_000
"""Bytes of the longest line that is read."""

SLACK = 1024 * 1024
"""Bytes that an answer may have beside its one large literal."""


class _Opened(imaplib.IMAP4):
    """imaplib's IMAP4 on a socket that is open already."""

    def __init__(self, sock: Any, limits: Limits) -> None:
        self._opened, self._limits, self._literals = sock, limits, 0
        super().__init__("localhost", 0)

    def _create_socket(self, timeout: float | None = None) -> Any:
        return self._opened

    def send(self, data: Any) -> None:
        self._literals = 0
        super().send(data)

    def read(self, size: int) -> bytes:
        """Read a literal; one beyond the bound is refused before memory is taken for it."""
        self._literals += size
        if self._literals > self._limits.literal:
            raise TooMuch("the server announces too much", cause="literal", bytes=self._limits.literal)
        if size > self._limits.reply // 2:
            cast(Any, self.sock).meter.reply_limit(size + SLACK)
        return super().read(size)

    def readline(self) -> bytes:
        """Read a line; SEARCH answers in one, so the bound leaves room for every UID of a large folder."""
        bound = max(self._limits.line, LONGEST)
        line = cast(bytes, self.file.readline(bound + 1))
        if len(line) > bound:
            raise TooMuch("a line is too long", cause="line", bytes=bound)
        return line

    def shutdown(self) -> None:
        """Close; after LOGOUT, imaplib returns on BYE, and the tagged OK would be missing in the transcript."""
        if self.state == "LOGOUT":
            with suppress(WireError, OSError, ValueError):
                self.file.readline(LONGEST)
        super().shutdown()


class Connection(imapclient.IMAPClient):  # type: ignore[misc]
    """IMAPClient on a tapped socket."""

    def __init__(self, address: Address, sock: Any, limits: Limits) -> None:
        self._opened, self._limits = sock, limits
        super().__init__(address.host, address.port, use_uid=True, ssl=False)
        self.normalise_times = False

    def _create_IMAP4(self) -> _Opened:
        return _Opened(self._opened, self._limits)

    def start_tls(self, address: Address) -> None:
        """Take TLS up and forget what was said before (RFC 3501, 6.2.1)."""
        code, text = self._imap._simple_command("STARTTLS")
        if code != "OK":
            raise Refused(code, text_of(text[0] if text else b""), stage="starttls")
        self._imap.sock = self._opened = tap.start_tls(self._opened, address)
        self._imap.file = self._imap.sock.makefile("rb")
        self._imap._tls_established = True
        self._cached_capabilities = None

    def wait(self, seconds: float) -> None:
        """Wait until the server says something, at most ``seconds``."""
        waiting = select.poll()  # select() knows no file beyond the 1,024th
        waiting.register(self._imap.sock, select.POLLIN)
        waiting.poll(seconds * 1000)

    def close_socket(self) -> None:
        # The file holds the socket open; shut down first, for another thread may be waiting in it.
        with suppress(OSError, ValueError):
            self._opened.shutdown(2)
        with suppress(WireError, OSError, ValueError):
            self._imap.file.close()
        self._opened.close()

"""Speaking IMAP to a server: IMAPClient over a tapped socket, held to its bounds (RFC 3501, 9051)."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from imapclient.exceptions import IMAPClientError

from protocols import tap
from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Sink
from protocols.imap.connection import Connection
from protocols.imap.responses import Folder, Row, Status, folder, row, text_of
from protocols.login import Address, Credentials, Limits

PIECE = 200
"""UIDs in one FETCH: servers bound the length of a line (RFC 7162, 4)."""


def connect(address: Address, sink: Sink, limits: Limits | None = None) -> Session:
    """Open a session: greeting, and STARTTLS where the address asks for it; WireErrors as ``Session``."""
    limits = limits or Limits()
    return Session(address, tap.connect(address, sink, limits), limits)


class Session:
    """One connection. Every verb raises Refused on NO and BAD, Unreachable, TooMuch or Garbled."""

    def __init__(self, address: Address, sock: Any, limits: Limits | None = None) -> None:
        try:
            self._imap = self._call(lambda: Connection(address, sock, limits or Limits()))
            if address.security == "starttls":
                self._start_tls(address, sock)
        except BaseException:
            # imaplib's file would hold the socket open.
            with suppress(OSError, ValueError):
                sock.shutdown(2)
            sock.close()
            raise

    def login(self, credentials: Credentials) -> None:
        """Sign in by LOGIN; Refused where the server says no."""
        _refuse_breaks(credentials.user, credentials.secret)
        try:
            self._call(self._imap.login, credentials.user, credentials.secret)
        except Refused as error:
            raise Refused(error.code, error.text, cause="login", stage="login") from None

    @property
    def capabilities(self) -> frozenset[str]:
        """The server's capabilities, upper case."""
        told = self._call(self._imap.capabilities)
        return frozenset(text_of(word).upper() for word in told)

    def folders(self) -> list[Folder]:
        """Return every folder, in the server's order."""
        return [folder(*told) for told in self._call(self._imap.list_folders)]

    def status(self, name: str) -> Status:
        """Ask about a folder without selecting it."""
        _refuse_breaks(name)
        words = ["MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY"]
        told = self._call(self._imap.folder_status, name, words)
        return Status(*(int(told.get(word.encode(), 0)) for word in words))

    def select(self, name: str, readonly: bool = False) -> Status:
        """Select a folder (EXAMINE it, if ``readonly``)."""
        _refuse_breaks(name)
        told = self._call(self._imap.select_folder, name, readonly=readonly)
        modseq = told.get(b"HIGHESTMODSEQ")
        return Status(
            messages=int(told.get(b"EXISTS", 0)),
            unseen=0,
            uidnext=int(told.get(b"UIDNEXT", 0)),
            uidvalidity=int(told.get(b"UIDVALIDITY", 0)),
            highestmodseq=int(modseq[0] if isinstance(modseq, list | tuple) else modseq) if modseq else None,
        )

    def uids(self, criteria: Sequence[str] = ("ALL",)) -> list[int]:
        """Return the UIDs that match (RFC 3501, 6.4.4), rising."""
        _refuse_breaks(*criteria)
        return sorted(self._call(self._imap.search, list(criteria)))

    def fetch_index(self, uids: Sequence[int]) -> Iterator[list[Row]]:
        """Yield the rows of ``uids`` in pieces of at most PIECE, in the order asked for."""
        what = ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE"]
        for start in range(0, len(uids), PIECE):
            piece = list(uids[start : start + PIECE])
            told = self._call(self._imap.fetch, piece, what)
            yield [row(uid, told[uid]) for uid in piece if uid in told]

    def fetch_message(self, uid: int, limit: int) -> bytes:
        """Return at most ``limit`` bytes of a letter without marking it read; Refused where it is gone."""
        told = self._call(self._imap.fetch, [uid], [f"BODY.PEEK[]<0.{limit}>"])
        for key, value in told.get(uid, {}).items():
            if key.startswith(b"BODY[]"):
                return bytes(value or b"")
        raise Refused("NO", "the letter is not there any more", cause="gone")

    def append(
        self, folder: str, raw: bytes, flags: Sequence[str] = (), when: datetime | None = None
    ) -> None:
        """Put a letter into a folder."""
        _refuse_breaks(folder, *flags)
        self._call(self._imap.append, folder, raw, list(flags), when)

    def store(self, uids: Sequence[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Add and remove flags of letters in the selected folder."""
        _refuse_breaks(*add, *remove)
        if add:
            self._call(self._imap.add_flags, list(uids), list(add), silent=True)
        if remove:
            self._call(self._imap.remove_flags, list(uids), list(remove), silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move letters (RFC 6851), or copy and remove them where the server has no MOVE."""
        _refuse_breaks(folder)
        if "MOVE" in self.capabilities:
            self._call(self._imap.move, list(uids), folder)
            return
        self._call(self._imap.copy, list(uids), folder)
        self.store(uids, add=["\\Deleted"])
        self.expunge(uids)

    def expunge(self, uids: Sequence[int]) -> None:
        """Remove these letters for good, and no others that are marked (UID EXPUNGE, RFC 4315)."""
        if "UIDPLUS" in self.capabilities:
            self._call(self._imap.uid_expunge, list(uids))
            return
        self._call(self._imap.expunge)

    def create(self, folder: str) -> None:
        """Make a folder and subscribe to it."""
        _refuse_breaks(folder)
        self._call(self._imap.create_folder, folder)
        self._call(self._imap.subscribe_folder, folder)

    def noop(self) -> None:
        """Ask whether the connection is alive."""
        self._call(self._imap.noop)

    def idle(self, seconds: float) -> bool:
        """Wait for news of the selected folder (RFC 2177), at most ``seconds``; tell whether there was some."""
        self._call(self._imap.idle)
        # IMAPClient's idle_check reads on until the socket times out, which a bounded socket calls an error.
        self._imap.wait(seconds)
        _, rest = self._call(self._imap.idle_done)
        return any(len(word) > 1 and word[1] in (b"EXISTS", b"EXPUNGE", b"FETCH") for word in rest)

    def logout(self) -> None:
        """Say LOGOUT and close; a server that is gone already is no error."""
        try:
            self._call(self._imap.logout)
        except WireError:
            self.close()

    def close(self) -> None:
        """Close at once, from any thread."""
        self._imap.close_socket()

    def _start_tls(self, address: Address, sock: Any) -> None:
        if "STARTTLS" not in self.capabilities:
            raise TlsFailed("the server does not offer STARTTLS", cause="not-offered", host=address.host)
        self._call(self._imap.start_tls, address)

    def _call(self, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        try:
            return call(*args, **named)
        except WireError:
            raise
        except imaplib.IMAP4.abort as error:
            if "unexpected response" in str(error):
                raise Garbled("the answer is no IMAP", cause="no-imap") from error
            raise Unreachable("the server closed the connection", cause="closed") from error
        except (imaplib.IMAP4.error, IMAPClientError) as error:
            raise Refused("NO", _words(error)) from error
        except (ssl.SSLError, OSError) as error:
            raise Unreachable("the connection was lost", cause="closed") from error
        except MemoryError as error:
            raise TooMuch("the answer is too long", cause="reply-bytes") from error
        except (ValueError, KeyError, IndexError, AssertionError, TypeError, RecursionError) as error:
            raise Garbled("the answer is no IMAP", cause="no-imap") from error


def _refuse_breaks(*values: str) -> None:
    if any(sign in value for value in values for sign in "\r\n\0"):
        raise Garbled("a line break or NUL may not stand in a command", cause="line-break")


def _words(error: Exception) -> str:
    text = str(error)
    if "b'" in text or 'b"' in text:
        text = text.split("b'", 1)[-1].split('b"', 1)[-1].rstrip("'\"")
    return text

"""Speaking IMAP to a server: IMAPClient over a tapped socket, held to its bounds (RFC 3501, 9051)."""

from __future__ import annotations

import imaplib
import select
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import imapclient
from imapclient.exceptions import IMAPClientError

from protocols import tap
from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Sink
from protocols.letter import decoded
from protocols.login import Address, Credentials, Limits

LONGEST = 1_000_000
"""Bytes of the longest line that is read."""

SLACK = 1024 * 1024
"""Bytes that an answer may have beside its one large literal."""

PIECE = 200
"""UIDs in one FETCH: servers bound the length of a line (RFC 7162, 4)."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as LIST names it; ``special`` is its use without the backslash (RFC 6154), lower case."""

    name: str
    delimiter: str
    flags: tuple[str, ...]
    special: str


@dataclass(frozen=True, slots=True)
class Status:
    """What STATUS or SELECT tells of a folder; ``unseen`` is 0 where it was not told."""

    messages: int
    unseen: int
    uidnext: int
    uidvalidity: int
    highestmodseq: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One letter of the index, decoded for people."""

    uid: int
    flags: frozenset[str]
    size: int
    received: datetime
    subject: str
    sender_name: str
    sender_address: str
    recipients: str
    message_id: str
    has_attachment: bool


def connect(address: Address, sink: Sink, limits: Limits | None = None) -> Session:
    """Open a session: greeting, and STARTTLS where the address asks for it; WireErrors as ``Session``."""
    limits = limits or Limits()
    return Session(address, tap.connect(address, sink, limits), limits)


class Session:
    """One connection. Every verb raises Refused on NO and BAD, Unreachable, TooMuch or Garbled."""

    def __init__(self, address: Address, sock: Any, limits: Limits | None = None) -> None:
        try:
            self._imap = self._call(lambda: _Tapped(address, sock, limits or Limits()))
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
        return frozenset(_text(word).upper() for word in told)

    def folders(self) -> list[Folder]:
        """Return every folder, in the server's order."""
        return [_folder(*row) for row in self._call(self._imap.list_folders)]

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
            yield [_row(uid, told[uid]) for uid in piece if uid in told]

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


class _Tapped(imapclient.IMAPClient):  # type: ignore[misc]
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
            raise Refused(code, _text(text[0] if text else b""), stage="starttls")
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


def _folder(flags: Sequence[bytes], delimiter: bytes | None, name: str | bytes) -> Folder:
    words = tuple(_text(flag) for flag in flags)
    uses = {"\\drafts", "\\sent", "\\archive", "\\junk", "\\trash"}
    special = next((word[1:].lower() for word in words if word.lower() in uses), "")
    return Folder(_text(name), _text(delimiter or b""), words, special)


def _row(uid: int, told: dict[bytes, Any]) -> Row:
    try:
        return _read_row(uid, told)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        # A letter whose description cannot be read is a letter all the same; the others must not wait for it.
        flags = frozenset(_text(flag) for flag in told.get(b"FLAGS", ()) if isinstance(flag, bytes))
        return Row(uid, flags, 0, datetime(1970, 1, 1, tzinfo=UTC), "", "", "", "", "", False)


def _read_row(uid: int, told: dict[bytes, Any]) -> Row:
    envelope = told.get(b"ENVELOPE")
    senders = _people(envelope.from_ if envelope else None)
    readers = _people(envelope.to if envelope else None)
    received = told.get(b"INTERNALDATE") or datetime(1970, 1, 1, tzinfo=UTC)
    return Row(
        uid=uid,
        flags=frozenset(_text(flag) for flag in told.get(b"FLAGS", ())),
        size=int(told.get(b"RFC822.SIZE", 0)),
        received=received if received.tzinfo else received.replace(tzinfo=UTC),
        subject=_decoded(envelope.subject if envelope else b""),
        sender_name=senders[0][0] if senders else "",
        sender_address=senders[0][1] if senders else "",
        recipients=", ".join(name or address for name, address in readers),
        message_id=_text((envelope.message_id if envelope else b"") or b""),
        has_attachment=_attached(told.get(b"BODYSTRUCTURE")),
    )


def _people(told: Any) -> list[tuple[str, str]]:
    found = []
    for one in told or ():
        if one.mailbox and one.host:
            found.append((_decoded(one.name), f"{_text(one.mailbox)}@{_text(one.host)}"))
    return found


def _attached(structure: Any) -> bool:
    """Whether a part is marked an attachment or has a file name: its disposition stands in the structure."""
    if isinstance(structure, bytes):
        return structure.lower() in (b"attachment", b"filename", b"filename*")
    return isinstance(structure, tuple | list) and any(_attached(part) for part in structure)


def _decoded(raw: bytes | str | None) -> str:
    return decoded(_text(raw or b""))


def _refuse_breaks(*values: str) -> None:
    if any(sign in value for value in values for sign in "\r\n\0"):
        raise Garbled("a line break or NUL may not stand in a command", cause="line-break")


def _words(error: Exception) -> str:
    text = str(error)
    if "b'" in text or 'b"' in text:
        text = text.split("b'", 1)[-1].split('b"', 1)[-1].rstrip("'\"")
    return text


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")

"""Fetching mail by POP3: poplib over a tapped socket, held to its bounds (RFC 1939, 2449, 2595)."""

from __future__ import annotations

import poplib
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from protocols import tap
from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable
from protocols.events import Sink
from protocols.login import Address, Credentials, Limits
from protocols.pop3.grammar import parse_reply


def connect(address: Address, sink: Sink, limits: Limits | None = None) -> Session:
    """Open a session: greeting, and STLS where the address asks for it.

    Unreachable, TlsFailed (also where STLS is not offered), Refused (no welcome), Garbled, TooMuch.
    """
    limits = limits or Limits()
    return Session(address, tap.connect(address, sink, limits), limits)


class Session:
    """One connection, greeted; a context manager that says QUIT at its end (only then DELE takes effect)."""

    def __init__(self, address: Address, sock: Any, limits: Limits) -> None:
        self._address, self._limits = address, limits
        self._sock: Any = sock
        try:
            with self._told():
                self._pop = _Tapped(sock, limits)
            if address.security == "starttls":
                self._start_tls()
        except BaseException:
            tap.cut(self._sock)
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error nothing may be deleted: the connection is dropped, which undoes every mark.
        if kind is None:
            self.quit()
        self.close()

    @property
    def greeting(self) -> str:
        """The server's first line, without ``+OK``."""
        return self._pop.getwelcome().decode("utf-8", "replace")[3:].strip()

    def login(self, credentials: Credentials) -> None:
        """Sign in with USER and PASS; Refused where the server says no."""
        _clean(credentials.user, credentials.secret)
        with self._told("login"):
            self._pop.user(credentials.user)
            self._pop.pass_(credentials.secret)

    def apop(self, credentials: Credentials) -> None:
        """Sign in with APOP; Garbled where the greeting has no timestamp to reckon from."""
        _clean(credentials.user, credentials.secret)
        if "<" not in self.greeting:
            raise Garbled("the greeting has no timestamp: APOP is not offered", cause="not-supported")
        with self._told("login"):
            self._pop.apop(credentials.user, credentials.secret)

    def capabilities(self) -> dict[str, list[str]]:
        """What CAPA lists: tag to its parameters; empty where the server has no CAPA."""
        try:
            with self._told():
                return self._pop.capa()
        except Refused:
            return {}

    def stat(self) -> tuple[int, int]:
        """How many messages, and their octets together."""
        with self._told():
            return self._pop.stat()

    def list(self) -> dict[int, int]:
        """Message number to size in octets."""
        with self._told():
            rows = [row.split() for row in self._pop.list()[1]]
            return {int(row[0]): int(row[1]) for row in rows}

    def uidl(self) -> dict[int, str]:
        """Message number to its lasting name."""
        with self._told():
            rows = [row.split(None, 1) for row in self._pop.uidl()[1]]
            return {int(row[0]): row[1].decode("latin-1") for row in rows}

    def top(self, number: int, lines: int = 0) -> bytes:
        """The headers and the first ``lines`` lines of a message, with CR LF."""
        with self._told():
            return _joined(self._pop.top(number, lines)[1])

    def retr(self, number: int) -> bytes:
        """A whole message, with CR LF; TooMuch where it is over ``limits.literal``."""
        self._sock.meter.reply_limit(self._limits.literal)
        with self._told():
            return _joined(self._pop.retr(number)[1])

    def dele(self, number: int) -> None:
        """Mark a message; it goes at ``quit``."""
        with self._told():
            self._pop.dele(number)

    def rset(self) -> None:
        """Take every mark back."""
        with self._told():
            self._pop.rset()

    def noop(self) -> None:
        """Say that we are still here."""
        with self._told():
            self._pop.noop()

    def quit(self) -> None:
        """Say QUIT and wait for the answer: what was marked is deleted. Refused where some could not be."""
        with self._told("quit"):
            self._pop.say("QUIT")
        self.close()

    def close(self) -> None:
        """Close at once, from any thread; whoever waits gets Unreachable."""
        tap.cut(self._sock)
        self._pop.forget()

    def _start_tls(self) -> None:
        with self._told("starttls"):
            try:
                self._pop.say("STLS")
            except poplib.error_proto:
                host = self._address.host
                raise TlsFailed("the server does not offer STLS", cause="not-offered", host=host) from None
        self._sock = tap.start_tls(self._sock, self._address)
        self._pop.adopt(self._sock)

    @contextmanager
    def _told(self, stage: str = "") -> Iterator[None]:
        try:
            yield
        except poplib.error_proto as error:
            raise _failure(error.args[0] if error.args else b"", stage) from None
        except (ValueError, IndexError) as error:
            raise Garbled("the answer is no POP3", cause="no-pop3") from error


class _Tapped(poplib.POP3):
    """poplib on a socket that is open already. Its bound of 2,048 bytes a line is too small for letters."""

    def __init__(self, sock: Any, limits: Limits) -> None:
        self._opened, self._longest = sock, limits.line
        super().__init__("", 0)

    def _create_socket(self, timeout: float) -> Any:
        return self._opened

    def _getline(self) -> tuple[bytes, int]:
        line = self.file.readline(self._longest + 1)
        if len(line) > self._longest:
            raise TooMuch("a line is too long", cause="line", bytes=self._longest)
        if not line.endswith(b"\n"):
            # A line the server did not finish is no answer: what was cut off could say otherwise.
            raise Unreachable("the server closed the connection", cause="closed")
        return line[:-1].removesuffix(b"\r"), len(line)

    def say(self, line: str) -> bytes:
        """Say one command and return the answer's first line; poplib.error_proto where it is no."""
        return self._shortcmd(line)  # type: ignore[attr-defined, no-any-return]

    def forget(self) -> None:
        """Drop the file that poplib reads from; the socket is closed with it."""
        self.file.close()

    def adopt(self, sock: Any) -> None:
        """Go on inside TLS; bytes read ahead are dropped, a reply injected before TLS would hide there."""
        self.sock = sock
        self.file = sock.makefile("rb")


def _failure(answer: bytes | str, stage: str) -> Refused | Garbled:
    raw = answer if isinstance(answer, bytes) else answer.encode()
    reply = parse_reply(raw)
    if reply is None or reply.status != "-ERR":
        return Garbled("the answer is no POP3", cause="no-pop3")
    # SYS/ codes are a server in trouble of its own, IN-USE a mailbox that is open elsewhere (RFC 3206, 2449).
    wrong = stage == "login" and not reply.code.startswith(("SYS/", "IN-USE", "LOGIN-DELAY"))
    why: dict[str, str | int] = {"cause": "login"} if wrong else {}
    return Refused("-ERR", reply.text, response=reply.code, stage=stage, **why)


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


def _clean(*values: str) -> None:
    if any(sign in value for value in values for sign in "\r\n\0"):
        raise Garbled("a line break or NUL may not stand in a command", cause="line-break")

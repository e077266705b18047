"""Asking a web server: requests written by hand, answers read by h11, over a tapped socket (RFC 9110, 9112).

What is said is ours, byte for byte, for a person may want to say what h11 would not (no Host, HTTP/1.0); h11 is
told the method, so that it knows how the answer is framed, and reads what comes.
"""

from __future__ import annotations

import re
import select
import time
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import h11

from protocols import tap
from protocols.errors import Garbled, TooMuch, Unreachable, WireError
from protocols.events import Foretold, Sink
from protocols.http.grammar import TOKEN
from protocols.login import Address, Limits

HEAD_LIMIT = 64 * 1024
"""Bytes of an answer's head: the status line and all fields together."""
MOST_EARLY = 20
"""Answers of the class 1xx before the one that counts; a server that says more of them will never come to it."""
FIELDS = 200
"""Fields of a request that are said; more are a mistake."""
PATIENCE = 1.0
"""Seconds to wait for 100 Continue; a server that does not know it says nothing (RFC 9110 section 10.1.1)."""
CHUNK = 64 * 1024
MAGIC = b"HTTP/"
"""What every answer begins with."""

_TOKEN = re.compile(TOKEN)
_TARGET = re.compile(r"[!-~]+")
_UNSAID = re.compile(r"[\r\n\0]")

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What to say. ``fields`` are said as they are and in their order; nothing is added to them.

    ``secret`` are the names of a form's fields whose values nobody else may read, whatever the names tell.
    """

    method: str
    target: str
    fields: Fields = ()
    body: bytes = b""
    version: str = "1.1"
    secret: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. ``body`` is without its chunks but as compressed as it was sent; ``early`` are 1xx codes.

    ``trouble`` is why the body is not whole, None where it is: what came before is kept.
    """

    version: str
    code: int
    reason: str
    fields: Fields = ()
    body: bytes = b""
    trailers: Fields = ()
    early: tuple[int, ...] = ()
    trouble: WireError | None = None

    def values(self, name: str) -> list[str]:
        """The values of every field ``name``."""
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name: str) -> str:
        """The first value of the field ``name``, "" where there is none."""
        return next(iter(self.values(name)), "")


def connect(address: Address, sink: Sink, limits: Limits | None = None) -> Session:
    """Open a connection, with TLS where the address's security is ``tls``; Unreachable, TlsFailed, TooMuch."""
    limits = limits or Limits()
    return Session(tap.connect(address, sink, limits), limits, sink)


class Session:
    """One connection, asked one request after the other for as long as it ``stays``; a context manager."""

    def __init__(self, sock: Any, limits: Limits, sink: Sink) -> None:
        self._sock, self._limits, self._sink = sock, limits, sink
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        self.stays = True

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, request: Request) -> Answer:
        """Say ``request`` and return the answer.

        Garbled: a value that may not be said (nothing was), or an answer that is no HTTP. Unreachable, TooMuch:
        before the answer's head was whole; after it, they stand in ``trouble`` beside what came.
        """
        head = written(request)
        if not self.stays:
            raise Unreachable("the connection is used up", cause="closed")
        self._expect(request)
        if request.secret:
            self._sink(Foretold(time.time(), request.secret))
        waits = bool(request.body) and _says(request, "expect", "100-continue")
        answer = _Coming()
        try:
            self._say(head if waits else head + request.body)
            if waits and self._goes_on(answer):
                self._say(request.body)
            return self._hear(answer)
        except BaseException:
            self.stays = False
            self.close()
            raise

    @property
    def quiet(self) -> bool:
        """Whether another request may be said: the connection stays, and nothing came that nobody asked for (an
        answer sent ahead would be taken for the next one; readable without bytes is a server that went)."""
        return self.stays and not select.select([self._sock], [], [], 0)[0]

    def close(self) -> None:
        """Close the connection; may be called twice."""
        tap.cut(self._sock)

    def _expect(self, request: Request) -> None:
        """Tell h11 what is asked: it reads the answer to HEAD and CONNECT in another way."""
        asked = h11.Request(method=request.method, target=request.target, headers=[("Host", "-")])
        self._h11.send(asked)
        self._h11.send(h11.EndOfMessage())
        self._version = request.version
        self._closes = _says(request, "connection", "close")

    def _say(self, raw: bytes) -> None:
        try:
            self._sock.sendall(raw)
        except Unreachable:
            # A server may answer and close before it has read everything; its answer is worth hearing.
            if self._sock.fileno() < 0:
                raise

    def _goes_on(self, answer: _Coming) -> bool:
        """Wait for 100 Continue; True where the body is to be sent, False where an answer came instead."""
        while answer.head is None and not answer.early:
            if self._event(answer):
                continue
            ready = getattr(self._sock, "pending", lambda: 0)()
            if not ready and not select.select([self._sock], [], [], PATIENCE)[0]:
                return True
            self._receive(answer)
        return answer.head is None

    def _hear(self, answer: _Coming) -> Answer:
        try:
            while not answer.over:
                if not self._event(answer):
                    self._receive(answer)
        except WireError as error:
            if answer.head is None:
                raise
            self.stays = False
            self.close()
            return replace(answer.whole(), trouble=error)
        more = len(self._h11.trailing_data[0]) if self._h11.their_state is h11.DONE else 0
        self._next()
        if more:
            # What follows an answer that was asked for is nobody's answer (RFC 9112 section 6.3).
            self.stays = False
            self.close()
            return replace(
                answer.whole(), trouble=Garbled("more came than was announced", cause="more", bytes=more)
            )
        return answer.whole()

    def _event(self, answer: _Coming) -> bool:
        """Take one event out of what was received; False where more has to come first."""
        try:
            event = self._h11.next_event()
        except h11.RemoteProtocolError as error:
            raise _misread(error, answer) from error
        if event is not h11.NEED_DATA:
            answer.take(event)
        return event is not h11.NEED_DATA

    def _receive(self, answer: _Coming) -> None:
        raw = self._sock.recv(CHUNK)
        answer.first = answer.first or raw[: len(MAGIC)]
        if answer.head is None and not answer.early and not MAGIC.startswith(answer.first):
            # h11 would wait for a blank line that another protocol never says.
            raise Garbled("what answers there does not speak HTTP", cause="no-http")
        self._h11.receive_data(raw)

    def _next(self) -> None:
        """Make ready for another request, where both sides keep the connection."""
        # h11 was told of a request in 1.1; one in 1.0 asked for the connection's end.
        if self._closes or self._version != "1.1" or self._h11.their_state is not h11.DONE:
            self.stays = False
            self.close()
            return
        self._h11.start_next_cycle()


@dataclass(slots=True)
class _Coming:
    """An answer while it comes."""

    head: h11.Response | None = None
    early: list[int] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    trailers: Fields = ()
    over: bool = False
    first: bytes = b""

    def take(self, event: Any) -> None:
        if isinstance(event, h11.InformationalResponse):
            self.early.append(event.status_code)
            if len(self.early) > MOST_EARLY:
                raise TooMuch("only 1xx answers come", cause="early", count=MOST_EARLY)
        elif isinstance(event, h11.Response):
            self.head = event
        elif isinstance(event, h11.Data):
            self.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            self.trailers, self.over = _fields(event.headers), True
        elif event is h11.PAUSED:
            # 101 or CONNECT: from here on it is another protocol, and not ours.
            self.over = True
        elif isinstance(event, h11.ConnectionClosed):
            raise Unreachable("the server closed the connection", cause="closed")

    def whole(self) -> Answer:
        head = self.head
        if head is None:
            raise Garbled("no answer came", cause="no-http")
        return Answer(
            version=head.http_version.decode(),
            code=head.status_code,
            reason=head.reason.decode("latin-1"),
            fields=_fields(head.headers),
            body=bytes(self.body),
            trailers=self.trailers,
            early=tuple(self.early),
        )


def _says(request: Request, name: str, word: str) -> bool:
    return any(key.lower() == name and word in value.lower() for key, value in request.fields)


def written(request: Request) -> bytes:
    """The head of ``request`` as it crosses the wire; Garbled where a value of it may not be said."""
    if not _TOKEN.fullmatch(request.method):
        raise Garbled(f"{request.method!r} can be no method", cause="method")
    if not _TARGET.fullmatch(request.target):
        raise Garbled("a target has no blanks and no other than ASCII characters", cause="target")
    if request.version not in ("1.0", "1.1"):
        raise Garbled(f"HTTP/{request.version} is not spoken here", cause="version")
    if len(request.fields) > FIELDS:
        raise Garbled("too many fields", cause="fields")
    lines = [f"{request.method} {request.target} HTTP/{request.version}"]
    for name, value in request.fields:
        if not _TOKEN.fullmatch(name):
            raise Garbled(f"{name!r} can be no field name", cause="field-name")
        if _UNSAID.search(value):
            raise Garbled("a line break in a field", cause="line-break")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")


def _misread(error: h11.RemoteProtocolError, answer: _Coming) -> WireError:
    text = str(error)
    if error.error_status_hint == 431:
        return TooMuch("the head of the answer is too long", cause="head", bytes=HEAD_LIMIT)
    if "closed" in text.lower():
        return Unreachable("the server closed the connection before its answer was whole", cause="closed")
    return Garbled(text, cause="no-http" if answer.head is None else "chunk")


def _fields(headers: Any) -> Fields:
    """Fields with their names as the server wrote them."""
    rows = headers.raw_items() if hasattr(headers, "raw_items") else headers
    return tuple((name.decode("latin-1"), _text(value)) for name, value in rows)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")

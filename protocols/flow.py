"""FTP's data connections for asyncio: what ``data`` is for threads, for files on their way to and from a browser."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from contextlib import suppress
from typing import Any, cast

from protocols import tap
from protocols.data import DataMeter
from protocols.errors import TlsFailed, TooMuch, Unreachable, WireError
from protocols.login import Address, Limits

HIGH = 1024 * 1024
"""Bytes that may wait in memory for a slow reader, in either direction, before the faster side has to wait."""


class Resuming(ssl.SSLObject):
    """asyncio makes its TLS objects by itself and passes no session on: this takes it from the context."""

    @classmethod
    def _create(cls, *args: Any, session: Any = None, context: Any = None, **named: Any) -> Any:
        resumed = session or getattr(context, "resume", None)
        made = cast(Any, super())
        return made._create(*args, session=resumed, context=context, **named)


class Flow(asyncio.Protocol):
    """One data connection for asyncio. At most HIGH bytes (and what the system holds) wait in it."""

    def __init__(self, meter: DataMeter, limits: Limits) -> None:
        self.meter, self._limits = meter, limits
        self.transport: Any = None
        self._chunks: deque[bytes] = deque()
        self._waiting = 0
        self._full = self._ended = False
        self._error: Exception | None = None
        self._news = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._lost = asyncio.Event()

    @property
    def ended(self) -> bool:
        """The other side said all it had to say, and all of it was read."""
        return self._ended and not self._chunks and not self._error

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.set_write_buffer_limits(high=HIGH)

    def data_received(self, data: bytes) -> None:
        try:
            self.meter.received(data)
        except WireError as error:
            self._error = error
            self.transport.abort()
            return
        self._chunks.append(data)
        self._waiting += len(data)
        if self._waiting > HIGH and not self._full:
            self._full = True
            self.transport.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        self._ended = True
        self.meter.closed("S")
        self._news.set()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc and not self._ended:
            self._error = self._error or exc
            self.meter.closed("-", "lost")
        else:
            self.meter.closed("S")
        self._ended = True
        for event in (self._news, self._may_write, self._lost):
            event.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def read(self) -> bytes:
        """The next bytes, b"" at the end; Unreachable(cause="data-lost"), TooMuch where the server is silent."""
        while not self._chunks:
            if self._error:
                raise self._failure()
            if self._ended:
                return b""
            self._news.clear()
            await self._patiently(self._news.wait())
        chunk = self._chunks.popleft()
        self._waiting -= len(chunk)
        if self._full and self._waiting <= HIGH // 2:
            self._full = False
            self.transport.resume_reading()
        return chunk

    async def write(self, raw: bytes) -> None:
        """Send ``raw``; waits while more than HIGH bytes are on their way."""
        if self._ended or self._error:
            raise self._failure()
        self.meter.sent(raw)
        self.transport.write(raw)
        if not self._may_write.is_set():
            await self._patiently(self._may_write.wait())
            if self._ended:
                raise self._failure()

    async def finish(self) -> None:
        """Everything was written: send it and say goodbye, which is how FTP ends a file."""
        if self._error:
            raise self._failure()
        self.meter.closed("C")
        self.transport.close()
        with suppress(TooMuch):
            await self._patiently(self._lost.wait())

    def abort(self) -> None:
        """Close at once; what waits is dropped."""
        self.meter.closed("-", "cancelled")
        if not self._lost.is_set():
            self.transport.abort()

    async def _patiently(self, wait: Any) -> None:
        try:
            async with asyncio.timeout(self.meter.wait()):
                await wait
        except TimeoutError as error:
            self.meter.closed("-", "timeout")
            self.transport.abort()
            raise TooMuch("the server is silent", cause="idle", seconds=int(self._limits.idle)) from error

    def _failure(self) -> WireError:
        if isinstance(self._error, WireError):
            return self._error
        return Unreachable("the data connection broke", cause="data-lost", size=self.meter.size)


async def flow_to(host: str, port: int, flow: Flow, timeout: float) -> None:
    """Passive mode: connect ``flow`` to ``port`` of ``host`` (the control connection's address)."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            await loop.create_connection(lambda: flow, host, port)
    except OSError as error:
        raise Unreachable("no data connection", cause="data", host=host, port=port) from error
    except TimeoutError as error:
        raise Unreachable("no data connection", cause="data", host=host, port=port) from error
    ends = (flow.transport.get_extra_info(end) for end in ("sockname", "peername"))
    flow.meter.opened("C", *ends)


class FlowDoor:
    """Active mode for asyncio: a port of ours that the server, and nobody else, connects to."""

    def __init__(self, host: str, peer: str, flow: Flow) -> None:
        self.host, self._peer, self._flow = host, peer, flow
        self.port = 0
        self._server: asyncio.Server | None = None
        self._came = asyncio.Event()

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.get_running_loop().create_server(_Guest(self), self.host, 0, backlog=1)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def accept(self, timeout: float) -> None:
        """Wait until the server has connected; Unreachable(cause="data-waited") where it does not."""
        try:
            async with asyncio.timeout(timeout):
                await self._came.wait()
        except TimeoutError as error:
            raise Unreachable("the server did not connect", cause="data-waited") from error
        finally:
            self.close()

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    def take(self, transport: Any) -> Flow | None:
        """Somebody connected: the flow where it is the server, else None."""
        where = transport.get_extra_info("peername")
        if self._came.is_set() or where[0] != self._peer:
            return None
        self._flow.meter.opened("S", transport.get_extra_info("sockname"), where)
        self._came.set()
        return self._flow


class _Guest:
    """Makes the protocol of whoever connects to a FlowDoor: the flow for the server, none for others."""

    def __init__(self, door: FlowDoor) -> None:
        self._door = door

    def __call__(self) -> asyncio.Protocol:
        return _Met(self._door)


class _Met(asyncio.Protocol):
    """Stands at the door until it is known who came; then it hands the connection to the flow."""

    def __init__(self, door: FlowDoor) -> None:
        self._door = door

    def connection_made(self, transport: Any) -> None:
        flow = self._door.take(transport)
        if flow is None:
            transport.abort()
            return
        transport.set_protocol(flow)
        flow.connection_made(transport)


async def start_flow_tls(flow: Flow, context: ssl.SSLContext, session: Any, address: Address) -> None:
    """Turn a flow into TLS under the control connection's context and session (RFC 4217, 10.2)."""
    loop = asyncio.get_running_loop()
    context.sslobject_class = Resuming
    cast(Any, context).resume = session
    try:
        transport = await loop.start_tls(
            flow.transport, flow, context, server_hostname=address.host, ssl_handshake_timeout=15
        )
    except (OSError, ConnectionError) as error:
        flow.meter.closed("-", "tls")
        flow.transport.abort()
        raise tap.tls_failed(error, address) from error
    if transport is None:
        raise TlsFailed("the data connection closed", cause="handshake", host=address.host)
    flow.connection_made(transport)
    secured = transport.get_extra_info("ssl_object")
    try:
        tap.check_pin(secured.getpeercert(binary_form=True), address)
    except TlsFailed:
        flow.meter.closed("-", "tls")
        flow.transport.abort()
        raise
    flow.meter.secured(secured)

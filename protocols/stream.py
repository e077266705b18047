"""Connections for asyncio that report every byte: what ``tap`` is for threads, for sessions that wait long.

The gateway's IDLE and the health probes use it. The same bounds hold: each wait by ``limits.idle``, the whole
by ``limits.total`` (``renew`` begins it anew), a reply's bytes by ``limits.reply``, a line's by ``limits.line``.
"""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from protocols import tap
from protocols.errors import TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Opened, Sink
from protocols.login import Address, Limits

CHUNK = 64 * 1024
Found = TypeVar("Found")


async def connect(address: Address, sink: Sink, limits: Limits | None = None) -> Stream:
    """Open a connection (with TLS from the first byte where the address's security is ``tls``).

    Unreachable: refused, no route, no answer in time. TlsFailed: the certificate or the handshake.
    """
    limits = limits or Limits()
    loop = asyncio.get_running_loop()
    reader = _Reader(limits.line, loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    opening = loop.create_connection(lambda: protocol, address.ip, address.port)
    try:
        transport, _ = await asyncio.wait_for(opening, limits.connect)
    except OSError as error:
        raise tap.unreachable(error, address) from error
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    stream = Stream(address, reader, writer, tap.Meter(sink, limits), limits)
    local, remote = (writer.get_extra_info(end) for end in ("sockname", "peername"))
    sink(Opened(time.time(), address.host, f"{local[0]}:{local[1]}", f"{remote[0]}:{remote[1]}"))
    if address.security == "tls":
        await stream.start_tls()
    return stream


class _Reader(asyncio.StreamReader):
    """A reader that knows how many bytes came and were not asked for yet.

    ``first`` is offered what comes while there are none, and says whether it took it.
    """

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=limit, loop=loop)
        self.ahead = 0
        self.first: Callable[[bytes], bool] | None = None

    def feed_data(self, data: Any) -> None:
        if self.first and not self.ahead and self.first(data):
            return
        self.ahead += len(data)
        super().feed_data(data)

    async def read(self, n: int = -1) -> bytes:
        raw = await super().read(n)
        self.ahead -= len(raw)
        return raw


class Stream:
    """One connection. Every method raises Unreachable, TooMuch or, for TLS, TlsFailed; ``close`` ends waits."""

    def __init__(
        self,
        address: Address,
        reader: _Reader,
        writer: asyncio.StreamWriter,
        meter: tap.Meter,
        limits: Limits,
    ) -> None:
        self.meter = meter
        self._address, self._limits = address, limits
        self._reader, self._writer = reader, writer
        self._kept = bytearray()
        self._context: ssl.SSLContext | None = None
        self._patience = Patience(writer)

    async def __aenter__(self) -> Stream:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def readline(self) -> bytes:
        """The next line with its ending; Unreachable(cause="closed") where the server ended before or in it."""
        while (at := self._kept.find(b"\n")) < 0:
            if len(self._kept) > self._limits.line:
                raise self._failed(TooMuch("a line is too long", cause="line", bytes=self._limits.line))
            await self._fill()
        return self._take(at + 1)

    async def read(self) -> bytes:
        """Whatever comes next, not yet a line perhaps; Unreachable(cause="closed") where the server ended."""
        if not self._kept:
            await self._fill()
        return self._take(len(self._kept))

    def listen(self, understood: Callable[[bytes], Found | None], take: Callable[[Found], None]) -> None:
        """From here on, offer what comes to ``understood``; what that makes of it is told and goes to ``take`` at once.

        Whoever reads a line of each of fifty connections (a class in a channel) need not be woken fifty times. What
        comes while other bytes wait to be read, and what is not understood (None), is read as ever.
        """

        def first(raw: bytes) -> bool:
            found = None if self._kept else understood(raw)
            if found is None:
                return False
            self._patience.begin(self._limits.idle)
            self.meter.received(raw)
            take(found)
            return True

        self._reader.first = first

    async def readexactly(self, size: int) -> bytes:
        """The next ``size`` bytes (an announced literal); TooMuch where that is over ``limits.literal``."""
        if size > self._limits.literal:
            raise self._failed(TooMuch("a literal is too long", cause="literal", bytes=self._limits.literal))
        self.meter.reply_limit(size)
        while len(self._kept) < size:
            await self._fill()
        return self._take(size)

    async def write(self, raw: bytes) -> None:
        """Send ``raw`` and wait until the system took it."""
        try:
            async with asyncio.timeout(self.meter.wait()):
                self._writer.write(raw)
                await self._writer.drain()
        except (WireError, OSError) as error:
            raise self._told(error) from error
        self.meter.sent(raw)

    async def start_tls(self) -> None:
        """Upgrade to TLS, the certificate verified.

        What came before it is told and dropped, asyncio's read-ahead too: whoever stands in between could have
        written it, and it would pass for something said inside (RFC 3207 section 4.2, CVE-2011-0411).
        """
        while self._reader.ahead:
            await self._fill()
        self._kept.clear()
        self._context = tap.tls_context(self._address, asynchronous=True)
        try:
            await self._writer.start_tls(
                self._context,
                server_hostname=self._address.host,
                ssl_handshake_timeout=self._limits.connect,
            )
            secured: ssl.SSLObject = self._writer.get_extra_info("ssl_object")
            tap.check_pin(secured.getpeercert(binary_form=True), self._address)
        except (OSError, TlsFailed) as error:
            failure = error if isinstance(error, TlsFailed) else tap.tls_failed(error, self._address)
            self._failed(failure)
            await self.close()
            raise failure from error
        self.meter.secured(secured)

    @property
    def secured(self) -> bool:
        """Whether TLS is up."""
        return self._context is not None

    def tls(self) -> tuple[ssl.SSLContext, ssl.SSLSession | None]:
        """The context of this connection's TLS and its session, for a data connection to take up."""
        if self._context is None:
            raise TlsFailed("there is no TLS here", cause="not-offered", host=self._address.host)
        return self._context, self._writer.get_extra_info("ssl_object").session

    def ends(self) -> tuple[str, str]:
        """The IP addresses of this connection: ours and theirs."""
        local, remote = (self._writer.get_extra_info(end)[0] for end in ("sockname", "peername"))
        return str(local), str(remote)

    def renew(self) -> None:
        """Begin a new action on a connection that is kept: the total time and the reply's bytes run from now."""
        self.meter.renew()
        self.meter.reply_limit(self._limits.reply)

    async def close(self) -> None:
        """Close at once; whoever waits gets Unreachable(cause="cancelled")."""
        self.meter.cancel()
        self._patience.stop()
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _fill(self) -> None:
        try:
            self._patience.begin(self.meter.wait())
            try:
                raw = await self._reader.read(CHUNK)
            finally:
                self._patience.end()
            self.meter.received(raw)
        except (WireError, OSError) as error:
            raise self._told(error) from error
        if not raw:
            raise Unreachable("the server closed the connection", cause="closed", host=self._address.host)
        self._kept += raw

    def _take(self, size: int) -> bytes:
        raw = bytes(self._kept[:size])
        del self._kept[:size]
        return raw

    def _told(self, error: WireError | OSError) -> WireError:
        """What a wait ended with, as one of ours."""
        if isinstance(error, WireError):
            return self._failed(error)
        try:
            self.meter.wait()
        except WireError as over:
            return self._failed(over)
        if isinstance(error, TimeoutError):
            return self._failed(TooMuch("the server is silent", cause="idle", seconds=int(self._limits.idle)))
        return self._failed(Unreachable("the connection was lost", cause="lost", host=self._address.host))

    def _failed(self, error: WireError) -> WireError:
        self.meter.closed("-", str(error.params.get("cause", "")))
        return error


class Patience:
    """Ends a wait that takes too long: TimeoutError where ``end`` comes after the time was over.

    One timer looks after the whole connection and is set anew when it rings; a timer for each read (as
    ``asyncio.timeout`` has one) costs as much as the read, and a class in a channel reads a thousand times a second.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer, self._loop = writer, asyncio.get_running_loop()
        self._until = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    def begin(self, seconds: float) -> None:
        """A wait of at most ``seconds`` begins."""
        self._until = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._until:
            self._set()

    def end(self) -> None:
        """It is over."""
        self._until = math.inf
        if self._over:
            raise TimeoutError

    def stop(self) -> None:
        """The connection is closed."""
        if self._timer:
            self._timer.cancel()

    def _set(self) -> None:
        self.stop()
        self._timer = self._loop.call_at(self._until, self._ring) if self._until < math.inf else None

    def _ring(self) -> None:
        self._timer = None
        if self._loop.time() < self._until:
            self._set()
        else:
            self._over = True
            self._writer.transport.abort()

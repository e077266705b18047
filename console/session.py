"""One console's connection with a server: what is typed goes out, what comes is shown, all of it is recorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from console.data import DataPane
from console.screen import Item, Screen
from protocols import catalog, stream
from protocols.errors import TooMuch, WireError
from protocols.events import Crossed, Event, Sink
from protocols.login import Address, Limits

DAY = 25 * 3600.0
MINUTE = 60.0
# A console may stand open for a day and be silent in it: the server says goodbye when it has enough, not we.
LIMITS = Limits(connect=10.0, idle=DAY, total=DAY, line=1024 * 1024, reply=32 * 1024 * 1024)
WARNING = 600.0
"""Seconds before the end of a silent connection at which the person is told that it will end."""
PATIENCE = 10.0
"""Seconds that pasted lines wait for the server's turn to pass."""
MOST_LINES = 20_000
"""Lines that may come within a minute; a server that floods is left."""
MOST_QUEUED = 2_000
"""Typed lines that wait for a server that does not read."""
FRAME = 0.05
"""Seconds between two messages to the browser: a flood is drawn in pieces."""
MOST_ITEMS = 400
"""Lines of one message; what was more than that is counted, and stands in the transcript."""

Tell = Callable[[dict[str, Any]], Awaitable[None]]


class Session:
    """One connection. ``run`` opens it and returns when it is over; ``say`` and ``close`` come from the person."""

    def __init__(self, address: Address, record: Sink, tell: Tell, language: str) -> None:
        self.screen = Screen(address.protocol, language)
        self._address, self._record, self._tell, self._language = address, record, tell, language
        self._stream: stream.Stream | None = None
        self.data: DataPane | None = None
        self._items: list[Item] = []
        self._left_out = 0
        self._news, self._speak, self._heard = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(MOST_QUEUED)
        self._renewed, self._lines = time.monotonic(), 0
        self._spoken, self._warned = time.monotonic(), False
        self._failure: WireError | None = None
        self._speak.set()

    async def run(self) -> WireError | None:
        """Connect, then listen until either side ends; return what it failed with, None where it simply ended."""
        drawing = asyncio.create_task(self._draw())
        work: list[asyncio.Task[Any]] = []
        try:
            self._stream = await stream.connect(self._address, self._hear, LIMITS)
            if self._address.protocol == "ftp":
                self.data = DataPane(self._stream, self._address, self._hear, self._tell)
                self.screen.overhear = self.data.hear
            await self._tell({"type": "open", "tls": self._address.security == "tls"})
            work = [asyncio.create_task(one()) for one in (self._listen, self._write, self._silence)]
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WireError as error:
            self._failure = error
        finally:
            await _end(*work)
            if self.data:
                await self.data.end()
            await self._shut()
            await _end(drawing)
        await self._flush()
        return None if self._failure is None or _over(self._failure) else self._failure

    def say(self, raw: bytes) -> bool:
        """Send ``raw`` when its turn comes; False where the server has not taken MOST_QUEUED lines yet."""
        try:
            self._queue.put_nowait(raw)
        except asyncio.QueueFull:
            return False
        return True

    async def close(self) -> None:
        """Close the connection; ``run`` returns soon after."""
        if self._stream:
            await self._stream.close()

    def sentence(self, error: WireError) -> str:
        """Return what ``error`` means and what to do, in the person's language."""
        return catalog.phrase(error.key, error.params, self._language)

    async def _listen(self) -> None:
        assert self._stream is not None  # noqa: S101
        while True:
            await self._stream.read()
            self._bound()
            if self.screen.upgrade.agreed:
                await self._stream.start_tls()
                self.screen.upgrade.done()
            self._heard.set()
            if not self.screen.upgrade.pending:
                self._speak.set()

    async def _write(self) -> None:
        assert self._stream is not None  # noqa: S101
        while True:
            raw = await self._queue.get()
            await self._their_turn()
            waits = self.screen.upgrade.waits(raw) and not self.screen.inside
            if waits:
                await self._quiet()
                self.screen.upgrade.pending = self.screen.upgrade.asks(raw)
                self._speak.clear()
            self._renew()
            await self._stream.write(raw)

    async def _their_turn(self) -> None:
        """What was typed after STARTTLS belongs into TLS and waits for it; after DATA it waits a while."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._speak.wait(), None if self.screen.upgrade.pending else PATIENCE)

    async def _quiet(self) -> None:
        """Wait until the server has answered all that was said before, for PATIENCE at most."""
        ends = time.monotonic() + PATIENCE
        while not self.screen.quiet and (left := ends - time.monotonic()) > 0:
            self._heard.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), left)

    def _hear(self, event: Event) -> None:
        """The sink: the transcript first, then the screen."""
        self._record(event)
        if isinstance(event, Crossed):
            self._spoken = time.monotonic()
            self._news.set()
        items = self.screen.take(event)
        self._items += items
        if len(self._items) > MOST_ITEMS:
            keep = MOST_ITEMS // 2
            self._left_out += len(self._items) - 2 * keep
            self._items[keep:-keep] = []
        if items:
            self._news.set()

    async def _silence(self) -> None:
        """Nobody has spoken for almost as long as is allowed: say so while there is time to speak."""
        while True:
            left = self._spoken + LIMITS.idle - WARNING - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)
            elif self._warned:
                await asyncio.sleep(min(WARNING, MINUTE))
            else:
                self._warned = True
                await self._tell({"type": "idle", "seconds": int(WARNING)})

    def _bound(self) -> None:
        if time.monotonic() - self._renewed > MINUTE:
            self._renew()
        if self.screen.lines - self._lines > MOST_LINES:
            raise TooMuch("too many lines", cause="lines", lines=MOST_LINES)

    def _renew(self) -> None:
        assert self._stream is not None  # noqa: S101
        self._renewed, self._lines = time.monotonic(), self.screen.lines
        self._stream.renew()

    async def _draw(self) -> None:
        while True:
            await self._news.wait()
            await self._flush()
            await asyncio.sleep(FRAME)

    async def _flush(self) -> None:
        self._news.clear()
        if self._warned and time.monotonic() - self._spoken < LIMITS.idle - WARNING:
            self._warned = False
            await self._tell({"type": "idle", "seconds": 0})
        items, self._items = self._items, []
        left_out, self._left_out = self._left_out, 0
        told = {"type": "lines", "items": items, "left_out": left_out, "partial": self.screen.partial()}
        if left_out:
            told["after"] = MOST_ITEMS // 2
        await self._tell(told | {"hint": self.screen.hint()})

    async def _shut(self) -> None:
        if self._stream is None:
            return
        if self._failure and not _over(self._failure):
            self._stream.meter.closed("-", str(self._failure.params.get("cause", "")))
        await self._stream.close()


def _over(error: WireError) -> bool:
    """The server ended it, or we did: no failure."""
    return error.params.get("cause") in ("closed", "cancelled")


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, WireError):
            await task

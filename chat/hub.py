"""The hub of a web process: one listener on the bus, and a bounded queue for each socket.

An item of news names ``people`` or one ``socket`` and carries a ``frame`` (text, the same for all who get it), or what
each socket puts into its person's language first: a ``network``, a ``window``, an ``answer``. A socket that reads
slower than it is told is not waited for: its queue is dropped, and it is told to look anew (``again``), for all that
was said is in the database.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from accounts.models import User
from chat import bus

log = logging.getLogger(__name__)
MOST_WAITING, MOST_AT_ONCE = 1_000, 200
SILENT = 7.0
"""Seconds without a sign of the gateway after which it counts as away."""

LOOK = 2.0
AGAIN = '{"told":"again"}'


class Socket:
    """One tab's end. ``send`` is ASGI's; ``special`` is called with items that are not frames; ``gone`` closes."""

    def __init__(
        self,
        person: int,
        send: Callable[[dict[str, Any]], Awaitable[None]],
        special: Callable[[dict[str, Any]], None],
        gone: Callable[[], Awaitable[None]],
    ) -> None:
        self.person, self.special, self.gone = person, special, gone
        self.name = ""
        self._send = send
        self._queue: deque[str] = deque()
        self._rests: asyncio.Future[None] | None = None

    def put(self, frame: str) -> None:
        """Take a frame; never waits."""
        if len(self._queue) >= MOST_WAITING:
            self._queue.clear()
            frame = AGAIN
        self._queue.append(frame)
        if self._rests and not self._rests.done():
            self._rests.set_result(None)

    async def pump(self) -> None:
        """Send what is taken, several frames as one text where they wait: a JSON list. Ends with the socket."""
        with suppress(OSError, RuntimeError):  # it is closed: its consumer is told, and leaves
            await self._pump()

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._queue:
                self._rests = loop.create_future()
                await self._rests
            while self._queue:
                if len(self._queue) == 1:
                    text = self._queue.popleft()
                else:
                    size = min(len(self._queue), MOST_AT_ONCE)
                    text = ",".join([self._queue.popleft() for _ in range(size)])
                await self._send({"type": "websocket.send", "text": f"[{text}]"})


class Hub:
    """The sockets of one process (one loop), by name and by person."""

    def __init__(self) -> None:
        self._sockets: dict[str, Socket] = {}
        self._people: dict[int, set[Socket]] = {}
        self._names = count(1)
        self._line = bus.Line()
        self._up = asyncio.Event()
        self._work: list[asyncio.Task] = []
        self._closing: set[asyncio.Future] = set()
        self._last = ("", 0)
        self._heard = time.monotonic()
        self._away = False
        self._process = f"{id(self):x}-{time.time_ns():x}"

    async def enter(self, socket: Socket) -> None:
        """A tab is here; returns once news reaches it (or Redis is away: then it looks by itself)."""
        socket.name = f"{self._process}.{next(self._names)}"
        self._sockets[socket.name] = socket
        self._people.setdefault(socket.person, set()).add(socket)
        if not self._work:
            self._heard = time.monotonic()
            listening = self._line.listen(bus.NEWS, self.take, self._begins)
            self._work = [asyncio.create_task(listening), asyncio.create_task(self._watch())]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._up.wait(), 2)
        if self._away:
            socket.put(self._gateway())

    async def leave(self, socket: Socket) -> None:
        """A tab is gone; with the last one, the hub rests."""
        self._sockets.pop(socket.name, None)
        ours = self._people.get(socket.person, set())
        ours.discard(socket)
        if not ours:
            self._people.pop(socket.person, None)
        if not self._sockets:
            work, self._work = self._work, []
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            await self._line.close()
            self._up.clear()
            self._line = bus.Line()

    async def order(self, what: str, **values: Any) -> bool:
        """Tell the gateway something; False where it does not listen."""
        text = json.dumps({"do": what, **values}, ensure_ascii=False)
        return await self._line.send(bus.ORDERS, text) > 0

    async def tell(self, people: list[int], frame: dict[str, Any]) -> None:
        """Tell people's tabs, at this process and others."""
        item = {"people": people, "frame": json.dumps(frame)}
        await self._line.send(bus.NEWS, json.dumps({"items": [item]}))

    def take(self, text: str) -> None:
        """Deliver a bundle of news."""
        bundle = json.loads(text)
        if "from" in bundle:
            self._follow(bundle["from"], bundle["number"])
        for item in bundle["items"]:
            self._deliver(item)

    def _deliver(self, item: dict[str, Any]) -> None:
        if "gateway" in item:
            self._heard = time.monotonic() - SILENT
            return
        sockets = self._named(item)
        frame = item.get("frame")
        if frame is not None:
            for socket in sockets:
                socket.put(frame)
        elif item.get("gone"):
            self._close(sockets)
        else:
            for socket in sockets:
                socket.special(item)

    def _close(self, sockets: Iterable[Socket]) -> None:
        """Close sockets, and wait for none: a server tells a browser that reads nothing only when it reads again."""
        for socket in sockets:
            task = asyncio.ensure_future(socket.gone())
            self._closing.add(task)
            task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Future) -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception():
            log.info("a socket was closed already: %s", type(task.exception()).__name__)

    def _named(self, item: dict[str, Any]) -> list[Socket]:
        if "socket" in item:
            found = self._sockets.get(item["socket"])
            return [found] if found else []
        people = self._people
        return [socket for person in item["people"] for socket in people.get(person, ())]

    def _follow(self, name: str, number: int) -> None:
        """A bundle that is not the next one: something was missed, or the gateway is another."""
        last, self._last = self._last, (name, number)
        self._heard = time.monotonic()
        if self._away:
            self._away = False
            self._all(self._gateway())
        if last[0] and last != (name, number - 1):
            self._all(AGAIN)

    def _begins(self) -> None:
        again = self._up.is_set() or self._last[0] != ""
        self._up.set()
        self._last = ("", 0)
        if again:
            self._all(AGAIN)

    def _all(self, frame: str) -> None:
        for socket in self._sockets.values():
            socket.put(frame)

    def _gateway(self) -> str:
        return json.dumps({"told": "gateway", "up": not self._away})

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if not self._away and time.monotonic() - self._heard > SILENT:
                self._away = True
                self._all(self._gateway())
            with suppress(Exception):  # a database that is away for a moment disables nobody
                active = await _active(list(self._people))
                for person in set(self._people) - active:
                    self._close(self._people.get(person, ()))


@database_sync_to_async
def _active(people: list[int]) -> set[int]:
    return set(User.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]

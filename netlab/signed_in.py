"""A socket ends with the session that opened it: signing out or a new password closes it within seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from accounts import sessions

log = logging.getLogger(__name__)
LOOK = 2.0
"""Seconds between two looks at the sessions of all sockets of this process: one question for all."""
SIGNED_OUT = 4401


class SignedIn:
    """Wraps what serves WebSockets; inside ``AuthMiddlewareStack``, which puts the session into the scope.

    A socket whose session is gone is closed; the server then tells the consumer so, as it does of every socket that
    was closed (ASGI, ``websocket.disconnect``).
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        key = getattr(scope.get("session"), "session_key", None)
        if not key:
            await self._app(scope, receive, send)
            return
        held = _Held(receive, send)
        with _watch().holding(key, held):
            await self._app(scope, held.receive, send)


class _Held:
    """A socket of a session. Once that is ``gone``, nothing that comes from the socket counts any more."""

    __slots__ = ("_receive", "gone", "send")

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive, self.send, self.gone = receive, send, False

    async def receive(self) -> Any:
        told = await self._receive()
        return {"type": "websocket.disconnect", "code": SIGNED_OUT} if self.gone else told

    async def close(self) -> None:
        """Tell the browser why. Takes as long as a browser that reads nothing lets the server wait."""
        self.gone = True
        try:
            await self.send({"type": "websocket.close", "code": SIGNED_OUT})
        except Exception as error:  # it went by itself meanwhile
            log.info("a socket was closed already: %s", type(error).__name__)


class _Watch:
    """The sessions of this loop's sockets, looked at together."""

    def __init__(self) -> None:
        self._held: dict[str, set[_Held]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def holding(self, key: str, held: _Held) -> Iterator[None]:
        """A socket of the session ``key`` is open."""
        if not self._looking or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())
        self._held.setdefault(key, set()).add(held)
        try:
            yield
        finally:
            left = self._held.get(key, set())
            left.discard(held)
            if not left:
                self._held.pop(key, None)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            if not self._held:
                return
            keys = list(self._held)
            try:
                still = await database_sync_to_async(sessions.held)(keys)
            except Exception:  # a database that is away for a moment signs nobody out
                log.warning("sessions could not be looked at", exc_info=True)
                continue
            for key in set(keys) - still:
                for held in self._held.pop(key, ()):  # once, and not waited for
                    closing = asyncio.ensure_future(held.close())
                    self._closing.add(closing)
                    closing.add_done_callback(self._closing.discard)


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch] = WeakKeyDictionary()


def _watch() -> _Watch:
    loop = asyncio.get_running_loop()
    return _watches.setdefault(loop, _Watch())

"""A socket ends with the session that opened it: signing out or a new password closes it within seconds."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from accounts import sessions

log = logging.getLogger(__name__)
LOOK = 2.0
"""Seconds between two looks at the sessions of all sockets of this process: one question for all."""
SIGNED_OUT = 4401


class SignedIn:
    """Wraps what serves WebSockets; inside ``AuthMiddlewareStack``, which puts the session into the scope."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        key = getattr(scope.get("session"), "session_key", None)
        if not key:
            await self._app(scope, receive, send)
            return
        with _watch().hold(key) as gone:
            await self._app(scope, _Ending(gone, receive, send), send)


class _Ending:
    """``receive`` that tells the consumer of an end, and the browser why, when ``gone`` is set."""

    def __init__(self, gone: asyncio.Event, receive: Any, send: Any) -> None:
        self._gone, self._receive, self._send = gone, receive, send
        self._next: asyncio.Task[Any] | None = None

    async def __call__(self) -> Any:
        self._next = self._next or asyncio.ensure_future(self._receive())
        waiting = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({self._next, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._gone.is_set() and not self._next.done():
            self._next.cancel()
            await self._send({"type": "websocket.close", "code": SIGNED_OUT})
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        done, self._next = self._next, None
        return done.result()


class _Watch:
    """The sessions of this loop's sockets, looked at together."""

    def __init__(self) -> None:
        self._held: dict[str, set[asyncio.Event]] = {}
        self._looking: asyncio.Task[None] | None = None

    def hold(self, key: str) -> _Hold:
        if not self._looking or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())
        return _Hold(self._held, key)

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
                for gone in self._held.get(key, ()):
                    gone.set()


class _Hold:
    def __init__(self, held: dict[str, set[asyncio.Event]], key: str) -> None:
        self._held, self._key, self._gone = held, key, asyncio.Event()

    def __enter__(self) -> asyncio.Event:
        self._held.setdefault(self._key, set()).add(self._gone)
        return self._gone

    def __exit__(self, *_error: object) -> None:
        left = self._held[self._key]
        left.discard(self._gone)
        if not left:
            del self._held[self._key]


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch] = WeakKeyDictionary()


def _watch() -> _Watch:
    loop = asyncio.get_running_loop()
    return _watches.setdefault(loop, _Watch())

"""A connection's recording and its transcripts, from asyncio: the database is asked in a thread, never in the loop.

One conversation lasts as long as the connection, days perhaps; its transcript is turned over at MOST_LINES or MOST_AGE.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, TypeVar

from django.db import close_old_connections
from django.utils.translation import gettext_noop

from accounts.models import Server, User
from protocols.errors import WireError
from protocols.events import Event
from transcripts.recorder import Recording, open_recording

Result = TypeVar("Result")
MOST_LINES, MOST_AGE = 5_000, 24 * 3600.0
MARK = "chat"
"""Stands where other transcripts name a browser tab: Chat's own pages follow these, other pages' docks do not."""

_threads: ThreadPoolExecutor | None = None


async def in_thread(work: Callable[..., Result], *values: Any) -> Result:
    """Run something that asks the database."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), _run, work, values)


def close() -> None:
    """Wait for what is asked, and end the threads with their database connections; the next question begins anew."""
    global _threads
    pool, _threads = _threads, None
    if pool is not None:
        pool.shutdown()


def _pool() -> ThreadPoolExecutor:
    global _threads
    if _threads is None:
        _threads = ThreadPoolExecutor(4, "chat-database")
    return _threads


def _run(work: Callable[..., Result], values: tuple[Any, ...]) -> Result:
    close_old_connections()
    try:
        return work(*values)
    finally:
        close_old_connections()


class Recorded:
    """Open with ``begin``; ``sink`` goes to the client; ``transcript`` is the number of the one that runs."""

    def __init__(self, owner: User, server: Server) -> None:
        self.transcript = 0
        self._owner, self._server = owner, server
        self._recording: Recording | None = None
        self._stack = ExitStack()
        self._lines, self._began = 0, time.monotonic()

    async def begin(self) -> None:
        """Make the rows; a connection may be opened now."""
        await in_thread(self._open)

    def sink(self, event: Event) -> None:
        """Given to the client; never blocks."""
        self._lines += 1
        if self._recording is not None:
            self._recording.sink(event)

    async def turn_over(self) -> bool:
        """Begin the next transcript where this one is long or old; True if so."""
        if self._lines < MOST_LINES and time.monotonic() - self._began < MOST_AGE:
            return False
        await in_thread(self._turn)
        return True

    async def end(self, error: WireError | None = None) -> None:
        """The connection is over."""
        await in_thread(self._close, error)

    def _open(self) -> None:
        self._recording = open_recording(owner=self._owner, server=self._server)
        self._enter()

    def _enter(self) -> None:
        self._lines, self._began = 0, time.monotonic()
        assert self._recording is not None  # noqa: S101 - _open made it
        cause = gettext_noop("Talk on IRC")
        action = self._stack.enter_context(
            self._recording.transcript(cause, tab=MARK, subject=self._server.name)
        )
        self.transcript = action.id
        self._action = action

    def _turn(self) -> None:
        self._stack.close()
        self._enter()

    def _close(self, error: WireError | None) -> None:
        if error is not None and self.transcript:
            self._action.fail(error)
        self._stack.close()
        if self._recording is not None:
            self._recording.close()

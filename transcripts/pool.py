"""Live connections of this process that outlast an action: taken for one, given back, closed when nobody comes.

A room has one Pool for its protocol and says how a connection is recorded, opened and bidden farewell. What stood
idle may have been cut without a word: it is tried with NOOP before use. Asynchronous connections have
``webftp.warm``: they belong to a loop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from protocols.errors import WireError
from protocols.events import Sink

GOODBYE = 3.0
"""Seconds that all servers together have to answer a farewell; then their connections are closed without."""


class Session(Protocol):
    """What a pool asks of a protocol's session."""

    def noop(self) -> object:
        """Ask whether the connection is alive; a WireError says that it is not."""

    def close(self) -> None:
        """Close at once, from any thread."""


@dataclass(eq=False)
class Live:
    """An open connection and the recording of what it says."""

    session: Any
    recording: Any
    used: float = field(default_factory=time.monotonic)

    def close(self) -> None:
        with suppress(WireError, OSError):
            self.session.close()
        self.recording.close()


class Pool:
    """Connections by key: at most ``each`` idle ones for a key and ``total`` in all, none longer than ``idle`` seconds.

    ``farewell`` says the protocol's goodbye to a session; one that was used within ``fresh`` seconds is not tried.
    """

    def __init__(
        self,
        farewell: Callable[[Any], None],
        *,
        idle: float,
        fresh: float,
        each: int = 2,
        total: int = 64,
    ) -> None:
        self._farewell, self._keep, self._fresh = farewell, idle, fresh
        self._each, self._total = each, total
        self._lock = threading.Lock()
        self._idle: dict[Hashable, list[Live]] = {}
        self._clock: threading.Timer | None = None
        _pools.append(self)

    @contextmanager
    def borrowed(
        self,
        key: Hashable,
        cause: str,
        record: Callable[[], Any],
        connect: Callable[[Sink], Session],
        **said: Any,
    ) -> Iterator[tuple[Any, Any]]:
        """Yield ``(session, action)`` for one action, recorded as one transcript.

        ``record`` opens a recording and ``connect`` a session that is signed in, both where no live one waits under
        ``key``; ``said`` is what ``Recording.transcript`` takes besides. Whatever leaves the block closes it.
        """
        live = self._take(key)
        recording = live.recording if live else record()
        kept = False
        try:
            with recording.transcript(cause, **said) as action:
                live = live or Live(connect(recording.sink), recording)
                yield live.session, action
            kept = True
        finally:
            if live is None:
                recording.close()
            elif not (kept and self._put(key, live)):
                live.close()

    def close(self) -> None:
        """Say goodbye on everything that is idle, and wait for that, GOODBYE seconds at most."""
        with self._lock:
            old, self._idle = [live for row in self._idle.values() for live in row], {}
            clock, self._clock = self._clock, None
        if clock is not None:
            clock.cancel()
        self._part(old)
        if clock is not None:
            clock.join(GOODBYE)

    def _take(self, key: Hashable) -> Live | None:
        while True:
            with self._lock:
                row = self._idle.get(key)
                live = row.pop() if row else None
            if live is None or time.monotonic() - live.used < self._fresh:
                return live
            try:
                with live.recording.transcript("Is the connection alive", quiet=True):
                    live.session.noop()
                return live
            except WireError:
                live.close()

    def _put(self, key: Hashable, live: Live) -> bool:
        """Keep ``live`` for the next action; False where there are enough."""
        live.used = time.monotonic()
        with self._lock:
            row = self._idle.setdefault(key, [])
            if len(row) >= self._each or sum(map(len, self._idle.values())) >= self._total:
                return False
            row.append(live)
            self._wind(self._keep)
        return True

    def _wind(self, seconds: float) -> None:
        """Look again in ``seconds``, unless that is going to happen anyway; called with the lock held."""
        if self._clock is None:
            self._clock = threading.Timer(seconds, self._look)
            self._clock.name, self._clock.daemon = "idle connections", True
            self._clock.start()

    def _look(self) -> None:
        """Part with what nobody used for too long."""
        now = time.monotonic()
        with self._lock:
            if threading.current_thread() is not self._clock:
                return  # the pool was closed meanwhile
            rows = {
                key: [live for live in row if live.used > now - self._keep] for key, row in self._idle.items()
            }
            old = [live for key, row in self._idle.items() for live in row if live not in rows[key]]
            self._idle = {key: row for key, row in rows.items() if row}
            self._clock = None
            if self._idle:
                first = min(live.used for row in self._idle.values() for live in row)
                self._wind(max(0.0, first + self._keep - now))
        self._part(old)

    def _part(self, old: list[Live]) -> None:
        """Say goodbye on all of ``old`` at once: a server that does not answer must not hold up the others."""
        saying = [threading.Thread(target=self._goodbye, args=(live,), daemon=True) for live in old]
        for one in saying:
            one.start()
        deadline = time.monotonic() + GOODBYE
        for one, live in zip(saying, old, strict=True):
            one.join(max(0.0, deadline - time.monotonic()))
            if one.is_alive():
                live.close()

    def _goodbye(self, live: Live) -> None:
        with suppress(WireError, OSError):
            self._farewell(live.session)
        live.close()


_pools: list[Pool] = []
"""Every pool of this process: what is idle in them is closed where the process ends."""


def close_all() -> None:
    """The process ends: say goodbye on every idle connection."""
    for pool in _pools:
        pool.close()

"""The queue of a process' writer: many threads put orders, one thread takes them in batches.

A reader that is woken for each of fifty lines asks for the interpreter fifty times while the loop that hears them needs
it: it is woken for the first one, then gathers in its sleep.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar

Order = TypeVar("Order")
BATCH_SECONDS, QUIET_SECONDS = 0.02, 0.003
"""A batch ends when nothing came for QUIET_SECONDS, after BATCH_SECONDS, or with an order that is urgent."""

MOST_AT_ONCE = 4096


class Orders(Generic[Order]):
    """``put`` never blocks."""

    def __init__(self) -> None:
        self._waiting: deque[Order] = deque()
        self._bell = threading.Event()
        self._asleep = self._urgent = False

    def put(self, order: Order, urgent: bool = False) -> None:
        """Take an order; ``urgent``: somebody waits for what was put so far."""
        self._waiting.append(order)
        if urgent:
            self._urgent = True
        if urgent or self._asleep:
            self._bell.set()

    def take(self, patience: float, rest: float = 0.0) -> list[Order]:
        """Return the next batch; an empty one where nothing comes within ``patience`` seconds.

        With a ``rest``, the batch is what came in so many seconds, unless something is urgent.
        """
        if not self._waiting:
            self._asleep = True
            if not self._waiting:
                self._bell.wait(patience)
            self._asleep = False
        self._bell.clear()
        urgent, self._urgent = self._urgent, False
        if rest and not urgent:
            self._bell.wait(rest)
        elif self._waiting and not urgent:
            self._gather()
        return [self._waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(self._waiting)))]

    def _gather(self) -> None:
        deadline, before = time.monotonic() + BATCH_SECONDS, 0
        while before < len(self._waiting) < MOST_AT_ONCE and time.monotonic() < deadline:
            before = len(self._waiting)
            if self._bell.wait(QUIET_SECONDS):
                return

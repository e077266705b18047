"""The one thread of a process that writes lines: taps put events on its queue and go on at once."""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from protocols.events import Crossed, Event
from transcripts import live
from transcripts.conversation import Scribe
from transcripts.models import Block, Conversation, Sighting
from transcripts.orders import Orders

log = logging.getLogger(__name__)
MOST_WAITING = 64 * 1024 * 1024
AT_ONCE = 8
"""Conversations in one transaction: whoever else writes in this process waits no longer than that."""

turn = threading.Lock()
"""Threads of one process take turns at writing: SQLite lets the second one sleep, up to 100 ms at a time, until it
finds the first one gone."""

FEW, CROWD_SECONDS, MOST_REST, CROWD_BATCH = 4, 0.01, 0.5, 0.1
"""With more than FEW conversations talking, each rests CROWD_SECONDS for every one of them between two savings, and
their lines are taken CROWD_BATCH seconds at a time: a class that chats here hears first, and this comes second."""

SIGN_SECONDS = 20.0
Order = tuple[str, Scribe, Any]


class Writer:
    """Splits, guards and saves; then publishes. ``name`` stands in the rows of conversations it records."""

    def __init__(self) -> None:
        self.name = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._orders: Orders[Order] = Orders()
        self._waiting, self._count = 0, threading.Lock()
        self._dirty: dict[int, Scribe] = {}
        self._marks: list[tuple[Scribe, Future]] = []
        self._lost: set[int] = set()
        self._sign = time.monotonic()
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="transcripts", daemon=True)
        self._thread.start()

    def tell(self, scribe: Scribe, event: Event) -> None:
        """Take an event; never blocks. Beyond 64 MiB waiting for a stuck database the conversation is given up,
        and its last line says so."""
        size = _size(event)
        with self._count:
            if scribe.pk in self._lost:
                return
            full = self._waiting + size > MOST_WAITING
            self._lost.update([scribe.pk] if full else [])
            self._waiting += 0 if full else size
        self._orders.put(("deafen", scribe, event.at) if full else ("event", scribe, event))

    def mark(self, scribe: Scribe, fresh: bool = False) -> Future:
        """Return a Future of ``(last line, outcome, badge)`` that is done once all told before is saved."""
        future: Future = Future()
        self._orders.put(("fresh" if fresh else "mark", scribe, future), urgent=True)
        return future

    def end(self, scribe: Scribe) -> None:
        """No more will be told of this conversation."""
        self._orders.put(("end", scribe, None))

    def flush(self, seconds: float = 5.0) -> None:
        """Wait until all told so far is saved, at most ``seconds``."""
        future: Future = Future()
        self._orders.put(("flush", None, future), urgent=True)  # type: ignore[arg-type]
        with suppress(TimeoutError):
            future.result(seconds)

    def stop(self, seconds: float = 5.0) -> bool:
        """Save what was told and end the thread with its database connection; True once it has ended.

        What a stuck database did not take within ``seconds`` is given up.
        """
        self._orders.put(("stop", None, time.monotonic() + seconds), urgent=True)  # type: ignore[arg-type]
        self._thread.join(seconds + 1)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._over():
            try:
                for order in self._batch():
                    self._do(*order)
                self._save()
                self._show_sign()
            except Exception:
                log.exception("the transcripts' writer stumbled and goes on")
                time.sleep(0.2)
        connection.close()

    def _over(self) -> bool:
        """Told to stop, and nothing is left to save, or no more time for it."""
        if self._deadline == float("inf"):
            return False
        return not self._dirty or time.monotonic() > self._deadline

    def _batch(self) -> list[Order]:
        rest = CROWD_BATCH if len(self._dirty) > FEW else 0.0
        orders = self._orders.take(0.04 if self._dirty else 5, rest)
        size = sum(_size(event) for verb, _, event in orders if verb == "event")
        with self._count:
            self._waiting -= size
        return orders

    def _do(self, verb: str, scribe: Scribe, value: Any) -> None:
        if verb == "event":
            scribe.take(value)
        elif verb == "deafen":
            scribe.deafen("the database did not keep up", value)
        elif verb == "end":
            scribe.end()
        elif verb == "stop":
            self._deadline = value
        else:
            if verb == "fresh":
                scribe.fresh()
            self._marks.append((scribe, value))
        if scribe and scribe.dirty:
            self._dirty[scribe.pk] = scribe

    def _save(self) -> None:
        due = self._due()
        for at in range(0, len(due), AT_ONCE):
            self._save_some(due[at : at + AT_ONCE])
        waiting = []
        for scribe, future in self._marks:
            if scribe.dirty if scribe else self._dirty:
                waiting.append((scribe, future))
            elif not future.done():
                future.set_result((scribe.saved, scribe.outcome, scribe.badge) if scribe else None)
        self._marks = waiting

    def _save_some(self, due: list[Scribe]) -> None:
        """Store conversations together; where that fails, each by itself, for only one of them may be at fault."""
        for part in [due] if self._saved(due) else [[scribe] for scribe in due]:
            if part is not due and not self._saved(part):
                time.sleep(0.2)
                continue
            for scribe in part:
                del self._dirty[scribe.pk]
            live.lines_saved({scribe.pk: scribe.saved for scribe in part})

    def _due(self) -> list[Scribe]:
        """Whose lines are stored now: somebody waits for them, or they have waited as long as the crowd asks.

        Few conversations are stored at each batch. The fifty of a class that chats all get the same line at once:
        each of them is stored a few times a second, many in one transaction.
        """
        asked = {scribe.pk for scribe, _ in self._marks if scribe}
        everybody = self._deadline < float("inf") or any(scribe is None for scribe, _ in self._marks)
        crowd = len(self._dirty)
        before = time.monotonic() - (min(CROWD_SECONDS * crowd, MOST_REST) if crowd > FEW else 0)
        return [
            scribe
            for pk, scribe in self._dirty.items()
            if everybody or pk in asked or scribe.ended or scribe.saved_at <= before
        ]

    def _saved(self, due: list[Scribe]) -> bool:
        """Store what ``due`` have heard; False, everything left in place for the next try, where that fails."""
        try:
            there = _store(due)
        except Exception as error:
            log.warning("lines of %d conversations wait for the database: %s", len(due), error)
            close_old_connections()
            return False
        for scribe in due:
            scribe.kept(scribe.pk in there)
        return True

    def _show_sign(self) -> None:
        """An idle connection shows every 20 s that its process lives; ``tasks.tidy`` looks for those that do not."""
        if time.monotonic() - self._sign < SIGN_SECONDS:
            return
        self._sign = time.monotonic()
        try:
            Conversation.objects.filter(writer=self.name, ended=None).update(seen=timezone.now())
        finally:
            connection.close()


def _size(event: Event) -> int:
    return len(event.raw) if isinstance(event, Crossed) else 0


STANDS = (
    f"UPDATE {Conversation._meta.db_table} SET lines = %s, size = %s, seen = %s, ended = %s WHERE id = %s"  # noqa: S608
)
"""By hand: fifty connections that all hear the same are stored twice a second, and the ORM takes longer to make this
statement (``bulk_update``: 0.6 ms for each row) than all the rest of storing takes."""


def _store(due: list[Scribe]) -> set[int]:
    """Write rows and blocks in one transaction; return the keys of the conversations that are still there."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    due = sorted(due, key=lambda one: one.pk)
    blocks = {one.pk: one.unsaved() for one in due}
    there = set()
    with turn, transaction.atomic():
        with connection.cursor() as cursor:
            for one in due:
                lines, size, ended, pk = one.stands()
                # Locks the row, where the database has locks: who deletes it waits, and finds the blocks (models.lock).
                cursor.execute(STANDS, [lines, size, now, now if ended else None, pk])
                if cursor.rowcount:
                    there.add(pk)
        Block.objects.bulk_create(
            [block for one in due if one.pk in there for block in blocks[one.pk]],
            update_conflicts=True,
            unique_fields=["conversation", "first"],
            update_fields=["last", "state", "payload"],
        )
        if sightings := [row for one in due if one.pk in there for row in one.sightings()]:
            Sighting.objects.bulk_create(sightings, ignore_conflicts=True)
    return there


_writer: Writer | None = None
_pid = 0
_lock = threading.Lock()


def writer() -> Writer:
    """Return this process' writer, made at first use (and anew after a fork)."""
    global _writer, _pid
    with _lock:
        if _writer is None or _pid != os.getpid():
            _writer, _pid = Writer(), os.getpid()
        return _writer


@atexit.register
def close(seconds: float = 5.0) -> None:
    """A process that ends saves what it heard. Whoever records afterwards gets a writer anew."""
    global _writer
    with _lock:
        ours, _writer = (_writer if _pid == os.getpid() else None), None
    if ours is not None and not ours.stop(seconds):
        log.warning("the transcripts' writer did not end")

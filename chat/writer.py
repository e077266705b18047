"""The gateway's thread that writes: messages and stays become rows in the order in which they happened, then news.

The loop puts entries on a queue and goes on at once. A batch is whatever waits: alone, a message is stored at once;
in a rush, hundreds share a transaction. What was stored is told to the web's processes, one bundle for a batch.
"""

from __future__ import annotations

import json
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis
from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)
from django.db.models import Max

from chat import bus, shown
from chat.models import Message, Stay, Window
from transcripts.writer import turn

log = logging.getLogger(__name__)
MOST_AT_ONCE, MOST_WAITING = 400, 100_000
GIVE_WAY = 0.001
"""Seconds that the loop leaves the interpreter to the thread that stores a message, when that has nothing else to do:
the class hears its words before the loop reads the same words once more for each of them."""

BEAT = 2.0
"""Seconds between two signs of life to the web's processes."""


@dataclass(slots=True)
class Entry:
    """One thing to store or tell, in order.

    ``message`` is stored; ``change`` runs in the writer's thread inside the batch's transaction; ``news`` is told
    when all before it is stored. ``people`` are told of ``message``; ``extra`` goes into its frame. ``stored`` is
    called with the message's frame, in the writer's thread.
    """

    message: Message | None = None
    people: tuple[int, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    change: Callable[[], None] | None = None
    news: dict[str, Any] | None = None


class Writer:
    """Started at once; ``stop`` stores what waits and ends it."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(6)
        self._entries: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._number = 0
        self._told = 0.0
        self._lost = 0
        self._rests = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chat-writer", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Take an entry; never blocks. Beyond MOST_WAITING (a stuck database) messages are dropped, and counted."""
        if self._entries.qsize() > MOST_WAITING and entry.message is not None:
            self._lost += 1
            if self._lost % 1000 == 1:
                log.error("the database does not keep up: %d messages were not stored", self._lost)
            return
        self._entries.put(entry)

    def message(self, message: Message, people: tuple[int, ...] = (), **extra: Any) -> None:
        """Store a message, then tell ``people``."""
        alone = self._rests.is_set()
        self._rests.clear()
        self.put(Entry(message=message, people=people, extra=extra))
        if alone:
            self._rests.wait(GIVE_WAY)

    def change(self, change: Callable[[], None]) -> None:
        """Run ``change`` after what was put before is stored."""
        self.put(Entry(change=change))

    def news(self, **item: Any) -> None:
        """Tell an item (``hub.Hub`` says what stands in one) after what was put before is stored."""
        self.put(Entry(news=item))

    def stop(self, seconds: float = 5.0) -> None:
        """Store what waits, and end."""
        self._entries.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        going = True
        while going:
            self._rests.set()
            batch, going = self._batch()
            while batch and not self._stored(batch):
                time.sleep(0.3)
            self._tell(batch)
        connection.close()

    def _batch(self) -> tuple[list[Entry], bool]:
        found: list[Entry] = []
        try:
            entry = self._entries.get(timeout=BEAT)
            while True:
                if entry is None:
                    return found, False
                found.append(entry)
                if len(found) >= MOST_AT_ONCE:
                    break
                entry = self._entries.get_nowait()
        except queue.Empty:
            pass
        return found, True

    def _stored(self, batch: list[Entry]) -> bool:
        if not any(entry.message is not None or entry.change for entry in batch):
            return True
        try:
            with turn, transaction.atomic():
                _store(batch)
        except (OperationalError, InterfaceError) as error:
            log.warning("messages wait for the database: %s", error)
            close_old_connections()
            connection.close()
            return False
        except Exception:
            # Something of it is in the database already, its talk is gone, or the database does not take it
            # (a server's odd words): one by one, then, so that it holds up nothing else.
            for entry in batch:
                _store_alone(entry)
        return True

    def _tell(self, batch: list[Entry]) -> None:
        items = [item for entry in batch if (item := _item(entry)) is not None]
        if not items and time.monotonic() - self._told < BEAT:
            return
        self._number += 1
        self._told = time.monotonic()
        bundle = {"from": self.name, "number": self._number, "items": items}
        try:
            bus.publish(json.dumps(bundle, ensure_ascii=False, separators=(",", ":")))
        except redis.RedisError as error:
            log.warning("news could not be told, pages will look by themselves: %s", type(error).__name__)


def _store(batch: list[Entry]) -> None:
    """Store runs of messages at once, with the changes between them where they stood."""
    run: list[Message] = []
    for entry in batch:
        if entry.message is not None:
            run.append(entry.message)
        elif entry.change:
            _insert(run)
            run = []
            entry.change()
    _insert(run)


def _insert(run: list[Message]) -> None:
    if len(run) == 1:
        _insert_one(run[0])
    elif run:
        for message in run:
            message.pk = None
        Message.objects.bulk_create(run)


COLUMNS = [field for field in Message._meta.concrete_fields if not field.primary_key]
INSERT = (
    f"INSERT INTO {Message._meta.db_table} ({', '.join(field.column for field in COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join(['%s'] * len(COLUMNS))}) RETURNING id"
)
"""By hand: a class waits for this one, and making the statement takes the ORM as long as storing takes the database."""


def _insert_one(message: Message) -> None:
    values = [field.get_db_prep_save(getattr(message, field.attname), connection) for field in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        message.pk = cursor.fetchone()[0]


def _store_alone(entry: Entry) -> None:
    try:
        with turn, transaction.atomic():
            _store([entry])
    except IntegrityError as error:
        log.info("left out, for it is stored already: %s", error)
        entry.message, entry.change = None, None
    except Exception:
        log.exception("left out")
        entry.message, entry.change = None, None


def _item(entry: Entry) -> dict[str, Any] | None:
    if entry.news is not None:
        return entry.news
    if entry.message is None or not entry.people:
        return None
    frame = json.dumps(
        {"told": "line", **shown.message(entry.message), **entry.extra},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return {"people": entry.people, "frame": frame}


def entered(window: int) -> Callable[[], None]:
    """A change: the window's person is in the channel; what is stored from here on is theirs to read."""

    def change() -> None:
        Stay.objects.filter(window_id=window, last=None).update(last=newest())
        Stay.objects.create(window_id=window, first=newest() + 1)
        Window.objects.filter(pk=window).update(inside=True, joined=True, open=True)

    return change


def left(window: int, *, joined: bool, opened: bool = True, purpose: bool = False) -> Callable[[], None]:
    """A change: the window's person is not in the channel any more; ``joined``: and wants back.

    ``purpose``: they left the network themselves.
    """

    def change() -> None:
        Stay.objects.filter(window_id=window, last=None).update(last=newest(), left=purpose)
        Window.objects.filter(pk=window).update(inside=False, joined=joined, open=opened)

    return change


def close_stays() -> None:
    """The gateway begins: whoever a gateway before left in a channel has not been there since its last message."""
    Stay.objects.filter(last=None).update(last=newest())
    Window.objects.filter(inside=True).update(inside=False)


def newest() -> int:
    """The number of the newest message of all; 0 where there is none."""
    return Message.objects.aggregate(newest=Max("pk"))["newest"] or 0

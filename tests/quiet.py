"""Each test ends in silence: no thread of the product lives on, and no database connection but the test's own is open.

Before the tables are emptied for the next test, the owners of a process' threads end them as they do where a process
ends: the transcripts' writer, the news' loop, the pools. What is left then is named and fails the test that left it.
"""

from __future__ import annotations

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.db.backends.signals import connection_created
from django.dispatch import receiver

PATIENCE = 5.0
"""Seconds within which a thread that was told to end has ended."""

_opened: weakref.WeakKeyDictionary[Any, threading.Thread] = weakref.WeakKeyDictionary()
"""Every database connection that was ever opened in this process, and the thread whose it is."""


@receiver(connection_created)
def _note(connection: Any, **_: Any) -> None:
    _opened[connection] = threading.current_thread()


@pytest.fixture(autouse=True)
def _silence(request: pytest.FixtureRequest) -> Any:
    """Torn down after everything that a test has set up, and before its database is emptied."""
    fixtures = {"transactional_db", "db"} & set(request.fixturenames)
    if not fixtures and not request.node.get_closest_marker("django_db"):
        yield
        return
    for name in fixtures:
        request.getfixturevalue(name)
    before = set(threading.enumerate())
    yield
    end_all()
    deadline = time.monotonic() + PATIENCE
    while (left := noise(before)) and time.monotonic() < deadline:
        gc.collect()  # a thread that has ended leaves its connection to the collector: Django's is a ring
        time.sleep(0.01)
    assert not left, f"outlives {request.node.nodeid}: {'; '.join(left)}"


def end_all() -> None:
    """End what the product keeps for a whole process."""
    from chat import recording  # models: only once Django is set up
    from transcripts import live, pool, writer

    pool.close_all()
    writer.close(30)
    live.close()
    recording.close()
    # Channels' one thread for the database, which a process keeps: work that is still in it ends here.
    SyncToAsync.single_thread_executor.shutdown()
    SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)


def noise(before: set[threading.Thread]) -> list[str]:
    """Threads that were not there ``before``, and whose database connections are open, in words."""
    threads = [
        f"thread {one.name}" for one in threading.enumerate() if one not in before and not _another(one)
    ]
    ours = threading.current_thread()
    open_ones = [
        f"the database connection of {thread.name}"
        for connection, thread in list(_opened.items())
        if thread is not ours and connection.connection is not None
    ]
    return threads + open_ones


def _another(thread: threading.Thread) -> bool:
    """Not the product's: a test's own helper that waits at a socket, or asgiref's loop of one async_to_sync, idle
    until it is collected."""
    target = getattr(getattr(thread, "_target", None), "__module__", None) or ""
    return target.startswith("tests.") or thread.name.startswith("ThreadPoolExecutor-")

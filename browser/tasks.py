"""What a person asked for, done in the worker: open the recording, ask the server, store what it said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.db import connection
from django.utils.translation import gettext_noop

from browser import asking
from browser.client import Wires
from browser.live import tell
from browser.models import Exchange, Visit

LOOK = 0.5
"""Seconds between two looks whether the person has pressed Stop; what is quicker is never asked about."""


@shared_task
def fetch(exchange_id: int) -> None:
    """Ask a request that waits, follow where it leads if the visit is to, fetch a page's pictures."""
    waiting = Exchange.objects.filter(pk=exchange_id, state=Exchange.State.WAITING)
    # Claimed first: a task that is delivered twice asks once.
    if not waiting.update(state=Exchange.State.ASKING):
        return
    exchange = Exchange.objects.select_related("visit__person").get(pk=exchange_id)
    visit = exchange.visit
    try:
        wires = Wires(visit.person, gettext_noop("Open a page"), visit.tab, visit.url[:200])
        with wires, _stoppable(visit, wires):
            asking.run(exchange, wires)
    finally:
        left = visit.exchanges.filter(state__in=(Exchange.State.ASKING, Exchange.State.WAITING))
        left.update(state=Exchange.State.FAILED, trouble={"key": "error.wire", "params": {}, "words": ""})
        tell(visit.person_id, visit.pk)


@contextmanager
def _stoppable(visit: Visit, wires: Wires) -> Iterator[None]:
    """Cut the connection under a wait as soon as the visit's row says that it was stopped."""
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(visit.pk, wires, over), name="web-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(visit_id: int, wires: Wires, over: threading.Event) -> None:
    try:
        while not over.wait(LOOK):
            if Visit.objects.filter(pk=visit_id, stopped=True).exists():
                wires.stop()
                return
    finally:
        connection.close()

"""``manage.py gateway``: connections that live longer than a page; runs each room's ``gateway.run``.

A lab has one gateway, so it is also where the clock is that says when periodic tasks are due (Celery's beat).
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import threading

from celery.beat import Service
from django.core.management.base import BaseCommand

from chat import gateway as chat
from netlab import celery, parts
from webmail import gateway as webmail

log = logging.getLogger(__name__)


class Command(BaseCommand):
    requires_system_checks = []
    help = "Listen for news on behalf of people whose Mail is open, keep everybody's IRC connections, and the clock."

    def handle(self, *args: object, **options: object) -> None:
        asyncio.run(_run())


async def _run() -> None:
    # What is there for good is looked through no more: a search of all of it stops everybody's talk for 50 ms.
    gc.freeze()
    stop, stopped = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    parts.beat("gateway", stopped)
    threading.Thread(target=_keep_time, args=(stopped,), name="clock", daemon=True).start()
    try:
        async with asyncio.TaskGroup() as rooms:
            for room in (webmail, chat):
                rooms.create_task(room.run(stop), name=room.__name__)
    finally:
        stopped.set()


def _keep_time(stopped: threading.Event) -> None:
    """Give the periodic tasks when they are due; a clock that stumbles is wound up again."""
    while not stopped.is_set():
        try:
            # The plain scheduler: intervals of minutes at most need no file that remembers them.
            Service(celery.app, scheduler_cls="celery.beat:Scheduler").start()
        except Exception:
            log.exception("the clock of periodic tasks stumbled and begins again")
            stopped.wait(5)

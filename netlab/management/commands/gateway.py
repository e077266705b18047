"""``manage.py gateway``: connections that live longer than a page; runs each room's ``gateway.run``."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading

from django.core.management.base import BaseCommand

from chat import gateway as chat
from netlab import parts
from webmail import gateway as webmail


class Command(BaseCommand):
    requires_system_checks = []
    help = "Listen for news on behalf of people whose Mail is open, and keep everybody's IRC connections."

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
    try:
        async with asyncio.TaskGroup() as rooms:
            for room in (webmail, chat):
                rooms.create_task(room.run(stop), name=room.__name__)
    finally:
        stopped.set()

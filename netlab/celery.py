"""Celery's application: tasks of every room, found by name; a worker that is ready beats for /healthz,
and one that ends says goodbye to the servers."""

from __future__ import annotations

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

from netlab import parts
from transcripts import pool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netlab.settings")

app = Celery("netlab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

stopping = threading.Event()


@worker_ready.connect
def beat(**_: Any) -> None:
    """The worker takes tasks from here on."""
    stopping.clear()
    parts.beat("worker", stopping)


@worker_shutdown.connect
def end(**_: Any) -> None:
    """The worker takes no more tasks, and those it had have ended: what it held open for the next ones is closed."""
    stopping.set()
    pool.close_all()

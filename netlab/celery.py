"""Celery's application: tasks of every room, found by name."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netlab.settings")

app = Celery("netlab")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

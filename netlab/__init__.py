"""The wiring; this file only makes Celery's app known to Django."""

from netlab.celery import app as celery_app

__all__ = ["celery_app"]

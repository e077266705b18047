"""The wiring; this file only makes Celery's app known to Django, where tasks are given or done."""

import sys

if sys.argv[1:2] not in (["lab"], ["servers"]):  # these two give none, and would wait half a second for it
    from netlab.celery import app as celery_app

    __all__ = ["celery_app"]

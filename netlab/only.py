"""One at a time on a data folder: two labs, or a lab and a backup, would fight over database and mail."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management.base import CommandError

BUSY = 3
"""The exit code where somebody else holds what we need."""


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the data folder while the block runs; CommandError where a lab holds it. A killed holder lets go."""
    settings.DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.DATA / "lab.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(
                f"a lab runs on {settings.DATA} already: end it, or name another folder with NETLAB_DATA",
                returncode=BUSY,
            ) from error
        yield

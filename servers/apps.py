"""Django's name for this room, and what it does when a person is deleted."""

from __future__ import annotations

import secrets
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete


def remove_home(root: Path, home: str) -> None:
    """Remove a person's folder below ``root``: first out of the way, so that nobody reads it half gone."""
    here = root / home
    away = root / f".gone-{home}-{secrets.token_hex(4)}"
    try:
        here.rename(away)
    except FileNotFoundError:
        return
    shutil.rmtree(away, ignore_errors=True)


def person_deleted(instance: Any, using: str, **_: Any) -> None:
    """Deleting a person removes their mail and files with them, once that is committed."""
    for root in (settings.MAIL, settings.FILES):
        transaction.on_commit(partial(remove_home, Path(root), str(instance.pk)), using=using)


class ServersConfig(AppConfig):
    name = "servers"

    def ready(self) -> None:
        post_delete.connect(
            person_deleted, sender=settings.AUTH_USER_MODEL, dispatch_uid="servers.person_deleted"
        )

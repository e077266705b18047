"""Answers' bodies, in the one storage for what is large; a path begins with the person's number."""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import partial
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction


def keep(person_id: int, raw: bytes) -> str:
    """Store ``raw`` and return its path; "" for nothing."""
    if not raw:
        return ""
    return storages["letters"].save(f"{person_id}/web/{secrets.token_hex(12)}", ContentFile(raw))


def read(path: str) -> bytes:
    """Return what is stored at ``path``; nothing where it is gone."""
    if not path:
        return b""
    try:
        with storages["letters"].open(path) as file:
            return file.read()
    except OSError:
        return b""


def drop(paths: list[str]) -> None:
    """Remove what is stored; what is gone already is no error."""
    for path in filter(None, paths):
        with suppress(OSError):
            storages["letters"].delete(path)


def drop_person(person_id: int) -> None:
    """Remove every body that is kept for a person."""
    with suppress(OSError):
        _, names = storages["letters"].listdir(f"{person_id}/web")
        drop([*(f"{person_id}/web/{name}" for name in names), f"{person_id}/web", str(person_id)])


def person_deleted(instance: Any, using: str, **_: Any) -> None:
    """Deleting a person removes what they looked at with them, once that is committed."""
    transaction.on_commit(partial(drop_person, instance.pk), using=using)

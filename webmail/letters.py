"""Letters' bytes: bodies, frozen outgoing mail and attachments, all through the one storage ``letters``.

A path begins with the person's number, so that deleting a person removes one folder.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import partial
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import transaction


def keep(person_id: int, kind: str, raw: bytes | File) -> str:
    """Store ``raw`` for a person and return its path; ``kind`` is a folder's name (bodies, outgoing, files)."""
    content = raw if isinstance(raw, File) else ContentFile(raw)
    return _storage().save(f"{person_id}/{kind}/{secrets.token_hex(12)}", content)


def read(path: str, limit: int = -1) -> bytes:
    """Return the first ``limit`` bytes stored at ``path`` (all, if negative); FileNotFoundError if it is gone."""
    with _storage().open(path) as file:
        return file.read(limit) if limit >= 0 else file.read()


def open_file(path: str) -> File:
    """Open what is stored at ``path`` for streaming; the caller closes it."""
    return _storage().open(path)


def drop(*paths: str) -> None:
    """Remove what is stored at ``paths``; what is gone already is no error."""
    for path in paths:
        if path:
            with suppress(OSError):
                _storage().delete(path)


def drop_person(person_id: int) -> None:
    """Remove everything stored for a person."""
    for kind in ("bodies", "outgoing", "files"):
        with suppress(OSError):
            _, names = _storage().listdir(f"{person_id}/{kind}")
            drop(*(f"{person_id}/{kind}/{name}" for name in names), f"{person_id}/{kind}")
    drop(str(person_id))


def person_deleted(instance: Any, using: str, **_: Any) -> None:
    """Deleting a person removes their letters' bytes with them, once that is committed."""
    transaction.on_commit(partial(drop_person, instance.pk), using=using)


def _storage():
    return storages["letters"]

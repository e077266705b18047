"""Answers' bodies, in the one storage for what is large; a path begins with the person's number."""

from __future__ import annotations

import secrets
from contextlib import suppress

from django.core.files.base import ContentFile
from django.core.files.storage import storages


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

"""What a start need not do again: migrations that were applied, and static files that have not changed since."""

from __future__ import annotations

import hashlib
import pkgutil
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


def database() -> bool:
    """Migrate where a migration of an app is not in the database's list; True if there was one.

    Names are compared, without loading what they would do: that, and the signals after it, is most of ``migrate``.
    """
    applied = set(MigrationRecorder(connection).applied_migrations())
    if _migrations() <= applied:
        return False
    call_command("migrate", verbosity=0, interactive=False)
    return True


def static() -> bool:
    """Collect static files where a source of theirs is not what it was last time; True if so.

    Hashing and compressing a thousand files takes ten seconds of a processor.
    """
    stamp, mark = settings.DATA / "static.stamp", _sources()
    if stamp.exists() and stamp.read_text() == mark and (settings.STATIC_ROOT / "staticfiles.json").exists():
        return False
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(mark)
    return True


def _migrations() -> set[tuple[str, str]]:
    found = set()
    for app in apps.get_app_configs():
        name = f"{app.name}.migrations"
        if (Path(app.path) / "migrations" / "__init__.py").exists():
            modules = pkgutil.iter_modules(import_module(name).__path__)
            found |= {(app.label, one.name) for one in modules if one.name[0] not in "_~"}
    return found


def _sources() -> str:
    """What all static files are made from: their paths, sizes and times, and how they are stored."""
    told = hashlib.sha256(repr((settings.STATIC_URL, settings.STORAGES["staticfiles"])).encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            path = Path(storage.path(name))
            stat = path.stat()
            told.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return told.hexdigest()

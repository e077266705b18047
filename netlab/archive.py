"""A lab in one file and back: its database, mail, files, letters and keys, for `manage.py backup` and `restore`."""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

VERSION = 1
FOLDERS = ("keys", "mail", "files", "letters", "media")
"""What goes along of the data folder; static files and the schedule are made anew by the next start."""
DATABASE = "database"
ABOUT = "netlab.json"


class Unfit(Exception):
    """The backup cannot be made or taken in; the text says why and what to do."""


def pack(target: Path) -> int:
    """Write this lab into ``target``, a new file that only its owner can read; return how many files went in.

    Unfit where ``target`` exists. The lab must not run: mail and database would tell of different moments.
    """
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it holds the keys
    except FileExistsError as error:
        raise Unfit(f"{target} is there already; nothing was written. Name a new file.") from error
    try:
        # A letter that was copied to another folder is one file with two names: each goes in whole.
        whole = {"compresslevel": 6, "dereference": True}
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", **whole) as box:
            return _pack(box)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def unpack(source: Path) -> int:
    """Make the lab that ``source`` holds out of this empty one; return how many files came out.

    Unfit, with nothing changed, where there is a lab already, where ``source`` is no whole backup, where
    it is of another kind of database, or of a newer netlab than this one.
    """
    settings.DATA.mkdir(parents=True, exist_ok=True, mode=0o700)
    _is_empty()
    with tempfile.TemporaryDirectory(dir=settings.DATA, prefix="restore-") as folder:
        count = _unpack(source, Path(folder))
        _fits(Path(folder))
        _take_in(Path(folder))
    return count


def _pack(box: tarfile.TarFile) -> int:
    about = json.dumps({"version": VERSION, "vendor": connection.vendor, "migrations": sorted(_applied())})
    member = tarfile.TarInfo(ABOUT)
    member.size, member.mode = len(about), 0o600
    box.addfile(member, io.BytesIO(about.encode()))
    with tempfile.TemporaryDirectory() as folder:
        box.add(_dump(Path(folder) / DATABASE), DATABASE)
    count = 0
    for path in _files():
        box.add(path, path.relative_to(settings.DATA).as_posix(), recursive=False)
        count += path.is_file()
    return count


def _files() -> Iterator[Path]:
    """Folders too: an empty mailbox is a mailbox."""
    for name in FOLDERS:
        top = settings.DATA / name
        if top.is_dir():
            yield from (path for path in sorted(top.rglob("*")) if path.is_dir() or path.is_file())


def _applied() -> list[str]:
    return [".".join(key) for key in MigrationLoader(connection).applied_migrations]


def _dump(target: Path) -> Path:
    if connection.vendor == "postgresql":
        _postgres("pg_dump", "--no-owner", "--no-privileges", f"--file={target}")
    else:
        with (
            closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)  # what still stands in the write-ahead log comes along
    return target


def _is_empty() -> None:
    tables = _database_is_there() and connection.introspection.table_names()
    held = [name for name in ("mail", "files", "letters", "media") if any((settings.DATA / name).glob("*"))]
    if tables or held:
        what = ", ".join([*(["its database"] if tables else []), *held])
        raise Unfit(
            f"there is a lab already ({settings.DATA}: {what}); nothing was changed. "
            "NETLAB_DATA names another, empty folder."
        )
    connection.close()


def _database_is_there() -> bool:
    """Only looking into an SQLite file would make it."""
    return connection.vendor != "sqlite" or Path(settings.DATABASES["default"]["NAME"]).exists()


def _unpack(source: Path, folder: Path) -> int:
    count = 0
    try:
        with tarfile.open(source, "r:gz") as box:
            for member in box:
                path = folder / _name(member)
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                if member.isdir():
                    path.mkdir(exist_ok=True, mode=0o700)
                    continue
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    shutil.copyfileobj(box.extractfile(member), file)
                os.utime(path, (member.mtime, member.mtime))  # a letter's age is its file's
                count += member.name not in (ABOUT, DATABASE)
    except (tarfile.TarError, EOFError, OSError, KeyError) as error:
        raise Unfit(f"{source} is no whole backup ({error}); nothing was changed") from error
    return count


def _name(member: tarfile.TarInfo) -> str:
    """The member's name, where it is one that ``pack`` writes: nothing leaves the folder.

    Older backups hold a letter's second name as a link to its first; ``extractfile`` follows it inside the file only.
    """
    parts = PurePosixPath(member.name).parts
    known = member.name in (ABOUT, DATABASE) or (len(parts) > 1 and parts[0] in FOLDERS)
    if not known or ".." in parts or not (member.isfile() or member.isdir() or member.islnk()):
        raise tarfile.TarError(f"{member.name!r} is nothing that a backup holds")
    return member.name


def _fits(folder: Path) -> None:
    try:
        about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
        version, vendor, migrations = about["version"], about["vendor"], set(about["migrations"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unfit("this is no backup of a lab; nothing was changed") from error
    ours = {".".join(key) for key in MigrationLoader(None).disk_migrations}
    newer = sorted(name for name in migrations - ours if name.split(".")[0] in _rooms(ours))
    if version > VERSION or newer:
        raise Unfit(
            f"this backup is of a newer netlab {newer or ''}; update this one first. Nothing was changed."
        )
    if vendor != connection.vendor:
        raise Unfit(
            f"this backup is of {vendor}, and DATABASE_URL leads to {connection.vendor}; nothing was changed"
        )
    if not (folder / DATABASE).is_file():
        raise Unfit("this backup holds no database; nothing was changed")


def _rooms(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def _take_in(folder: Path) -> None:
    for name in FOLDERS:
        if (folder / name).is_dir():
            # Keys stand there from the moment the settings were read; without a lab they open nothing.
            shutil.rmtree(settings.DATA / name, ignore_errors=True)
            (folder / name).rename(settings.DATA / name)
    if connection.vendor == "postgresql":
        _postgres(
            "psql", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", f"--file={folder / DATABASE}"
        )
        return
    target = Path(settings.DATABASES["default"]["NAME"])
    for rest in ("-wal", "-shm"):
        target.with_name(target.name + rest).unlink(missing_ok=True)
    (folder / DATABASE).replace(target)


def _postgres(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's against our database; the password goes by environment, not by argument."""
    row = connection.settings_dict
    given = {"PGHOST": row["HOST"], "PGPORT": row["PORT"], "PGUSER": row["USER"], "PGPASSWORD": row["PASSWORD"],
             "PGDATABASE": row["NAME"]}  # fmt: skip
    environment = {**os.environ, **{key: str(value) for key, value in given.items() if value}}
    found = shutil.which(program)
    if not found:
        raise Unfit(f"{program} is not installed: install the package postgresql-client")
    done = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise Unfit(f"{program}: {done.stderr.strip()[-500:]}")

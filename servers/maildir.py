"""The lab's mail on disk: a home per person, a Maildir++ tree in it, made at the first login or delivery.

``Mailstore(root).home("ann").deliver(raw)`` keeps a letter in ann's INBOX. Everyone in the process shares one
store; a folder object is the same for all sessions, so that news travels by its listeners.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Collection
from pathlib import Path

from servers.folder import Folder
from servers.index import write_atomically
from servers.names import DELIMITER, BadName, check, from_disk, home_directory, to_disk

SPECIAL = {
    "Drafts": "\\Drafts",
    "Sent": "\\Sent",
    "Archive": "\\Archive",
    "Junk": "\\Junk",
    "Trash": "\\Trash",
}
"""The folders every home has, and their special use (RFC 6154)."""


class NoFolder(LookupError):
    """There is no folder of that name."""


class FolderExists(ValueError):
    """There is a folder of that name already."""


class Mailstore:
    """All homes below one directory. ``durable`` False leaves out fsync (tests, demonstrations)."""

    def __init__(self, root: Path | str, durable: bool = True) -> None:
        self.root = Path(root)
        self.durable = durable
        self._homes: dict[str, Home] = {}
        self._lock = threading.RLock()

    def home(self, user: str) -> Home:
        """The home of ``user``, made if there is none; BadName for an empty user name."""
        with self._lock:
            home = self._homes.get(user)
            if home is None:
                if not user:
                    raise BadName("a home needs a user name")
                home = Home(self.root / home_directory(user), user, self.durable)
                self._homes[user] = home
            return home

    def exists(self, user: str) -> bool:
        """Whether ``user`` has a home already."""
        return bool(user) and (self.root / home_directory(user)).is_dir()

    def remove(self, user: str) -> None:
        """Delete a person's home and all mail in it; sessions that have it open find their folders gone."""
        with self._lock:
            home = self._homes.pop(user, None)
            if home is not None:
                home.close()
            if user:
                shutil.rmtree(self.root / home_directory(user), ignore_errors=True)

    def watched(self) -> list[Folder]:
        """The folders that a session listens to."""
        with self._lock:
            homes = list(self._homes.values())
        return [folder for home in homes for folder in home.loaded() if folder.watched]


class Home:
    """One person's folders.

    Names are text with ``/`` between levels; INBOX in any case is the home itself.
    """

    def __init__(self, path: Path, user: str, durable: bool = True) -> None:
        self.path, self.user, self.durable = path, user, durable
        self.lock = threading.RLock()
        self._folders: dict[str, Folder] = {}
        self._subscribed: list[str] | None = None
        fresh = not (path / "cur").is_dir()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if fresh:
            for name in SPECIAL:
                self._make(name)
            self._write_subscriptions(["INBOX", *SPECIAL])
            for sub in ("tmp", "new", "cur"):
                (path / sub).mkdir(mode=0o700, exist_ok=True)

    def folder(self, name: str) -> Folder:
        """The folder of that name; NoFolder when there is none, BadName when there cannot be."""
        name = check(name)
        with self.lock:
            folder = self._folders.get(name)
            if folder is None:
                path = self._path(name)
                if not (path / "cur").is_dir():
                    raise NoFolder(name)
                folder = self._folders[name] = Folder(path, name, self.next_validity, self.durable)
            return folder

    def known(self, name: str) -> Folder | None:
        """The folder if it was opened already: no file is touched."""
        return self._folders.get("INBOX" if name.upper() == "INBOX" else name)

    def deliver(
        self, raw: bytes, folder: str = "INBOX", flags: Collection[str] = (), when: float | None = None
    ) -> int:
        """Keep a message in ``folder`` (INBOX when there is none of that name).

        Return its UID. OSError: disk full.
        """
        try:
            target = self.folder(folder)
        except NoFolder:
            target = self.folder("INBOX")
        return target.deliver(raw, flags, when)

    def names(self) -> list[str]:
        """Every folder's name, INBOX first, the others sorted."""
        found = []
        for directory in os.listdir(self.path):
            if directory.startswith(".") and (self.path / directory / "cur").is_dir():
                with contextlib.suppress(BadName):
                    found.append(check(from_disk(directory)))
        return ["INBOX", *sorted(set(found) - {"INBOX"})]

    def loaded(self) -> list[Folder]:
        """The folders that were opened since the start."""
        with self.lock:
            return list(self._folders.values())

    def octets(self) -> int:
        """Bytes of all messages, as a quota counts them."""
        return sum(self.folder(name).octets for name in self.names())

    def create(self, name: str) -> Folder:
        """Make a folder; FolderExists, BadName or OSError when that cannot be."""
        name = check(name)
        with self.lock:
            if name == "INBOX" or (self._path(name) / "cur").is_dir():
                raise FolderExists(name)
            self._make(name)
            return self.folder(name)

    def delete(self, name: str) -> None:
        """Remove a folder and its messages; folders below it stay (RFC 3501, 6.3.4). NoFolder, BadName."""
        name = check(name)
        if name == "INBOX":
            raise BadName("INBOX cannot be deleted")
        with self.lock:
            path = self._path(name)
            if not (path / "cur").is_dir():
                raise NoFolder(name)
            folder = self._folders.pop(name, None)
            if folder is not None:
                folder.close()
            grave = self.path / f"netlab-deleted-{time.time_ns()}"
            path.rename(grave)  # gone at once, whatever a crash does to the slow part
            shutil.rmtree(grave, ignore_errors=True)

    def rename(self, old: str, new: str) -> None:
        """Rename a folder and those below it. Of INBOX, only its messages move (RFC 3501, 6.3.5)."""
        old, new = check(old), check(new)
        with self.lock:
            names = self.names()
            if new in names:
                raise FolderExists(new)
            if old == "INBOX":
                inbox = self.folder("INBOX")
                inbox.move(inbox.uids(), self.create(new))
                return
            inner = [name for name in names if name == old or name.startswith(old + DELIMITER)]
            if not inner:
                raise NoFolder(old)
            if new.startswith(old + DELIMITER):
                raise BadName("a folder cannot be moved into itself")
            pairs = [(name, check(new + name[len(old) :])) for name in inner]
            for taken in {there for _, there in pairs} & set(names):
                raise FolderExists(taken)
            for source, target in pairs:
                self._rename_one(source, target)

    def subscriptions(self) -> list[str]:
        """The names that were subscribed, whether such folders exist or not (RFC 3501, 6.3.6)."""
        with self.lock:
            if self._subscribed is None:
                try:
                    text = (self.path / "subscriptions").read_text("utf-8", "replace")
                except FileNotFoundError:
                    text = ""
                self._subscribed = [line for line in text.splitlines() if line]
            return list(self._subscribed)

    def subscribe(self, name: str) -> None:
        """Add a name to the subscriptions."""
        name = check(name)
        with self.lock:
            names = self.subscriptions()
            if name not in names:
                self._write_subscriptions([*names, name])

    def unsubscribe(self, name: str) -> None:
        """Take a name from the subscriptions, if it is there."""
        name = check(name)
        with self.lock:
            names = self.subscriptions()
            if name in names:
                self._write_subscriptions([kept for kept in names if kept != name])

    def next_validity(self) -> int:
        """A UIDVALIDITY that this home never had: the time, or one more than the last."""
        with self.lock:
            path = self.path / "netlab-uidvalidity"
            try:
                last = int(path.read_text())
            except (FileNotFoundError, ValueError):
                last = 0
            fresh = max(int(time.time()), last + 1)
            write_atomically(path, b"%d\n" % fresh, self.durable)
            return fresh

    def close(self) -> None:
        """Every folder is gone, for whoever has it open."""
        with self.lock:
            for folder in self._folders.values():
                folder.close()
            self._folders.clear()

    def _path(self, name: str) -> Path:
        return self.path / to_disk(name)

    def _make(self, name: str) -> None:
        path = self._path(name)
        for sub in ("tmp", "new", "cur"):  # cur last: it is what makes a folder of the directory
            (path / sub).mkdir(mode=0o700, parents=True, exist_ok=True)
        (path / "maildirfolder").touch()

    def _rename_one(self, source: str, target: str) -> None:
        folder = self._folders.pop(source, None)
        self._path(source).rename(self._path(target))
        if folder is not None:
            folder.replant(self._path(target), target)
            self._folders[target] = folder

    def _write_subscriptions(self, names: list[str]) -> None:
        self._subscribed = names
        write_atomically(
            self.path / "subscriptions", "".join(f"{name}\n" for name in names).encode(), self.durable
        )

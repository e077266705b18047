"""How much a person may keep: bytes counted as they are written, and files that give back what they took."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

MOST_ENTRIES = 50_000
"""Files and folders that one person may have: many empty ones fill a disk too."""


class Full(OSError):
    """The quota is used up."""

    def __init__(self) -> None:
        super().__init__(errno.EDQUOT, "your space is used up")


class Space:
    """What lies below one home. ``used`` are the bytes of its files, ``entries`` their and the folders' number."""

    def __init__(self, home: Path, limit: int) -> None:
        self.limit, self.sessions = limit, 0
        self.used, self.entries = _measure(home)

    @property
    def left(self) -> int:
        """Bytes that may still be stored."""
        return max(0, self.limit - self.used)

    def take(self, size: int) -> None:
        """Count ``size`` bytes more; Full, with nothing counted, where they do not fit."""
        if size > 0 and self.used + size > self.limit:
            raise Full
        self.used += size

    def give(self, size: int) -> None:
        """Count ``size`` bytes less."""
        self.used = max(0, self.used - size)

    def enter(self) -> None:
        """Count one more file or folder; Full where there are too many."""
        if self.entries >= MOST_ENTRIES:
            raise Full
        self.entries += 1

    def leave(self) -> None:
        """Count one file or folder less."""
        self.entries = max(0, self.entries - 1)


class Spaces:
    """The spaces of those who are signed in; a person's sessions share one, measured anew when the first comes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spaces: dict[Path, Space] = {}
        self._lock = threading.Lock()

    def enter(self, home: Path) -> Space:
        """Return the space of ``home``, which is made where it is missing; ends with ``leave``."""
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if home.stat().st_mode & 0o077:
            home.chmod(0o700)
        with self._lock:
            if home not in self._spaces:
                self._spaces[home] = Space(home, self._limit)
            self._spaces[home].sessions += 1
            return self._spaces[home]

    def leave(self, home: Path) -> None:
        """One session of that person is over."""
        with self._lock:
            space = self._spaces.get(home)
            if space is None:
                return
            space.sessions -= 1
            if space.sessions <= 0:
                del self._spaces[home]


class Upload:
    """A file that is being stored. ``mode`` is w (in the place of one that may be there), a (to its end) or r+
    (over it, from a place on). What was there before is touched only when the first byte comes, or at a good end.
    """

    def __init__(self, path: str, mode: str, space: Space) -> None:
        self.name, self._mode, self._space = path, mode, space
        self.closed, self._begun, self._at = False, False, 0
        self._made = mode != "r+" and not os.path.lexists(path)
        if self._made:
            space.enter()
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | (0 if mode == "r+" else os.O_CREAT)
        try:
            self._file = os.open(path, flags, 0o644)
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                os.close(self._file)
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        except OSError:
            if self._made:
                space.leave()
            raise
        self._before = os.fstat(self._file).st_size

    def seek(self, at: int) -> None:
        """Write from there on."""
        self._at = at

    def write(self, raw: bytes) -> None:
        """Store ``raw``; Full where it does not fit, and then nothing of it is stored.

        A file that was deleted meanwhile has given back what it took, and takes no more.
        """
        if not os.fstat(self._file).st_nlink:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._begin()
        size = os.fstat(self._file).st_size
        grows = max(0, self._at + len(raw) - size)
        self._space.take(grows)
        try:
            view = memoryview(raw)
            while view:
                written = os.pwrite(self._file, view, self._at)
                self._at, view = self._at + written, view[written:]
        except OSError:
            self._space.give(grows - (os.fstat(self._file).st_size - size))
            raise

    def finish(self, good: bool) -> None:
        """The transfer is over, whole or not; a file that was made for it and got nothing goes again."""
        if self.closed:
            return
        if good:
            self._begin()
        elif self._made and not self._begun:
            self._unlink()
        self.close()

    def undo(self) -> None:
        """Take back what was stored: a new file goes, a longer one gets its old length."""
        if self.closed:
            return
        size = os.fstat(self._file).st_size
        if not os.fstat(self._file).st_nlink:
            pass  # whoever deleted it gave back what it took
        elif self._made or self._mode == "w":
            if not self._unlink():
                os.ftruncate(self._file, 0)
            self._space.give(size)
        elif size > self._before:
            os.ftruncate(self._file, self._before)
            self._space.give(size - self._before)
        self.close()

    def close(self) -> None:
        """Let the file go."""
        if not self.closed:
            self.closed = True
            os.close(self._file)

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        size = os.fstat(self._file).st_size
        if self._mode == "w":
            os.ftruncate(self._file, 0)
            self._space.give(size)
        elif self._mode == "a":
            self._at = size

    def _unlink(self) -> bool:
        """Delete it, where it still has its name and nothing else has that."""
        try:
            if not os.path.samestat(os.lstat(self.name), os.fstat(self._file)):
                return False
            os.unlink(self.name)
        except FileNotFoundError:
            return False
        self._space.leave()
        return True


def weight(path: str) -> int:
    """Bytes that ``path`` counts for: a file's, if it has no other name."""
    found = os.lstat(path)
    return found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0


def _measure(home: Path) -> tuple[int, int]:
    size, entries, folders = 0, 0, [str(home)]
    while folders:
        try:
            with os.scandir(folders.pop()) as found:
                for entry in found:
                    entries += 1
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        size += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return size, entries

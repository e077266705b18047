"""A person's folder as FTP shows it: a root of its own that no path, link or name leads out of."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections.abc import Iterator
from typing import Any

from pyftpdlib.filesystems import AbstractedFS

from servers.ftp.space import Upload, weight

READ_ONLY = "elr"
OWN = "elradfmwMT"
"""pyftpdlib's letters: enter, list, read, append, delete, rename, make, write, mode, time."""


class Rights:
    """What the one who signed in may do; pyftpdlib asks before each command."""

    def __init__(self) -> None:
        self.letters = ""

    def has_perm(self, username: str, perm: str, path: str | None = None) -> bool:
        return perm in self.letters

    def get_perms(self, username: str) -> str:
        return self.letters

    def get_msg_quit(self, username: str) -> str:
        return "Goodbye."

    def impersonate_user(self, username: str, password: str) -> None:
        """Nobody: all files belong to the account that the lab runs under."""

    def terminate_impersonation(self, username: str) -> None:
        """As before."""


class Home(AbstractedFS):
    """The files below ``root``. Names with control characters are neither made nor shown."""

    def __init__(self, root: str, cmd_channel: Any) -> None:
        super().__init__(os.path.realpath(root), cmd_channel)

    @property
    def _space(self) -> Any:
        return self.cmd_channel.space

    def chdir(self, path: str) -> None:
        """Enter a folder; the process itself stays where it is, for it is many persons' at once."""
        os.scandir(path).close()
        self.cwd = self.fs2ftp(path)

    def open(self, filename: str, mode: str) -> Any:
        """Open for reading, or for storing within the quota; only files, for a pipe would never answer."""
        if "r" in mode and "+" not in mode:
            if not stat.S_ISREG(os.stat(filename).st_mode):
                raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
            return open(filename, mode)
        if self._space is None:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        self._nameable(filename)
        return Upload(filename, mode.replace("b", ""), self._space)

    def mkstemp(self, suffix: str = "", prefix: str = "", dir: str | None = None, mode: str = "wb") -> Upload:
        """A new file under a name that nothing has."""
        while True:
            path = os.path.join(dir or self.root, f"{prefix}{secrets.token_hex(4)}{suffix}")
            if not os.path.lexists(path):
                return self.open(path, "w")

    def mkdir(self, path: str) -> None:
        self._nameable(path)
        self._space.enter()
        try:
            os.mkdir(path, 0o755)
        except OSError:
            self._space.leave()
            raise

    def rmdir(self, path: str) -> None:
        os.rmdir(path)
        self._space.leave()

    def remove(self, path: str) -> None:
        size = weight(path)
        os.remove(path)
        self._space.give(size)
        self._space.leave()

    def rename(self, src: str, dst: str) -> None:
        self._nameable(dst)
        goes = weight(dst) if os.path.lexists(dst) and not os.path.samefile(src, dst) else None
        os.rename(src, dst)
        if goes is not None:
            self._space.give(goes)
            self._space.leave()

    def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits; the owner keeps what the server itself needs to go on serving the file.

        The root itself is what keeps the machine's other accounts out: its bits are nobody's to change.
        """
        if os.path.realpath(path) == self.root:
            raise OSError(errno.EPERM, "This folder's permissions stay as they are")
        os.chmod(path, (mode & 0o777) | (0o700 if os.path.isdir(path) else 0o600))

    def listdir(self, path: str) -> list[str]:
        return [name for name in os.listdir(path) if not _controls(name)]

    def readlink(self, path: str) -> str:
        """Where a link leads, as this root sees it; where it leads out of it, nothing is told."""
        target = os.path.join(os.path.dirname(path), os.readlink(path))
        return self.fs2ftp(target) if self.validpath(target) else "?"

    def get_user_by_uid(self, uid: int) -> str:
        """Whoever signed in owns all that is seen; the machine's own accounts are nobody's business."""
        return self.cmd_channel.owner

    def get_group_by_gid(self, gid: int) -> str:
        return "lab"

    def format_mlsx(
        self, basedir: str, listing: list[str], perms: str, facts: list[str], ignore_err: bool = True
    ) -> Iterator[bytes]:
        """Yield the lines of MLSD and MLST (RFC 3659 7); a link that leads out of the root is left out."""
        for name in listing:
            path = os.path.join(basedir, name)
            try:
                found = os.stat(path) if self.validpath(path) else os.lstat(path)
            except OSError:
                if not ignore_err:
                    raise
                continue
            if stat.S_ISLNK(found.st_mode):
                continue
            told = _facts(found, perms)
            line = "".join(f"{fact}={told[fact]};" for fact in sorted(facts) if fact in told)
            yield f"{line} {name}\r\n".encode("utf-8", "surrogateescape")

    def _nameable(self, path: str) -> None:
        if _controls(os.path.basename(path)):
            self.cmd_channel.refused = "553"
            raise OSError(errno.EINVAL, "A name cannot hold control characters")
        if len(os.fsencode(os.path.basename(path))) > 255:
            self.cmd_channel.refused = "553"


def _controls(name: str) -> bool:
    return any(ord(sign) < 32 or ord(sign) == 127 for sign in name)


def _facts(found: os.stat_result, perms: str) -> dict[str, str]:
    folder, own = stat.S_ISDIR(found.st_mode), "w" in perms
    may = ("elcmpdf" if own else "el") if folder else ("adfrw" if own else "r")
    told = {
        "type": "dir" if folder else "file",
        "perm": may,
        "modify": time.strftime("%Y%m%d%H%M%S", time.gmtime(max(0, found.st_mtime))),
        "unique": f"{found.st_dev:x}g{found.st_ino:x}",
        "unix.mode": f"0{stat.S_IMODE(found.st_mode):03o}",
    }
    return told if folder else {**told, "size": str(found.st_size)}

"""A Maildir's files: written in tmp, renamed into place, their flags and sizes in their names.

``1769212800.M5P77Q3.lab,S=1204,W=1204:2,FS``: a unique part, S the bytes in the file, W the bytes on the wire
(with CR LF line ends), and after ``:2,`` the flags. Files of other programs may lack S and W.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from servers.entry import Entry

STALE = 36 * 3600
"""Seconds after which a file in tmp is what a crash left (the Maildir convention)."""

HEAD = 16 * 1024
"""Bytes that are read at first when only the header is wanted."""

_counter = itertools.count(1)
_own = re.compile(r"\d+\.M\d{6}P\d+Q\d+\.lab(?:,|$)")
_sizes = re.compile(r",S=(\d+)(?:,W=(\d+))?")
_end_of_header = re.compile(rb"\r\n\r\n|\n\n|\n\r\n")
_bare = re.compile(rb"(?<!\r)\n")


@dataclass(slots=True)
class Waiting:
    """A message written to tmp, not yet delivered."""

    path: Path
    name: str
    size: int
    when: int


@dataclass(slots=True)
class Arrived:
    """A message in its place, not yet numbered."""

    name: str
    size: int
    when: int
    letters: str
    sub: str
    info: str


@dataclass(slots=True)
class Found:
    """A file that a scan saw. ``info`` is what stands after its name: empty, or ``:2,`` and letters."""

    name: str
    sub: str
    info: str

    @property
    def letters(self) -> str:
        """The flags' letters, sorted, each once."""
        return "".join(sorted({sign for sign in self.info[3:] if sign.isalpha() and sign.isascii()}))

    @property
    def ours(self) -> bool:
        """Whether this server gave the file its name."""
        return _own.match(self.name) is not None

    @property
    def order(self) -> tuple[int, str]:
        """Where it stands among new messages: by the time in its name, then by name."""
        head = self.name.split(".", 1)[0]
        return (int(head) if head.isdecimal() else 0, self.name)

    def measure(self, root: Path) -> Arrived:
        """Find out size and date; a file without W in its name is read once for that."""
        path = f"{root}/{self.sub}/{self.name}{self.info}"
        sizes = _sizes.search(self.name)
        try:
            when = int(os.stat(path).st_mtime)
            size = int(sizes[2]) if sizes and sizes[2] else len(read(path, plain=False))
        except FileNotFoundError:
            when, size = int(time.time()), 0
        return Arrived(self.name, size, when, self.letters, self.sub, self.info)


def prepare(root: Path) -> None:
    """Make the three directories, and clear tmp of what a crash left there."""
    for sub in ("tmp", "new", "cur"):
        (root / sub).mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.scandir(root / "tmp") as found:
        for file in found:
            with contextlib.suppress(OSError):
                if time.time() - file.stat().st_mtime > STALE:
                    os.unlink(file.path)


def scan(root: Path) -> dict[str, Found]:
    """Every message file by its name without flags.

    ``new`` is read first, as files move from there to ``cur``.
    """
    found = {}
    for sub in ("new", "cur"):
        for name in os.listdir(root / sub):
            if name.startswith(".") or "\n" in name:
                continue
            base, colon, info = name.partition(":")
            found[base] = Found(base, sub, colon + info)
    return found


def read(path: str, plain: bool) -> bytes:
    """A message's bytes as they go over the wire: CR LF line ends, no NUL (RFC 3501 has no place for one)."""
    with open(path, "rb") as file:
        raw = file.read()
    if plain:
        return raw
    if b"\0" in raw:
        raw = raw.replace(b"\0", b"\x80")
    return _bare.sub(b"\r\n", raw)


def read_head(path: str) -> bytes | None:
    """The header of a file whose lines end in CR LF; None when it is longer than ``HEAD``."""
    with open(path, "rb") as file:
        raw = file.read(HEAD)
    end = _end_of_header.search(raw)
    return raw[: end.end()] if end and not raw.startswith((b"\r\n", b"\n")) else None


def head_of(raw: bytes) -> bytes:
    """A message's header with the empty line that ends it; all of it where there is none."""
    for sign in (b"\r\n", b"\n"):
        if raw.startswith(sign):
            return sign
    end = _end_of_header.search(raw)
    return raw[: end.end()] if end else raw


def write(root: Path, raw: bytes, when: float | None, durable: bool) -> Waiting:
    """Write a message to tmp; its name holds its sizes."""
    now = time.time()
    raw = raw.replace(b"\0", b"\x80") if b"\0" in raw else raw
    stem = _unique(now)
    name = f"{stem},S={len(raw)},W={len(raw)}"
    path = root / "tmp" / name
    moment = int(now if when is None else when)
    try:
        with open(path, "xb") as file:
            file.write(raw)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.utime(path, (now, moment))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Waiting(path, name, len(raw), moment)


def link(entry: Entry, target: Path) -> Waiting:
    """Put the message's file into another folder's tmp under a new name, without copying its bytes where
    possible.
    """
    sizes = _sizes.search(entry.name)
    name = _unique(time.time()) + (sizes[0] if sizes else "")
    path = target / "tmp" / name
    try:
        os.link(entry.path, path)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        path.write_bytes(Path(entry.path).read_bytes())
        os.utime(path, (entry.internaldate, entry.internaldate))
    return Waiting(path, name, entry.size, entry.internaldate)


def place(root: Path, waiting: Waiting, letters: str) -> Arrived:
    """Deliver: into ``new``, or into ``cur`` when it has flags (only there a name can say them)."""
    sub, info = ("cur", ":2," + letters) if letters else ("new", "")
    os.rename(waiting.path, f"{root}/{sub}/{waiting.name}{info}")
    return Arrived(waiting.name, waiting.size, waiting.when, letters, sub, info)


def discard(waiting: list[Waiting]) -> None:
    """Take back files that were not delivered."""
    for file in waiting:
        file.path.unlink(missing_ok=True)


def sync_directories(root: Path, subs: set[str], durable: bool) -> None:
    """Make the new names in these directories survive a power cut."""
    for sub in subs if durable else ():
        descriptor = os.open(root / sub, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unique(now: float) -> str:
    seconds, micros = divmod(int(now * 1_000_000), 1_000_000)
    return f"{seconds}.M{micros:06d}P{os.getpid()}Q{next(_counter)}.lab"

"""The index of one folder: which message has which UID, kept as a journal that a crash cannot spoil.

The journal is a text file ``netlab-index`` beside ``cur`` and ``new``; lines are only ever added, and the
whole is rewritten (to a new file, then renamed over the old) when it grew too long. A line that was cut by a
crash is dropped at the next load: its UID was never told to anybody, because a UID is told only after its line
is written. Messages that the journal does not know get new UIDs; the journal never gives one number to two. Where
more is wrong than a crash leaves, UIDs that were told may be lost: the folder is then numbered anew, under another
UIDVALIDITY (RFC 9051, 2.3.1.1).

    netlab-index 1 <uidvalidity>
    + <uid> <modseq> <size> <when> <letters> <name>     a message came (letters are its flags, - for none)
    f <uid> <modseq> <letters>                          its flags changed
    - <uid> <modseq>                                    it is gone
    r <uid>                                             messages below this UID were \\Recent to somebody
    n <uidnext> <modseq>                                no UID below this one may be given again
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)
MAGIC = b"netlab-index 1 "
REMEMBERED = 5000
"""How many expunged messages are remembered, so that a client can be told what vanished (RFC 7162)."""


@dataclass(slots=True)
class Row:
    """What the journal knows of one message."""

    uid: int
    modseq: int
    size: int
    when: int
    letters: str
    name: str


@dataclass(slots=True)
class State:
    """A folder's index as read from its journal. ``rows`` are in the order of their UIDs."""

    uidvalidity: int
    uidnext: int = 1
    modseq: int = 1
    recent: int = 1
    rows: dict[int, Row] = field(default_factory=dict)
    vanished: list[tuple[int, int]] = field(default_factory=list)  # (modseq, uid)
    lines: int = 0
    cut: bytes = b""
    """The beginning of a last line that a crash cut."""


class Journal:
    """The file; every method may raise OSError (a full disk), and then nothing was told to anybody."""

    def __init__(self, path: Path, durable: bool = True) -> None:
        self.path = path
        self.durable = durable
        self.lines = 0

    def load(self) -> State | None:
        """Read the journal; None where there is none or one of its lines is damaged (all UIDs are then new)."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        whole, newline, cut = raw.rpartition(b"\n")
        lines = whole.split(b"\n")
        if not newline or not lines[0].startswith(MAGIC) or not lines[0][len(MAGIC) :].isdigit():
            log.warning("%s is damaged; its folder is indexed anew", self.path)
            return None
        if cut:
            os.truncate(self.path, len(whole) + 1)
        state = State(int(lines[0][len(MAGIC) :]), cut=cut)
        for line in lines[1:]:
            try:
                _TAKE[line[:2]](state, line[2:])
            except (KeyError, ValueError):
                log.warning("%s: a line is damaged, its folder is indexed anew: %r", self.path, line[:80])
                return None
        state.rows = {uid: state.rows[uid] for uid in sorted(state.rows)}
        self.lines = state.lines = len(lines)
        return state

    def append(self, lines: Iterable[str], sync: bool = False) -> None:
        """Add ``lines``; with ``sync`` they are on the disk when this returns."""
        raw = b"".join(os.fsencode(line) + b"\n" for line in lines)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            start = os.fstat(descriptor).st_size
            if os.write(descriptor, raw) != len(raw):
                os.ftruncate(descriptor, start)  # a full disk: half a line must not meet the next one
                raise OSError(28, "no space left for the index")
            if sync and self.durable:
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        self.lines += raw.count(b"\n")

    def rewrite(self, state: State) -> None:
        """Put a fresh journal of ``state`` in the old one's place, wholly or not at all."""
        lines = [
            MAGIC.decode() + str(state.uidvalidity),
            f"n {state.uidnext} {state.modseq}",
            f"r {state.recent}",
        ]
        lines += [f"- {uid} {modseq}" for modseq, uid in state.vanished[-REMEMBERED:]]
        lines += [added(row) for row in state.rows.values()]
        write_atomically(self.path, b"".join(os.fsencode(line) + b"\n" for line in lines), self.durable)
        self.lines = len(lines)


def added(row: Row) -> str:
    """The journal's line for a message that came."""
    return f"+ {row.uid} {row.modseq} {row.size} {row.when} {row.letters or '-'} {row.name}"


def write_atomically(path: Path, raw: bytes, durable: bool = True) -> None:
    """Write ``raw`` to ``path`` so that a reader, and a crash, sees the old file or the new one, whole."""
    fresh = path.with_name(path.name + ".fresh")
    with fresh.open("wb") as file:
        file.write(raw)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    fresh.replace(path)
    if durable:
        with contextlib.suppress(OSError):
            descriptor = os.open(path.parent, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


def _came(state: State, line: bytes) -> None:
    uid, modseq, size, when, letters, name = line.split(b" ", 5)
    row = Row(int(uid), int(modseq), int(size), int(when), letters.decode().strip("-"), os.fsdecode(name))
    if row.uid in state.rows or not row.name:
        raise ValueError(row)
    state.rows[row.uid] = row
    state.uidnext = max(state.uidnext, row.uid + 1)
    state.modseq = max(state.modseq, row.modseq)


def _flags(state: State, line: bytes) -> None:
    uid, modseq, letters = line.split(b" ")
    state.modseq = max(state.modseq, int(modseq))
    row = state.rows[int(uid)]
    row.modseq, row.letters = int(modseq), letters.decode().strip("-")


def _gone(state: State, line: bytes) -> None:
    uid, modseq = (int(word) for word in line.split(b" "))
    state.rows.pop(uid, None)
    state.vanished.append((modseq, uid))
    state.uidnext = max(state.uidnext, uid + 1)
    state.modseq = max(state.modseq, modseq)


def _recent(state: State, line: bytes) -> None:
    state.recent = max(state.recent, int(line))


def _next(state: State, line: bytes) -> None:
    uidnext, modseq = (int(word) for word in line.split(b" "))
    state.uidnext, state.modseq = max(state.uidnext, uidnext), max(state.modseq, modseq)


_TAKE = {b"+ ": _came, b"f ": _flags, b"- ": _gone, b"r ": _recent, b"n ": _next}

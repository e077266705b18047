"""How a folder is kept: its directory and its journal in step, whatever order a crash leaves them in.

``Folder`` builds on this; nobody else does. Every method is called with the folder's lock held.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from servers import files
from servers.entry import Entry
from servers.index import Journal, Row, State, added
from servers.keywords import Keywords

log = logging.getLogger(__name__)
SLACK = 10_000
"""Lines that a journal may grow beyond twice its messages before it is rewritten."""

LONGEST_MEMORY = 50_000
"""Changes that are remembered for the sessions; one that slept longer compares everything."""

Listener = Callable[["Kept"], None]


class Gone(LookupError):
    """The message (or the whole folder) that was asked for is no more."""


class Kept:
    """The messages of one folder by UID, with what the journal knows of them."""

    def __init__(self, path: Path, name: str, validity: Callable[[], int], durable: bool = True) -> None:
        self.path, self.name, self.durable = path, name, durable
        self.deleted = False
        self.lock = threading.RLock()
        self.octets = 0
        self._validity = validity
        self._entries: dict[int, Entry] = {}
        self._names: dict[str, int] = {}
        self._unseen: set[int] = set()
        self._changes: list[tuple[int, int]] = []  # (modseq, uid) of each change since the folder was loaded
        self._listeners: set[Listener] = set()
        self._stamp: tuple[int, int] = (-1, -1)
        self._unsure = False
        self._load()

    def _load(self) -> None:
        files.prepare(self.path)
        self._keywords = Keywords(self.path / "dovecot-keywords")
        self._journal = Journal(self.path / "netlab-index", self.durable)
        state = self._journal.load()
        self._stamp, self._unsure = self._stamps(), True
        found = files.scan(self.path)
        if state and not _persists(state, found):
            log.warning("%s does not know its messages; the folder is indexed anew", self._journal.path)
            state = None
        self._state = state or State(self._validity())
        for row in self._state.rows.values():
            if row.name in found:
                self._keep(Entry.of(row, str(self.path), found[row.name], self._keywords))
        missing = [uid for uid, row in self._state.rows.items() if row.name not in found]
        if state is None or state.lines > 2 * len(state.rows) + SLACK:
            self._journal.rewrite(self._state)
        self._since = self._state.modseq
        self._note_gone(missing)
        self._adopt(found)
        self._state.rows = {}

    def _adopt(self, found: dict[str, files.Found]) -> list[int]:
        """Take up files that the index does not know, and flags that other programs set."""
        changed = []
        fresh = []
        for name, file in found.items():
            uid = self._names.get(name)
            if uid is None:
                fresh.append(file)
                continue
            entry = self._entries[uid]
            entry.sub, entry.info = file.sub, file.info
            if file.letters != entry.letters:
                entry.set_letters(file.letters, self._keywords)
                changed.append(uid)
        self._note_flags(changed)
        fresh.sort(key=lambda file: file.order)
        return changed + self._number([file.measure(self.path) for file in fresh])

    def _arrive(self, waiting: list[files.Waiting], letters: list[str]) -> list[int]:
        """Move finished files from tmp into place and number them."""
        with self._own_work():
            placed = [files.place(self.path, file, word) for file, word in zip(waiting, letters, strict=True)]
            files.sync_directories(self.path, {row.sub for row in placed}, self.durable)
            uids = self._number(placed)
        self._tell(uids)
        return uids

    def _number(self, arrived: list[files.Arrived]) -> list[int]:
        """Give each message its UID; the journal has them before anybody is told."""
        state = self._state
        rows = []
        for offset, file in enumerate(arrived):
            uid, modseq = state.uidnext + offset, state.modseq + 1
            rows.append((Row(uid, modseq, file.size, file.when, file.letters, file.name), file))
        if not rows:
            return []
        self._journal.append([added(row) for row, _ in rows], sync=True)
        state.uidnext += len(rows)
        state.modseq += 1
        for row, file in rows:
            self._keep(Entry.of(row, str(self.path), file, self._keywords))
        return self._changed([row.uid for row, _ in rows])

    def _changed(self, uids: list[int]) -> list[int]:
        """Remember what changed at the present modseq; the oldest is forgotten when it became much."""
        self._changes += [(self._state.modseq, uid) for uid in uids]
        if len(self._changes) > LONGEST_MEMORY + len(uids):
            self._since = self._changes[-LONGEST_MEMORY // 2][0]
            del self._changes[: -LONGEST_MEMORY // 2]
        return uids

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.uid] = entry
        self._names[entry.name] = entry.uid
        self.octets += entry.size
        self._count(entry)

    def _count(self, entry: Entry) -> None:
        if "S" in entry.letters:
            self._unseen.discard(entry.uid)
        else:
            self._unseen.add(entry.uid)

    def _note_flags(self, uids: list[int]) -> None:
        if not uids:
            return
        self._state.modseq += 1
        modseq = self._state.modseq
        for uid in uids:
            self._entries[uid].modseq = modseq
            self._count(self._entries[uid])
        self._changed(uids)
        self._journal.append(f"f {uid} {modseq} {self._entries[uid].letters or '-'}" for uid in uids)
        self._shorten()

    def _note_gone(self, uids: list[int]) -> None:
        if not uids:
            return
        self._state.modseq += 1
        modseq = self._state.modseq
        for uid in uids:
            entry = self._entries.pop(uid, None)
            if entry is not None:
                self._names.pop(entry.name, None)
                self._unseen.discard(uid)
                self.octets -= entry.size
            self._state.vanished.append((modseq, uid))
        self._changed(uids)
        self._journal.append(f"- {uid} {modseq}" for uid in uids)
        self._shorten()

    def _shorten(self) -> None:
        if self._journal.lines > 3 * len(self._entries) + SLACK:
            state = self._state
            state.rows = {uid: entry.row() for uid, entry in self._entries.items()}
            self._journal.rewrite(state)
            state.rows, state.vanished = {}, state.vanished[-5000:]

    def _rename(self, entry: Entry, letters: str) -> bool:
        """Give the file the name that says its flags; False when it is not there any more."""
        before = entry.path
        was = entry.sub, entry.info
        entry.sub, entry.info = "cur", ":2," + letters
        try:
            os.rename(before, entry.path)
        except FileNotFoundError:
            entry.sub, entry.info = was
            self._unsure = True
            return False
        entry.set_letters(letters, self._keywords)
        return True

    @contextlib.contextmanager
    def _own_work(self):
        """Our own renames change the directories' times too: they are no reason to look through them."""
        self._require()
        quiet = self._stamp == self._stamps()
        yield
        if quiet:
            self._stamp, self._unsure = self._stamps(), True

    def _stamps(self) -> tuple[int, int]:
        try:
            return os.stat(self.path / "new").st_mtime_ns, os.stat(self.path / "cur").st_mtime_ns
        except FileNotFoundError:
            return (0, 0)

    def _require(self) -> None:
        if self.deleted:
            raise Gone(f"the folder {self.name} was deleted")

    def _tell(self, uids: list[int]) -> None:
        if uids:
            for listener in tuple(self._listeners):
                listener(self)


def _persists(state: State, found: dict[str, files.Found]) -> bool:
    """Whether every UID that was told still stands in the journal, as far as the files can tell.

    Files of other programs may have come meanwhile. A crash leaves one of our own without its line, or with half
    of it; two or more were numbered and told, in lines that are lost. A line of another kind that was cut may have
    been followed by any.
    """
    known = {row.name for row in state.rows.values()}
    unknown = [file for name, file in found.items() if name not in known]
    if state.cut:
        return len(unknown) == 1 and b"+ ".startswith(state.cut[:2])
    return sum(file.ours for file in unknown) <= 1

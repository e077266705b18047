"""One folder of a home: a Maildir with an index, shared by every session (IMAP, POP3, SMTP) of this process.

What a message is stands in the file system (the file, its flags in its name, as every Maildir program knows
them);
what IMAP needs beyond that (UIDs, MODSEQ) stands in the journal (``index``). All methods may be called from
any
thread; those that touch files can take milliseconds and belong into ``asyncio.to_thread`` when many messages
are
meant. ``refresh`` is two ``stat`` calls while nobody else wrote to the folder.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from servers import files
from servers.entry import Entry
from servers.index import Journal, Row, State, added
from servers.keywords import Keywords

SLACK = 10_000
"""Lines that a journal may grow beyond twice its messages before it is rewritten."""

LONGEST_MEMORY = 50_000
"""Changes that are remembered for the sessions; one that slept longer compares everything."""

Listener = Callable[["Folder"], None]


class Gone(LookupError):
    """The message (or the whole folder) that was asked for is no more."""


class Folder:
    """A folder's messages in the order of their UIDs, and everything that changes them."""

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

    # What the folder is

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return len(self._entries)

    @property
    def uidvalidity(self) -> int:
        """While this number stays, UIDs mean the same messages (RFC 3501, 2.3.1.1)."""
        return self._state.uidvalidity

    @property
    def uidnext(self) -> int:
        """The UID that the next message will have at least."""
        return self._state.uidnext

    @property
    def modseq(self) -> int:
        """The highest modification sequence (RFC 7162); it rises with every change."""
        return self._state.modseq

    @property
    def recent(self) -> int:
        """Messages from this UID on were not yet \\Recent to any session."""
        return self._state.recent

    @property
    def unseen(self) -> int:
        """How many messages lack \\Seen."""
        return len(self._unseen)

    def first_unseen(self) -> int:
        """The lowest UID without \\Seen, 0 when all were seen."""
        with self.lock:
            return min(self._unseen, default=0)

    def list(self) -> list[Entry]:
        """Every message, in the order of their UIDs."""
        with self.lock:
            return list(self._entries.values())

    def uids(self) -> list[int]:
        """Every UID, ascending."""
        with self.lock:
            return list(self._entries)

    def entry(self, uid: int) -> Entry | None:
        """What is known of one message; None when it is gone."""
        return self._entries.get(uid)

    def read(self, uid: int) -> bytes:
        """The message's bytes as they go over the wire (CR LF line ends); Gone when it is no more."""
        for _ in range(2):
            entry = self._entries.get(uid)
            if entry is None:
                break
            with contextlib.suppress(FileNotFoundError):
                return files.read(entry.path, entry.plain)
            self.rescan()  # another program renamed or removed the file
        raise Gone(f"message {uid} is no longer in {self.name}")

    def head(self, uid: int) -> bytes:
        """The message's header with the empty line that ends it, read without the body where that is
        possible.
        """
        entry = self._entries.get(uid)
        if entry is not None and entry.plain and entry.size > files.HEAD:
            with contextlib.suppress(FileNotFoundError):
                found = files.read_head(entry.path)
                if found is not None:
                    return found
        return files.head_of(self.read(uid))

    def keywords(self) -> list[str]:
        """The keywords in use in this folder."""
        return self._keywords.names()

    def can_add_keywords(self) -> bool:
        """Whether a new keyword still has a letter (there are 26)."""
        return self._keywords.free()

    # What happens in it

    def deliver(self, raw: bytes, flags: Collection[str] = (), when: float | None = None) -> int:
        """Keep a message (tmp, then new or cur) and return its UID; when this returns it survives a crash.

        ``when`` is its INTERNALDATE as Unix time (default: now). OSError when the disk is full; then
        nothing was kept.
        """
        with self.lock:
            self._require()
            letters = self._keywords.letters(flags)
        waiting = files.write(self.path, raw, when, self.durable)
        with self.lock:
            return self._arrive([waiting], [letters])[0]

    def store(self, uids: Iterable[int], flags: Collection[str], how: str = "add") -> list[int]:
        """``how``: add, remove or replace ``flags`` of these messages; return the UIDs that changed."""
        changed = []
        with self.lock, self._own_work():
            letters = set(self._keywords.letters(flags, new=how != "remove"))
            for uid in uids:
                entry = self._entries.get(uid)
                if entry is None:
                    continue
                had = set(entry.letters)
                now = {"add": had | letters, "remove": had - letters, "replace": letters}[how]
                if now != had and self._rename(entry, "".join(sorted(now))):
                    changed.append(uid)
            self._note_flags(changed)
        self._tell(changed)
        return changed

    def expunge(self, uids: Iterable[int]) -> list[int]:
        """Remove these messages for good; return those that were there."""
        gone = []
        with self.lock, self._own_work():
            for uid in uids:
                entry = self._entries.get(uid)
                if entry is not None:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(entry.path)
                    gone.append(uid)
            self._note_gone(gone)
        self._tell(gone)
        return gone

    def copy(self, uids: Iterable[int], target: Folder) -> list[tuple[int, int]]:
        """Copy messages with flags and dates into ``target``.

        Return (UID here, UID there), all or (OSError) none.
        """
        waiting, letters, sources = [], [], []
        try:
            for uid in uids:
                entry = self._entries.get(uid)
                if entry is None:
                    continue
                waiting.append(files.link(entry, target.path))
                letters.append(target._keywords.letters(entry.flags))
                sources.append(uid)
        except OSError:
            files.discard(waiting)
            raise
        with target.lock:
            target._require()
            return list(zip(sources, target._arrive(waiting, letters), strict=True))

    def move(self, uids: Iterable[int], target: Folder) -> list[tuple[int, int]]:
        """Copy, then remove here (RFC 6851: a message is never in neither place)."""
        pairs = self.copy(uids, target)
        self.expunge([source for source, _ in pairs])
        return pairs

    def claim_recent(self) -> set[int]:
        """Give the caller the \\Recent messages, as no session after it will have them.

        They leave ``new``.
        """
        with self.lock:
            first = self._state.recent
            if first >= self._state.uidnext:
                return set()
            claimed = set(itertools.takewhile(lambda uid: uid >= first, reversed(self._entries)))
            self._state.recent = self._state.uidnext
            self._journal.append([f"r {self._state.recent}"])
            with self._own_work():
                for uid in claimed:
                    entry = self._entries[uid]
                    if entry.sub == "new":
                        self._rename(entry, entry.letters)
            return claimed & self._entries.keys()

    def count_recent(self) -> int:
        """How many messages would be \\Recent to the next session."""
        first = self._state.recent
        return 0 if first >= self._state.uidnext else sum(uid >= first for uid in self.uids())

    # What changed

    def changes(self, since: int) -> list[int] | None:
        """UIDs that came, changed or went after modseq ``since`` (in order, maybe twice).

        None: look at everything.
        """
        with self.lock:
            if since < self._since:
                return None
            at = bisect_right(self._changes, (since, 1 << 62))
            return [uid for _, uid in self._changes[at:]]

    def vanished(self, since: int) -> list[int]:
        """UIDs that were expunged after modseq ``since``, as far as is remembered."""
        with self.lock:
            return [uid for modseq, uid in self._state.vanished if modseq > since]

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(folder)`` after each change, in the thread that made it.

        Returns how to stop that.
        """
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @property
    def watched(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def stale(self) -> bool:
        """Whether another program changed the directory since it was last looked through (two stat calls)."""
        return not self.deleted and self._stamp != self._stamps()

    def refresh(self) -> bool:
        """Notice what other programs did; two stat calls when they did nothing. Returns whether it looked."""
        if not self.stale():
            return False
        self.rescan()
        return True

    def verify(self) -> None:
        """Look again when our own work may have hidden another program's (same tick of the clock)."""
        if self._unsure and not self.deleted:
            self.rescan()

    def rescan(self) -> None:
        """Compare the directory with the index, and tell of what is new, changed or gone."""
        with self.lock:
            if self.deleted:
                return
            stamp = self._stamps()
            self._unsure = time.time_ns() - max(stamp) < 50_000_000
            found = files.scan(self.path)
            self._stamp = stamp
            missing = [name for name in self._names if name not in found]
            if missing:  # readdir may miss a file that is being renamed: believe it when seen twice
                again = files.scan(self.path)
                missing = [name for name in missing if name not in again]
                found = again | found
            changed = self._adopt(found)
            gone = [self._names[name] for name in missing]
            self._note_gone(gone)
        self._tell(changed + gone)

    def close(self) -> None:
        """The folder was deleted: sessions that have it open are told, and find it ``deleted``."""
        self.deleted = True
        self._tell([0])

    def replant(self, path: Path, name: str) -> None:
        """The folder's directory was renamed."""
        with self.lock:
            self.path, self.name = path, name
            self._journal.path = path / "netlab-index"
            self._keywords.path = path / "dovecot-keywords"
            for entry in self._entries.values():
                entry.root = str(path)

    # How it is kept

    def _load(self) -> None:
        files.prepare(self.path)
        self._keywords = Keywords(self.path / "dovecot-keywords")
        self._journal = Journal(self.path / "netlab-index", self.durable)
        state = self._journal.load()
        self._state = state or State(self._validity())
        self._stamp, self._unsure = self._stamps(), True
        found = files.scan(self.path)
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

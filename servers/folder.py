"""One folder of a home: a Maildir with an index, shared by every session (IMAP, POP3, SMTP) of this process.

What a message is stands in the file system (the file, its flags in its name, as every Maildir program knows
them); what IMAP needs beyond that (UIDs, MODSEQ) stands in the journal (``index``). All methods may be called
from any thread; those that touch files can take milliseconds and belong into ``asyncio.to_thread`` when many
messages are meant. ``refresh`` is two ``stat`` calls while nobody else wrote to the folder.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from servers import files
from servers.entry import Entry
from servers.kept import Gone, Kept, Listener


class Folder(Kept):
    """A folder's messages in the order of their UIDs, and everything that changes them."""

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

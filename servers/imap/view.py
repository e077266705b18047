"""One session's view of a folder: the numbers its client knows, and what it has not been told yet.

The folder changes whenever anybody changes it; the client's message numbers change only when it is told so
(RFC 3501, 7.4.1), so each session has its own list of UIDs and brings it up to date in ``sync``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable

from servers.entry import Entry
from servers.folder import Folder
from servers.imap.words import Bad, No, Sequence


class View:
    """A selected folder. Message numbers count from 1 in the order of ``uids``."""

    def __init__(self, folder: Folder, readonly: bool) -> None:
        self.folder, self.readonly = folder, readonly
        folder.refresh()
        with folder.lock:
            self.modseq = folder.modseq
            self.uids = folder.uids()
            self.uidnext = folder.uidnext
            self.recent = self._claim()
        self.gone: set[int] = set()
        self.keywords = folder.keywords()
        self._told: dict[int, int] = {}

    def number(self, uid: int) -> int:
        """The message's number, 0 when the client does not know it."""
        at = bisect_left(self.uids, uid)
        return at + 1 if at < len(self.uids) and self.uids[at] == uid else 0

    def chosen(self, sequence: Sequence, by_uid: bool) -> list[int]:
        """The UIDs that a sequence set means.

        Bad for a number that no message has (for UIDs that is no error).
        """
        found: list[int] = []
        last = (self.uids[-1] if self.uids else 0) if by_uid else len(self.uids)
        for low, high in sequence.numbers(last):
            if by_uid:
                found += self.uids[bisect_left(self.uids, low) : bisect_right(self.uids, high)]
            elif high > len(self.uids) or low < 1:
                count = len(self.uids)
                raise Bad(f"there is no message {high}: this mailbox has {count or 'none'}")
            else:
                found += self.uids[low - 1 : high]
        return found

    def entries(self, uids: Iterable[int]) -> list[Entry]:
        """What is still there of these messages."""
        return [entry for entry in map(self.folder.entry, uids) if entry is not None]

    def flags(self, entry: Entry) -> bytes:
        """``(\\Seen keyword)``; \\Recent when this session has it."""
        words = sorted(entry.flags)
        if entry.uid in self.recent:
            words.append("\\Recent")
        return b"(" + " ".join(words).encode("utf-8", "surrogateescape") + b")"

    def store(self, uids: Collection[int], flags: Collection[str], how: str) -> None:
        """Change flags (``Folder.store``) for a client that knows what comes of it and is told nothing.

        What others changed meanwhile it does not know: those messages ``sync`` shows (RFC 3501, 6.4.6).
        """
        with self.folder.lock:
            news = {entry.uid for entry in self.entries(uids) if self._is_news(entry)}
            self.folder.store(uids, flags, how)
            self.told(uid for uid in uids if uid not in news)

    def _is_news(self, entry: Entry) -> bool:
        return entry.modseq > self.modseq and self._told.get(entry.uid) != entry.modseq

    def told(self, uids: Iterable[int]) -> None:
        """The client knows the flags of these messages as they are now."""
        for entry in self.entries(uids):
            self._told[entry.uid] = entry.modseq

    def behind(self) -> bool:
        """Whether a message is gone that the client still counts."""
        changed = self.folder.changes(self.modseq)
        unsure = self.uids if changed is None else changed
        return bool(self.gone) or any(self.number(uid) and not self.folder.entry(uid) for uid in unsure)

    def require_writable(self) -> None:
        """No, when the folder was opened with EXAMINE."""
        if self.readonly:
            raise No("the mailbox is open read-only (EXAMINE); SELECT it to change it", "READ-ONLY")

    def sync(self, expunges: bool, with_uid: bool = False) -> list[bytes]:
        """Untagged lines (without CR LF) that bring the client up to date.

        EXPUNGE only where it is allowed.
        """
        folder = self.folder
        folder.refresh()
        if folder.modseq == self.modseq and not (self.gone and expunges):
            return []
        with folder.lock:
            changed = folder.changes(self.modseq)
            if changed is None:
                changed = [*self.uids, *(uid for uid in folder.uids() if uid >= self.uidnext)]
            since, self.modseq = self.modseq, folder.modseq
            before = self.uidnext
            fresh = sorted({uid for uid in changed if uid >= before and folder.entry(uid)})
            self.gone |= {uid for uid in changed if uid < self.uidnext and not folder.entry(uid)}
            lines = self._expunged() if expunges else []
            lines += self._arrived(fresh)
            lines += self._flagged(sorted({uid for uid in changed if uid < before}), since, with_uid)
        return lines

    def _expunged(self) -> list[bytes]:
        lines = []
        for uid in sorted(self.gone, reverse=True):
            number = self.number(uid)
            if number:
                del self.uids[number - 1]
                lines.append(b"* %d EXPUNGE" % number)
        self.recent -= self.gone
        self.gone.clear()
        return lines

    def _arrived(self, fresh: list[int]) -> list[bytes]:
        self.uidnext = max(self.uidnext, self.folder.uidnext)
        if not fresh:
            return []
        self.uids += fresh
        self.recent |= self._claim()
        return [b"* %d EXISTS" % len(self.uids), b"* %d RECENT" % len(self.recent)]

    def _flagged(self, changed: list[int], since: int, with_uid: bool) -> list[bytes]:
        lines = self.news_of_keywords()
        for uid in changed:
            entry = self.folder.entry(uid)
            number = self.number(uid)
            if entry is None or not number or entry.modseq <= since:
                continue
            if self._told.pop(uid, 0) == entry.modseq:
                continue
            extra = b"UID %d " % uid if with_uid else b""
            lines.append(b"* %d FETCH (%bFLAGS %b)" % (number, extra, self.flags(entry)))
        return lines

    def news_of_keywords(self) -> list[bytes]:
        """FLAGS and PERMANENTFLAGS anew when a keyword came since they were told."""
        keywords = self.folder.keywords()
        if keywords == self.keywords:
            return []
        self.keywords = keywords
        return flag_lines(self.folder, self.readonly)

    def _claim(self) -> set[int]:
        """The \\Recent messages; EXAMINE leaves them to the next session (RFC 3501, 6.3.2)."""
        if not self.readonly:
            return self.folder.claim_recent()
        return set(self.uids[bisect_left(self.uids, self.folder.recent) :])


def flag_lines(folder: Folder, readonly: bool) -> list[bytes]:
    """``* FLAGS`` and ``PERMANENTFLAGS``: what may be set and what stays."""
    known = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "$Forwarded", *folder.keywords()]
    words = " ".join(known)
    kept = "" if readonly else words + (" \\*" if folder.can_add_keywords() else "")
    told = f"* FLAGS ({words})", f"* OK [PERMANENTFLAGS ({kept})] Flags that are kept."
    return [line.encode("utf-8", "surrogateescape") for line in told]

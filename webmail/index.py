"""Bring the cached index of a folder up to what the server says: the rows of ``models``, from ``client`` rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from protocols.imap.client import Session
from protocols.imap.responses import Folder as Listed
from protocols.imap.responses import Row
from protocols.storable import storable
from webmail import letters
from webmail.models import Folder, Mailbox, Message

USES = {
    "drafts": ("drafts",),
    "sent": ("sent", "sent items"),
    "archive": ("archive",),
    "junk": ("junk", "spam"),
    "trash": ("trash", "deleted items"),
}


def store_folders(mailbox: Mailbox, listed: Iterable[Listed]) -> list[Folder]:
    """Store what LIST told; folders that are gone go with their rows. Return the folders there are."""
    names = set()
    rows = [replace(row, name=storable(row.name)) for row in listed if len(row.name) <= 500]
    for row in rows:
        names.add(row.name)
        Folder.objects.update_or_create(
            mailbox=mailbox,
            name=row.name,
            defaults={
                "delimiter": storable(row.delimiter[:1]),
                "special": _special(row, rows),
                "selectable": not {"\\noselect", "\\nonexistent"} & {flag.lower() for flag in row.flags},
            },
        )
    gone = mailbox.folders.exclude(name__in=names)
    for folder in gone:
        _forget(folder.letters.all())
    gone.delete()
    mailbox.listed = timezone.now()
    mailbox.trouble = {}
    mailbox.save()
    return list(mailbox.folders.all())


def refresh(folder: Folder, session: Session, told: object) -> bool:
    """Bring ``folder`` up to the server; ``told()`` is called after each piece. Return whether anything changed."""
    selected = session.select(folder.name, readonly=True)
    changed = _revalidate(folder, selected.uidvalidity)
    known = set(folder.letters.values_list("uid", flat=True))
    there = set(known)
    if selected.messages != len(known) or selected.uidnext != folder.uidnext:
        there = set(session.uids())
        changed = _drop(folder, known - there) or changed
        for rows in session.fetch_index(sorted(there - known, reverse=True)):
            _add(folder, rows)
            changed = True
            told()
    if known & there and not _same_modseq(folder, selected.highestmodseq):
        changed = _flags(folder, session, known & there) or changed
    _settle(folder, selected)
    return changed


def _same_modseq(folder: Folder, modseq: int | None) -> bool:
    return bool(modseq) and modseq == folder.highestmodseq


def _revalidate(folder: Folder, uidvalidity: int) -> bool:
    """Another UIDVALIDITY means that no UID known before means anything any more (RFC 9051, 2.3.1.1)."""
    if folder.uidvalidity == uidvalidity:
        return False
    _forget(folder.letters.all())
    folder.uidvalidity, folder.uidnext, folder.highestmodseq = uidvalidity, 0, 0
    folder.save()
    return True


def _flags(folder: Folder, session: Session, known: set[int]) -> bool:
    """Compare flags by three short searches instead of a FETCH of every letter."""
    changed = False
    for word, field in (("SEEN", "seen"), ("FLAGGED", "flagged"), ("ANSWERED", "answered")):
        now = set(session.uids([word])) & known
        was = set(folder.letters.filter(**{field: True}).values_list("uid", flat=True)) & known
        for uids, value in ((now - was, True), (was - now, False)):
            for piece in _pieces(uids):
                folder.letters.filter(uid__in=piece).update(**{field: value})
                changed = True
    return changed


def _settle(folder: Folder, selected: object) -> None:
    folder.uidnext = selected.uidnext
    folder.highestmodseq = selected.highestmodseq or 0
    folder.total = selected.messages
    folder.unseen = folder.letters.filter(seen=False).count()
    folder.refreshed = timezone.now()
    folder.save()
    folder.letters.filter(leaving__lt=timezone.now() - timedelta(minutes=1)).update(leaving=None)


def _add(folder: Folder, rows: list[Row]) -> None:
    Message.objects.bulk_create([_message(folder, row) for row in rows], ignore_conflicts=True)
    folder.unseen = folder.letters.filter(seen=False).count()
    folder.save(update_fields=["unseen"])


def _message(folder: Folder, row: Row) -> Message:
    clean = {key: getattr(row, key).replace("\0", "") for key in ("subject", "sender_name", "recipients")}
    return Message(
        folder=folder,
        uid=row.uid,
        received=row.received,
        sender_name=clean["sender_name"][:300],
        sender_address=row.sender_address.replace("\0", "")[:320],
        recipients=clean["recipients"][:500],
        subject=clean["subject"][:1000],
        message_id=row.message_id.strip().replace("\0", "")[:998],
        words=" ".join([*clean.values(), row.sender_address]).casefold().replace("\0", "")[:2000],
        size=row.size,
        seen="\\Seen" in row.flags,
        flagged="\\Flagged" in row.flags,
        answered="\\Answered" in row.flags,
        has_files=row.has_attachment,
    )


def _drop(folder: Folder, uids: set[int]) -> bool:
    for piece in _pieces(uids):
        _forget(folder.letters.filter(uid__in=piece))
    return bool(uids)


def _forget(rows) -> None:
    paths = list(rows.exclude(letter="").values_list("letter", flat=True))
    with transaction.atomic():
        rows.delete()
    letters.drop(*paths)


def _pieces(uids: Iterable[int]) -> list[list[int]]:
    row = sorted(uids)
    return [row[start : start + 500] for start in range(0, len(row), 500)]


def _special(row: Listed, rows: list[Listed]) -> str:
    """A folder's part: what the server says (RFC 6154), else what its name says where nobody else has it."""
    if row.name.upper() == "INBOX":
        return "inbox"
    if row.special:
        return row.special
    taken = {other.special for other in rows}
    return next((use for use, names in USES.items() if use not in taken and row.name.lower() in names), "")

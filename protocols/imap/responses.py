"""What a server's untagged responses tell, decoded for people: folders (LIST), STATUS, letters (FETCH)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from protocols.letter import decoded


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as LIST names it; ``special`` is its use without the backslash (RFC 6154), lower case."""

    name: str
    delimiter: str
    flags: tuple[str, ...]
    special: str


@dataclass(frozen=True, slots=True)
class Status:
    """What STATUS or SELECT tells of a folder; ``unseen`` is 0 where it was not told."""

    messages: int
    unseen: int
    uidnext: int
    uidvalidity: int
    highestmodseq: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One letter of the index, decoded for people."""

    uid: int
    flags: frozenset[str]
    size: int
    received: datetime
    subject: str
    sender_name: str
    sender_address: str
    recipients: str
    message_id: str
    has_attachment: bool


def folder(flags: Sequence[bytes], delimiter: bytes | None, name: str | bytes) -> Folder:
    """A folder from a LIST response."""
    words = tuple(text_of(flag) for flag in flags)
    uses = {"\\drafts", "\\sent", "\\archive", "\\junk", "\\trash"}
    special = next((word[1:].lower() for word in words if word.lower() in uses), "")
    return Folder(text_of(name), text_of(delimiter or b""), words, special)


def row(uid: int, told: dict[bytes, Any]) -> Row:
    """A letter from a FETCH response; one that cannot be read is a row without words."""
    try:
        return _read_row(uid, told)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        # A letter whose description cannot be read is a letter all the same; the others must not wait for it.
        flags = frozenset(text_of(flag) for flag in told.get(b"FLAGS", ()) if isinstance(flag, bytes))
        return Row(uid, flags, 0, datetime(1970, 1, 1, tzinfo=UTC), "", "", "", "", "", False)


def _read_row(uid: int, told: dict[bytes, Any]) -> Row:
    envelope = told.get(b"ENVELOPE")
    senders = _people(envelope.from_ if envelope else None)
    readers = _people(envelope.to if envelope else None)
    received = told.get(b"INTERNALDATE") or datetime(1970, 1, 1, tzinfo=UTC)
    return Row(
        uid=uid,
        flags=frozenset(text_of(flag) for flag in told.get(b"FLAGS", ())),
        size=int(told.get(b"RFC822.SIZE", 0)),
        received=received if received.tzinfo else received.replace(tzinfo=UTC),
        subject=_decoded(envelope.subject if envelope else b""),
        sender_name=senders[0][0] if senders else "",
        sender_address=senders[0][1] if senders else "",
        recipients=", ".join(name or address for name, address in readers),
        message_id=text_of((envelope.message_id if envelope else b"") or b""),
        has_attachment=_attached(told.get(b"BODYSTRUCTURE")),
    )


def _people(told: Any) -> list[tuple[str, str]]:
    found = []
    for one in told or ():
        if one.mailbox and one.host:
            found.append((_decoded(one.name), f"{text_of(one.mailbox)}@{text_of(one.host)}"))
    return found


def _attached(structure: Any) -> bool:
    """Whether a part is marked an attachment or has a file name: its disposition stands in the structure."""
    if isinstance(structure, bytes):
        return structure.lower() in (b"attachment", b"filename", b"filename*")
    return isinstance(structure, tuple | list) and any(_attached(part) for part in structure)


def _decoded(raw: bytes | str | None) -> str:
    return decoded(text_of(raw or b""))


def text_of(raw: bytes | str) -> str:
    """Text from what IMAPClient left as bytes."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")

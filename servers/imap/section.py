"""The bytes that ``BODY[section]`` names (RFC 3501, 6.4.5): exact, as they stand in the message."""

from __future__ import annotations

import re

from servers.imap.mime import Part

_one = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*\n?")


def section(root: Part, path: tuple[int, ...], text: str, names: tuple[str, ...] = ()) -> bytes | None:
    """Return the section's bytes, None where the message has no such part.

    ``path`` is the part's number (``1.2`` is ``(1, 2)``), ``text`` one of "", HEADER, HEADER.FIELDS,
    HEADER.FIELDS.NOT, TEXT and MIME, ``names`` the fields' names in any case.
    """
    if not path:
        return root.whole if not text else _of_message(root, text, names)
    part = walk(root, path)
    if part is None:
        return None
    if not text:
        return part.body_bytes
    if text == "MIME":
        return part.header_bytes
    return _of_message(part.message, text, names) if part.message is not None else None


def walk(root: Part, path: tuple[int, ...]) -> Part | None:
    """The part of that number. Numbers go through a message/rfc822 part into the message's own parts."""
    part: Part | None = root.child(path[0])
    for number in path[1:]:
        if part is None:
            return None
        if part.message is not None:
            part = part.message.child(number)
        else:
            part = part.child(number) if part.multipart else None
    return part


def header_fields(header: bytes, names: tuple[str, ...], others: bool = False) -> bytes:
    """The named fields (or with ``others`` all but them) of a header, and the empty line."""
    wanted = {name.lower().encode("utf-8", "surrogateescape") for name in names}
    kept = []
    for found in _one.finditer(header):
        whole = found[0]
        name, colon, _ = whole.partition(b":")
        if not whole.strip():
            continue
        if (bool(colon) and name.strip().lower() in wanted) != others:
            kept.append(whole if whole.endswith(b"\n") else whole + b"\r\n")
    return b"".join(kept) + b"\r\n"


def _of_message(message: Part, text: str, names: tuple[str, ...]) -> bytes | None:
    if text == "HEADER":
        return message.header_bytes
    if text == "TEXT":
        return message.body_bytes
    if text in ("HEADER.FIELDS", "HEADER.FIELDS.NOT"):
        return header_fields(message.header_bytes, names, others=text.endswith("NOT"))
    return None

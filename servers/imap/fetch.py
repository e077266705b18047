"""FETCH: what was asked, and each message's answer (RFC 3501, 6.4.5 and 7.4.2)."""

from __future__ import annotations

import time

from servers.entry import Entry
from servers.imap import mime
from servers.imap.letter import Letter
from servers.imap.request import Request
from servers.imap.section import section
from servers.imap.view import View
from servers.imap.words import Bad, Section

Item = str | Section

MACROS: dict[str, list[Item]] = {
    "ALL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"],
    "FAST": ["FLAGS", "INTERNALDATE", "RFC822.SIZE"],
    "FULL": ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"],
}
MOST = 100
"""Items of one FETCH."""

PLAIN = ("FLAGS", "UID", "INTERNALDATE", "RFC822.SIZE")
"""Items that are known without opening the message."""

OPENED = ("ENVELOPE", "BODY", "BODYSTRUCTURE")
RFC822 = {
    "RFC822": Section((), "", (), None, peek=False, label=b"RFC822"),
    "RFC822.HEADER": Section((), "HEADER", (), None, peek=True, label=b"RFC822.HEADER"),
    "RFC822.TEXT": Section((), "TEXT", (), None, peek=False, label=b"RFC822.TEXT"),
}
_months = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def items(request: Request, by_uid: bool) -> list[Item]:
    """Read the items of a FETCH command: one, a macro, or several in parentheses."""
    if request.skip(b"("):
        found = [_item(request)]
        while request.skip(b" ") and len(found) < MOST:
            found.append(_item(request))
        request.expect(b")", f"after the items ({MOST} at most)")
    else:
        start = request.at
        macro = MACROS.get(request.item())
        if macro is None:
            request.at = start
        found = list(macro or [_item(request)])
    if by_uid and "UID" not in found:
        found.insert(0, "UID")
    return found


def marks_seen(wanted: list[Item]) -> bool:
    """Whether fetching these sets \\Seen."""
    return any(isinstance(item, Section) and not item.peek for item in wanted)


def opens(wanted: list[Item]) -> bool:
    """Whether the messages' files must be read."""
    return any(item not in PLAIN for item in wanted)


def answer(view: View, entry: Entry, number: int, wanted: list[Item]) -> bytes:
    """The ``* n FETCH (...)`` of one message, with CR LF. Raises Gone when its file is no more."""
    letter = Letter(view.folder, entry)
    words = [_answer(view, letter, item) for item in wanted]
    return b"* %d FETCH (%b)\r\n" % (number, b" ".join(words))


def internaldate(when: int) -> bytes:
    """Unix time as IMAP's date-time, in UTC."""
    moment = time.gmtime(when)
    clock = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}"
    return f'"{moment.tm_mday:2}-{_months[moment.tm_mon]}-{moment.tm_year:04} {clock} +0000"'.encode()


def _item(request: Request) -> Item:
    start = request.at
    name = request.item()
    if name in ("BODY", "BODY.PEEK") and request.peek(b"["):
        return request.section(name)
    if name in RFC822:
        return RFC822[name]
    if name in PLAIN or name in OPENED:
        return name
    request.at = start
    known = ", ".join((*PLAIN, *OPENED, *RFC822, "BODY[...]"))
    raise Bad(f"expected one of {known}, not {request.rest()}")


def _answer(view: View, letter: Letter, item: Item) -> bytes:
    entry = letter.entry
    if isinstance(item, Section):
        return item.name() + b" " + _section(letter, item)
    if item == "UID":
        return b"UID %d" % entry.uid
    if item == "FLAGS":
        return b"FLAGS " + view.flags(entry)
    if item == "INTERNALDATE":
        return b"INTERNALDATE " + internaldate(entry.internaldate)
    if item == "RFC822.SIZE":
        return b"RFC822.SIZE %d" % entry.size
    if item == "ENVELOPE":
        return b"ENVELOPE " + letter.envelope
    return item.encode() + b" " + letter.description[0 if item == "BODY" else 1]


def _section(letter: Letter, wanted: Section) -> bytes:
    if not wanted.path and not wanted.text:
        raw: bytes | None = letter.raw
    elif wanted.header_only:
        raw = section(letter.head, (), wanted.text, wanted.names)
    elif not wanted.path:
        raw = letter.raw[mime.header_end(letter.raw) :]
    else:
        raw = section(letter.part, wanted.path, wanted.text, wanted.names)
    if raw is None:
        return b"NIL"
    if wanted.partial:
        offset, count = wanted.partial
        raw = raw[offset : offset + count]
    return b"{%d}\r\n%b" % (len(raw), raw)

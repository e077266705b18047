"""What an SMTP server reads exactly: a path after MAIL FROM and RCPT TO, a letter after DATA, and who wrote it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from servers import addresses

END = b"\r\n.\r\n"
BARE = re.compile(rb"(?<!\r)\n|\r(?=[^\n])")
PATH = re.compile(r"<(?:@[^:<>]*:)?(?P<inside>(?:\"(?:[^\"\\]|\\.)*\"|[^<>\"\s])*)>|(?P<bare>[^<>\s]+)")
BODY = re.compile(rb"^(?![!-9;-~]+[ \t]*:|[ \t])", re.MULTILINE)
FROM = re.compile(rb"^From[ \t]*:(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
MOST_FROM = 10_000
MOST_PATH = 320  # RFC 5321 section 4.5.3.1.3 says 256; 64 + @ + 255 is what the parts may be

WHOLE = 1 << 22
"""More than a reader ever holds: a read of it empties the reader, so that what follows can be fed back."""


class BareLine(Exception):
    """A letter held a CR or LF alone: two servers may read that as two different letters."""


def path(text: str) -> tuple[str | None, str | None]:
    """Return the address of an SMTP path and what follows it; ``<>`` for the empty path, Nones for no path.

    A source route is left out (RFC 5321 appendix C), missing angle brackets are forgiven.
    """
    found = PATH.match(text)
    if found is None or len(found[0]) > MOST_PATH or not found[0].isprintable():
        return None, None
    rest = text[found.end() :]
    address = found["inside"] if found["inside"] is not None else found["bare"]
    local, _, domain = address.rpartition("@")
    if rest[:1] not in ("", " ") or (address and not (local and domain) and address.lower() != "postmaster"):
        return None, None
    return address or "<>", rest.strip()


async def read_letter(reader: asyncio.StreamReader, size: int, alive: Callable[[], None]) -> bytes | None:
    """Read to the lone dot and take the dots' stuffing out (RFC 5321 section 4.5.2).

    None for a letter over ``size`` bytes, read to its end; BareLine as soon as a CR or LF stands alone;
    IncompleteReadError when the line is lost. ``alive`` is called whenever bytes came. What follows the
    letter is left in ``reader``.
    """
    raw, seen, too_big = bytearray(b"\r\n"), 0, False
    most = size + size // 2 + WHOLE  # stuffing does not count (RFC 1870 section 5), and adds a third at most
    while True:
        at = raw.find(END, max(0, seen - 4))
        bare = BARE.search(raw, max(0, seen - 1), len(raw) if at < 0 else at + 2)
        if bare:
            raise BareLine("LF" if bare[0] == b"\n" else "CR")
        too_big = too_big or len(raw) > most
        if at >= 0:
            break
        if too_big:
            del raw[:-4]
        seen = len(raw)
        chunk = await reader.read(WHOLE)
        if not chunk:
            raise asyncio.IncompleteReadError(b"", None)
        alive()
        raw += chunk
    # As aiosmtpd does after STARTTLS: the reader has no public way to take back what is not ours.
    reader._buffer[:0] = raw[at + len(END) :]
    if too_big or at > most:
        return None
    letter = bytes(raw[: at + 2]).replace(b"\r\n.", b"\r\n")[2:]
    return letter if len(letter) <= size else None


def authors(raw: bytes) -> list[str]:
    """Return the addresses of a letter's From: fields (RFC 5322, 3.6.2) in lower case, of every one that stands there.

    A name without a host comes back as it is, and so does a field over MOST_FROM bytes, which is not read. The header
    ends where the first line is that belongs to no field: a letter typed by hand may lack the empty line.
    """
    end = BODY.search(raw)
    found = []
    for field in FROM.findall(raw, 0, end.start() if end else len(raw)):
        text = field[:MOST_FROM].decode("utf-8", "replace")
        if len(field) > MOST_FROM:
            found.append(text)
            continue
        named = ((mailbox, host) for _, _, mailbox, host in addresses.parse(text) if host is not None)
        found += [f"{mailbox}@{host}".strip("@").lower() for mailbox, host in named]
    return found

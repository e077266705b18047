"""What a line carried, to be read: as it crossed, decoded, or byte by byte."""

from __future__ import annotations

from email.message import Message

from protocols.letter import decoded as decoded_words
from protocols.letter import in_charset, parse
from protocols.line import Line

LETTERS = ("smtp", "pop3", "imap")
SHOWN = ("Date", "From", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "Content-Type")


def decoded(protocol: str, line: Line) -> str:
    """Return a body as people read it: a letter with its encodings undone, anything else as text."""
    if protocol not in LETTERS:
        return line.text
    letter = parse(_unstuffed(protocol, line.raw))
    if not letter.keys():
        return line.text
    head = [f"{name}: {decoded_words(str(letter[name]))}" for name in SHOWN if letter[name] is not None]
    parts = [_part(part) for part in letter.walk() if not part.is_multipart()][:100]
    return "\n".join([*head, "", "\n\n".join(parts)])


def hexed(raw: bytes) -> str:
    """Return sixteen bytes a row: offset, hexadecimal, and what is printable in ASCII."""
    rows = []
    for at in range(0, len(raw), 16):
        part = raw[at : at + 16]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        rows.append(f"{at:06x}  {part.hex(' '):<47}  {seen}")
    return "\n".join(rows)


def _unstuffed(protocol: str, raw: bytes) -> bytes:
    """SMTP and POP3 double a dot that begins a line (RFC 5321, 4.5.2; RFC 1939, 3)."""
    if protocol == "imap":
        return raw
    return b"\n".join(row[1:] if row.startswith(b"..") else row for row in raw.split(b"\n"))


def _part(part: Message) -> str:
    kind, name = part.get_content_type(), part.get_filename()
    try:
        raw = part.get_payload(decode=True) or b""
        if kind.startswith("text/") and not name:
            return in_charset(raw, part.get_content_charset("utf-8")).replace("\r\n", "\n")
    except (LookupError, ValueError, AssertionError, AttributeError):
        raw = b""
    return f"[{kind}{f', {decoded_words(name)}' if name else ''}: {len(raw)} B]"

"""Folder names on disk: Maildir++ (``.Sent``, ``.Archive.2026``) in modified UTF-7 (RFC 3501, 5.1.3).

Clients see ``/`` between levels. On disk the levels are parted by dots, so a dot that is part of a name is
written as modified UTF-7 writes any other sign (``&AC4-``): ``Dr. No`` is the folder ``.Dr&AC4- No``.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote

DELIMITER = "/"
LONGEST = 240
"""Bytes of a folder's name on disk; file systems take 255."""


class BadName(ValueError):
    """A folder's name that cannot be used; str() says why, for the person who typed it."""


def check(name: str) -> str:
    """Return ``name`` as the store keeps it (INBOX in capitals, no delimiter at its end).

    BadName with a reason.
    """
    name = name.removesuffix(DELIMITER)
    if not name:
        raise BadName("a folder's name cannot be empty")
    if any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in name):
        raise BadName("a folder's name cannot hold control characters")
    if any(not level for level in name.split(DELIMITER)):
        raise BadName(
            f"a folder's name cannot have an empty level (two {DELIMITER} in a row, or one at its start)"
        )
    head, slash, rest = name.partition(DELIMITER)
    if head.upper() == "INBOX":
        name = "INBOX" + slash + rest
    if len(to_disk(name)) > LONGEST:
        raise BadName(f"a folder's name can have {LONGEST} bytes at most")
    return name


def to_disk(name: str) -> str:
    """The directory of folder ``name`` below its home; ``INBOX`` is the home itself (``""``)."""
    if name == "INBOX":
        return ""
    return "." + ".".join(_encode(level) for level in name.split(DELIMITER))


def from_disk(directory: str) -> str:
    """The folder's name that ``directory`` (with its leading dot) holds; BadName where it is none of ours."""
    try:
        return DELIMITER.join(_decode(level) for level in directory[1:].split("."))
    except (UnicodeError, binascii.Error, ValueError) as error:
        raise BadName(directory) from error


def home_directory(user: str) -> str:
    """The directory of a person's home: the user name with every unusual sign percent-encoded."""
    safe = quote(user, safe="@+-_=")
    return safe.replace(".", "%2E") if safe.startswith(".") else safe


def _encode(level: str) -> str:
    def shift(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        packed = base64.b64encode(found[0].encode("utf-16-be"), b"+,").decode().rstrip("=")
        return f"&{packed}-"

    return re.sub(r"&|[^\x20-\x25\x27-\x2d\x30-\x7e]+", shift, level)


def _decode(level: str) -> str:
    def unshift(found: re.Match[str]) -> str:
        packed = found[1]
        if not packed:
            return "&"
        padded = packed + "=" * (-len(packed) % 4)
        return base64.b64decode(padded, b"+,", validate=True).decode("utf-16-be")

    return re.sub(r"&([^-]*)-", unshift, level)

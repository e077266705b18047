"""Names of files as text that can be stored, shown and said again, whatever bytes a server made them of.

Servers should speak UTF-8 (RFC 2640), and some file systems hold other bytes all the same. Each byte that is no
UTF-8 becomes one sign of Unicode's private area, U+F780 to U+F7FF, and that sign becomes the byte again.
"""

from __future__ import annotations

import re

_AREA, _SURROGATES = 0xF700, 0xDC00
_OURS = re.compile("[\uf780-\uf7ff]")
_LONE = re.compile("[\ud800-\udfff]")
_ODD = re.compile("[\udc80-\udcff\uf780-\uf7ff]")


def decode(raw: bytes) -> str:
    """Return the name that ``raw`` is; ``encode`` gives the same bytes back."""
    return _ODD.sub(_hidden, raw.decode("utf-8", "surrogateescape"))


def encode(name: str) -> bytes:
    """Return the bytes that a server knows ``name`` by; half a sign (a lone surrogate) becomes ``?``."""
    return _OURS.sub(lambda found: chr(ord(found[0]) - _AREA + _SURROGATES), _LONE.sub("?", name)).encode(
        "utf-8", "surrogateescape"
    )


def storable(text: str) -> str:
    """Return ``text`` with U+FFFD for half a sign, which neither a server nor a database takes."""
    return _LONE.sub("\ufffd", text)


def plain(name: str) -> bool:
    """Whether ``name`` names an entry: not empty, no path, neither ``.`` nor ``..``, no CR, LF, NUL or half sign."""
    return (
        name not in ("", ".", "..") and not any(sign in name for sign in "/\0\r\n") and not _LONE.search(name)
    )


def join(folder: str, name: str) -> str:
    """Return the path of ``name`` in ``folder``."""
    return f"{folder.rstrip('/')}/{name}"


def clean(path: str) -> str:
    """Return ``path`` from the root, without ``.``, ``..`` and double slashes; ``..`` at the root stays there."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _hidden(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < 0xE000:
        return chr(number - _SURROGATES + _AREA)
    # A sign that stands for bytes here was in the name itself: its own bytes are hidden in turn.
    return "".join(chr(_AREA + byte) for byte in found[0].encode())

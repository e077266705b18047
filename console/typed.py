"""What a person typed, as the bytes that go out: exactly that, and the line end they chose."""

from __future__ import annotations

import re

MOST = 64 * 1024
"""Bytes of one line that may be typed or pasted."""

ENDS = {"crlf": b"\r\n", "lf": b"\n", "none": b""}
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|[0abefnrtv\\])")
_SIGNS = {"0": 0, "a": 7, "b": 8, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}


class NotTyped(ValueError):
    """This cannot be sent; the reason is one of ``too-long``, ``escape``, ``line-break``."""


def octets(text: str, end: str = "crlf", *, escapes: bool = False) -> bytes:
    r"""Return ``text`` as UTF-8 with its line end (``crlf``, ``lf`` or ``none``).

    With ``escapes`` ``\x00`` to ``\xff``, ``\r``, ``\n``, ``\t``, ``\0``, ``\e`` and ``\\`` are one byte each; a
    backslash before anything else is NotTyped. A line break in ``text`` itself is NotTyped: lines go one by one.
    """
    if "\n" in text or "\r" in text:
        raise NotTyped("line-break")
    raw = _unescaped(text) if escapes else text.encode("utf-8", "surrogatepass")
    if len(raw) > MOST:
        raise NotTyped("too-long")
    return raw + ENDS.get(end, b"\r\n")


def _unescaped(text: str) -> bytes:
    raw, at = bytearray(), 0
    while (slash := text.find("\\", at)) >= 0:
        found = _ESCAPE.match(text, slash)
        if not found:
            raise NotTyped("escape")
        raw += text[at:slash].encode("utf-8", "surrogatepass")
        word = found[1]
        raw.append(int(word[1:], 16) if word[0] == "x" else _SIGNS[word])
        at = found.end()
    return bytes(raw + text[at:].encode("utf-8", "surrogatepass"))

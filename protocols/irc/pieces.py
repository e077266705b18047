"""What a person says, cut into lines of IRC: 512 bytes each as others get them, never inside a character."""

from __future__ import annotations

import re
import unicodedata

from protocols.irc.grammar import MAX_BYTES


def room_for_text(command: str, target: str, source: str = "", longest: int = MAX_BYTES) -> int:
    """Bytes that are left for the text of ``:source command target :text``, which others will get.

    The server puts the sender's source before the line; without one known, room for the longest is left.
    """
    before = len(source.encode()) if source else 100
    return max(16, longest - len(f": {command} {target} :\r\n".encode()) - before)


def split_text(text: str, room: int) -> list[str]:
    """Cut ``text`` into pieces of at most ``room`` bytes of UTF-8, never inside a character.

    Line breaks end a piece; empty lines are left out. A piece ends at a space where one is near, and what belongs
    to one visible character (combining marks, joiners, variation selectors) stays together where it fits.
    """
    pieces: list[str] = []
    for line in re.split(r"[\r\n\0]+", text):
        while line:
            piece = _piece(line, max(4, room))
            pieces.append(piece.rstrip(" ") if len(piece) < len(line) else piece)
            line = line[len(piece) :]
    return [piece for piece in pieces if piece]


def _piece(line: str, room: int) -> str:
    if len(line.encode("utf-8", "surrogateescape")) <= room:
        return line
    size = end = 0
    for sign in line:
        size += len(sign.encode("utf-8", "surrogateescape"))
        if size > room:
            break
        end += 1
    space = line.rfind(" ", 0, end + 1)
    if space > end // 2:
        return line[: space + 1] if space < end else line[:space]
    whole = end
    while whole > max(1, end - 16) and _joins(line[whole - 1], line[whole]):
        whole -= 1
    return line[: whole if whole > max(1, end - 16) else end]


def _joins(before: str, after: str) -> bool:
    """Whether the two are seen as one character: a combining mark, a joiner, a variation, a skin tone."""
    return (
        unicodedata.combining(after) > 0
        or after in "\u200d\ufe0e\ufe0f"
        or before == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )

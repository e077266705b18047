"""Numbers as browsers send them: text that anybody may have typed, until it is read here."""

from __future__ import annotations

ROW, PORT = 18, 5
"""The most digits of a row's key (every database takes as many) and of a port."""


def number(text: str | None, otherwise: int = 0, digits: int = ROW) -> int:
    """Return the number that ``text`` is in plain digits, at most ``digits`` of them; ``otherwise`` for all else.

    No row has the key 0. Digits of other scripts, signs, blanks and underscores, which ``int`` takes, are all else.
    """
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else otherwise

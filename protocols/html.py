"""How deep a page of somebody else's goes, before a sanitiser is set on it."""

from __future__ import annotations

import re

DEPTH = 200
"""Elements within elements that are worth showing: a sanitiser's time grows with the square of the depth."""

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_NEVER_DEEP = {
    "area", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p", "td", "th",
    "tr",
}  # fmt: skip
"""Elements that hold nothing, or that the next of their kind ends."""


def too_deep(html: str, most: int = DEPTH) -> bool:
    """Whether more than ``most`` elements stand open at once, as far as the tags tell; in time for any text."""
    opened: list[str] = []
    for found in _TAG.finditer(html):
        name = found[2].lower()
        if name in _NEVER_DEEP:
            continue
        if not found[1]:
            opened.append(name)
            if len(opened) > most:
                return True
        elif name in opened:
            del opened[len(opened) - 1 - opened[::-1].index(name) :]
    return False

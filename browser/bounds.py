"""Whether a page can be sanitised in time: a parser's work grows with the square of some of its measures."""

from __future__ import annotations

import re

from protocols.html import too_deep

TAGS = 60_000
"""Signs that may begin a tag; a megabyte of a usual page has some ten or twenty thousand."""
ENTITIES = 250_000
"""Signs that may begin a character reference."""
ATTRIBUTES = 500
"""Attributes of one tag."""
WORK = 200_000
"""Attributes that are looked at in all."""
_TAG = re.compile(r"<(/?)([a-z][^\s/>]{0,40})", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>=?[^\s/>=]*)(?:\s*=\s*(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^\s>]*))?"""
)


def too_much(html: str) -> bool:
    """Whether ``html`` is more than a page: too many tags, too deep, or too many attributes.

    Every sign that may begin a tag is read as one, also within a comment or another tag's value: what a parser takes
    for a tag is then among them, whatever it took what stands before it for.
    """
    return html.count("<") > TAGS or html.count("&") > ENTITIES or too_deep(html) or _too_wide(html)


def _too_wide(html: str) -> bool:
    work = 0
    for found in _TAG.finditer(html):
        at, count = found.end(), 0
        while at < len(html) and html[at] != ">":
            attribute = _ATTRIBUTE.match(html, at)
            if attribute is None or attribute.end() == at:
                break
            at, count, work = attribute.end(), count + 1, work + 1
            if count > ATTRIBUTES or work > WORK:
                return True
    return False

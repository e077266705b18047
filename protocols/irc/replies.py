"""IRC's numerics, from tables.yaml, and what each says about the command it answers."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry
from protocols.line import Outcome

LATER = frozenset({"263", "437", "438", "439", "480", "712"})
"""Refusals that pass with time."""

ERRORS_BEYOND = frozenset({"902", "904", "905", "906", "907", "524", "525", "691", "694", "696", "712", "713", "714",
                           "723", "734"})  # fmt: skip
NO_ERRORS = frozenset({"422"})
"""Numbers between 400 and 599 that refuse nothing: a server without a MOTD is still a server."""

DONE = frozenset({"001", "221", "305", "306", "341", "381", "382", "900", "901", "903"})
"""Numerics that say: done. Others bring facts."""


@cache
def numerics() -> dict[str, Entry]:
    """Three digits to their entry; ``name`` is the field's word (``RPL_WELCOME``)."""
    return {row["code"]: entry(row, "code") for row in catalog.tables("irc")["numerics"]}


def outcome(code: str) -> Outcome:
    """What a numeric says: 400 to 599 refuse (RFC 2812 5.2), and some later additions."""
    if code in LATER:
        return "later"
    if code in NO_ERRORS:
        return ""
    if "400" <= code <= "599" or code in ERRORS_BEYOND:
        return "refused"
    return "done" if code in DONE else ""

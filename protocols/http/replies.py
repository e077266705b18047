"""HTTP's status codes, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry
from protocols.line import Outcome

LATER = frozenset({408, 425, 429, 502, 503, 504})
"""Refusals that pass: the same request may do later."""


@cache
def codes() -> dict[int, Entry]:
    """Status code to its entry; ``name`` is the usual reason phrase."""
    return {row["code"]: entry(row, "code") for row in catalog.tables("http")["status_codes"]}


def reason(code: int) -> str:
    """The usual reason phrase; "" for a code that is in no table."""
    found = codes().get(code)
    return found.name if found else ""


def outcome(code: int) -> Outcome:
    """What a status says; a redirection is a "go on", but for 304, which answers the question."""
    if code in LATER:
        return "later"
    if code == 304 or 200 <= code < 300:
        return "done"
    return "go-on" if code < 400 else "refused"

"""POP3's replies and response codes, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry
from protocols.line import Outcome

OUTCOMES: dict[str, Outcome] = {"+OK": "done", "+": "go-on", "-ERR": "refused"}


@cache
def replies() -> dict[str, Entry]:
    """``+OK``, ``-ERR`` and ``+`` to their entries."""
    return {row["reply"]: entry(row, "reply") for row in catalog.tables("pop3")["replies"]}


@cache
def codes() -> dict[str, Entry]:
    """Response code in brackets (``[IN-USE]``) to its entry (RFC 2449 8, RFC 3206, RFC 6856)."""
    return {row["code"]: entry(row, "code") for row in catalog.tables("pop3")["response_codes"]}


def outcome(status: str, code: str = "") -> Outcome:
    """What a reply says; some refusals pass (RFC 2449 8.1, RFC 3206 4)."""
    if code in ("[IN-USE]", "[LOGIN-DELAY]", "[SYS/TEMP]"):
        return "later"
    return OUTCOMES.get(status, "")

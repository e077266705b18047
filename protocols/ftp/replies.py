"""FTP's reply codes and what their digits say, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry
from protocols.line import Outcome

_OUTCOMES: dict[int, Outcome] = {1: "go-on", 2: "done", 3: "go-on", 4: "later", 5: "refused"}


@cache
def codes() -> dict[int, Entry]:
    """Reply code (110-633) to its entry."""
    return {int(row["code"]): entry(row, "code") for row in catalog.tables("ftp")["reply_codes"]}


def outcome(code: int) -> Outcome:
    """What the first digit says (RFC 959 4.2.1); a 6 wraps another reply (RFC 2228 5)."""
    return _OUTCOMES.get(code // 100, "")

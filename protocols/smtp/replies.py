"""SMTP's reply codes and enhanced status codes, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry
from protocols.line import Outcome

_OUTCOMES: dict[int, Outcome] = {2: "done", 3: "go-on", 4: "later", 5: "refused"}


@cache
def codes() -> dict[int, Entry]:
    """Reply code (211-559) to its entry, the rare ones of extensions included."""
    table = catalog.tables("smtp")
    rows = [*table["reply_codes"], *table["reply_codes_rare"]]
    return {int(row["code"]): entry(row, "code") for row in rows}


@cache
def enhanced() -> dict[str, Entry]:
    """Enhanced status with X for its class (``X.1.1``) to its entry (RFC 3463, RFC 5248)."""
    return {row["code"]: entry(row, "code") for row in catalog.tables("smtp")["enhanced_status"]["codes"]}


def outcome(code: int) -> Outcome:
    """What the first digit says (RFC 5321 4.2.1)."""
    return _OUTCOMES.get(code // 100, "")

"""IMAP's responses and response codes, from tables.yaml, and what a status says."""

from __future__ import annotations

from protocols.imap.commands import Entry, rows
from protocols.line import Outcome

_LATER = {"UNAVAILABLE", "INUSE", "LIMIT"}


def responses() -> dict[str, Entry]:
    """Response in capitals (``OK``, ``FETCH``, ``+``) to its entry."""
    return rows("responses")


def codes() -> dict[str, Entry]:
    """Response code in capitals to its entry."""
    return rows("response_codes")


def outcome(name: str, code: str = "") -> Outcome:
    """What a status says; some codes of NO mean that the same may work later (RFC 5530)."""
    if name in ("NO", "BAD"):
        return "later" if name == "NO" and code in _LATER else "refused"
    return {"OK": "done", "PREAUTH": "done", "+": "go-on"}.get(name, "")  # type: ignore[return-value]

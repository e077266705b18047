"""FTP's reply codes and what their digits say, from tables.yaml; and what a reply's text tells a client."""

from __future__ import annotations

import re
from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry
from protocols.errors import Garbled, Refused
from protocols.line import Outcome

_OUTCOMES: dict[int, Outcome] = {1: "go-on", 2: "done", 3: "go-on", 4: "later", 5: "refused"}


@cache
def codes() -> dict[int, Entry]:
    """Reply code (110-633) to its entry."""
    return {int(row["code"]): entry(row, "code") for row in catalog.tables("ftp")["reply_codes"]}


def outcome(code: int) -> Outcome:
    """What the first digit says (RFC 959 4.2.1); a 6 wraps another reply (RFC 2228 5)."""
    return _OUTCOMES.get(code // 100, "")


def refused(reply: str, stage: str = "") -> Refused:
    """A reply that says no, as an error: its code and its last line's text."""
    code, text = reply[:3], reply.rsplit("\n", 1)[-1]
    text = text[4:] if text.startswith(code) else text
    return Refused(code, text, **({"stage": stage} if stage else {}))


def features(reply: str) -> frozenset[str]:
    """The first words of the lines of FEAT's reply (RFC 2389, 3.2), upper case."""
    return frozenset(line.split()[0].upper() for line in reply.split("\n")[1:-1] if line.split())


def number(reply: str) -> int:
    """The number that a 213 tells; Garbled where it tells none."""
    found = re.fullmatch(r"213 +([0-9]{1,18})\s*", reply)
    if found is None:
        raise Garbled("SIZE was answered without a size", cause="no-ftp")
    return int(found[1])

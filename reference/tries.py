"""What to type to meet an entry by oneself: lines for the console's editor."""

from __future__ import annotations

from urllib.parse import urlencode

from protocols import catalog
from reference.entries import Entry, entries


def lines(entry: Entry) -> str:
    """Return the lines that the console is to wait with; "" for what nobody types."""
    if entry.place not in catalog.NAMES:
        return ""
    if entry.kind == "command" and entry.table in ("commands", "methods"):
        return _typed(entry.place, entry.word)
    if (
        entry.place == "http"
        and entry.kind == "header"
        and entry.facts.get("direction") in ("request", "both")
    ):
        return f"GET / HTTP/1.1\nHost: www.example.com\n{entry.word}: \n\n"
    asked = [str(word) for word in entry.facts.get("seen_after") or () if str(word).isalnum()]
    return _typed(entry.place, asked[0]) if asked and entry.kind == "reply" else ""


def query(entry: Entry) -> str:
    """Return the console's query for ``lines``; "" where there are none."""
    typed = lines(entry)
    return urlencode({"server": entry.place, "send": typed}) if typed else ""


def _typed(place: str, word: str) -> str:
    if place == "http":
        return f"{word} / HTTP/1.1\nHost: www.example.com\n\n"
    row = entries()[f"{place}.commands.{word}"].facts
    return ("a1 " if place == "imap" else "") + word + (" " if catalog.needs_argument(row) else "")

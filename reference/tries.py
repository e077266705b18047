"""What to type to meet an entry by oneself: lines for the console's editor, and why some have none that brings them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml
from django.utils.translation import gettext_lazy as _

from protocols import catalog
from reference.entries import Entry, entries

WHY = {
    "never": _("No server of the lab says this; the console begins with what comes nearest."),
    "trouble": _(
        "The lab’s server says this in trouble only (too many connections, a full disk, a broken transfer, its own "
        "end), so no line of yours brings it about; the console begins with what comes nearest."
    ),
    "two": _("It takes two: the lab’s server says this about somebody else who is there at the same time."),
    "admin": _("The lab’s server says this to administrators of the lab only."),
    "tls": _("The lab’s server says this inside TLS only: choose TLS beside the server before you connect."),
}
"""Why the lines of an entry do not bring about its answer, by the name of the list in tries.yaml."""
_ANSWERS = ("reply", "header")
_PAGE = "GET {} HTTP/1.1\nHost: www.example.com\n\n"


@dataclass(frozen=True, slots=True)
class Try:
    """``lines`` are what the console waits with ("": nobody types this); ``why`` is a key of WHY, or "" where the
    lines bring the entry about."""

    lines: str
    why: str = ""


def lines(entry: Entry) -> str:
    """Return the lines that the console is to wait with; "" for what nobody types."""
    return attempt(entry).lines


def query(entry: Entry) -> str:
    """Return the console's query for ``lines``; "" where there are none."""
    typed = lines(entry)
    return urlencode({"server": entry.place, "send": typed}) if typed else ""


def attempt(entry: Entry) -> Try:
    """Return what to type to meet ``entry``, and why that does not bring it about where it does not."""
    if entry.place not in catalog.NAMES:
        return Try("")
    if entry.kind == "command" and entry.table in ("commands", "methods"):
        return Try(_typed(entry.place, entry.word))
    if entry.kind not in _ANSWERS:
        return Try("")
    if entry.kind == "header" and entry.facts.get("direction") in ("request", "both"):
        return Try(f"GET / HTTP/1.1\nHost: www.example.com\n{entry.word}: \n\n")
    return _answered(entry)


def _answered(entry: Entry) -> Try:
    """An answer: the lines that bring it about, or the nearest ones and the reason."""
    known = _lab()[entry.place]
    if entry.word in known.get("pages", ()):
        return Try(_PAGE.format(known["pages"][entry.word]))
    if entry.word in known.get("alone", ()):
        return Try(known["alone"][entry.word])
    if entry.word in known.get("signed_in", ()):
        return Try("\n".join(filter(None, (known["before"], known["signed_in"][entry.word]))))
    if entry.table == "status_codes" and entry.word >= "200":
        return Try(_PAGE.format(f"/status/{entry.word}"))
    why = next((reason for reason in WHY if entry.word in known.get(reason, ())), "never")
    return Try(_nearest(entry), why)


def _nearest(entry: Entry) -> str:
    """What is near an answer: the command that it follows, or the basic code that an enhanced one stands beside."""
    asked = [str(word) for word in entry.facts.get("seen_after") or () if str(word).isalnum()]
    if asked:
        return _typed(entry.place, asked[0])
    codes = [f"smtp.reply_codes.{code}" for code in entry.facts.get("typical_basic") or ()]
    found = [attempt(entries()[code]) for code in codes if code in entries()]
    best = next((one for one in found if not one.why), None) or next(iter(found), None)
    return best.lines if best else _lab()[entry.place]["nearest"] or _PAGE.format("/")


def _typed(place: str, word: str) -> str:
    if place == "http":
        return f"{word} / HTTP/1.1\nHost: www.example.com\n\n"
    row = entries()[f"{place}.commands.{word}"].facts
    return ("a1 " if place == "imap" else "") + word + (" " if catalog.needs_argument(row) else "")


@cache
def _lab() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.load(
        Path(__file__).with_name("tries.yaml").read_bytes(), Loader=yaml.CSafeLoader
    )
    return found

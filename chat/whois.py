"""The answers to WHOIS, gathered until 318 ends them: one message tells who somebody is, not ten numerics.

RFC 2812 3.6.2 and what networks added (modern.ircdocs.horse). The lines themselves stand in the transcript, explained.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

CODE = "WHOIS"
"""Stands in a message where other answers have their numeric."""

FIRST, LAST = "311", "318"
MOST_OPEN, MOST_MORE = 20, 12

Found = dict[str, Any]


def _server(found: Found, params: tuple[str, ...]) -> None:
    found["server"], found["about"] = [*params[1:3], "", ""][:2]


def _idle(found: Found, params: tuple[str, ...]) -> None:
    """Seconds of silence, and since when they are here where the server says so."""
    numbers = [int(word) for word in params[1:-1] if word.isascii() and word.isdigit() and len(word) < 13]
    found.update(zip(("idle", "since"), numbers, strict=False))


def _channels(found: Found, params: tuple[str, ...]) -> None:
    found["channels"] = [*found.get("channels", ()), *params[-1].split()][:200]


def _word(name: str, at: int = -1) -> Callable[[Found, tuple[str, ...]], None]:
    def take(found: Found, params: tuple[str, ...]) -> None:
        found[name] = params[at]

    return take


def _more(found: Found, params: tuple[str, ...]) -> None:
    found.setdefault("more", []).append(" ".join(params[1:]))
    del found["more"][MOST_MORE:]


def _yes(name: str) -> Callable[[Found, tuple[str, ...]], None]:
    def take(found: Found, params: tuple[str, ...]) -> None:
        found[name] = True

    return take


PARTS: dict[str, Callable[[Found, tuple[str, ...]], None]] = {
    "301": _word("away"), "312": _server, "313": _yes("operator"), "317": _idle, "319": _channels,
    "330": _word("account", 1), "671": _yes("secure"),
    **dict.fromkeys(("275", "276", "307", "308", "309", "310", "316", "320", "335", "338", "344", "378", "379"), _more),
}  # fmt: skip


class Whois:
    """For one connection; ``fold`` compares nicks as its server does."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        self._fold = fold
        self._open: dict[str, Found] = {}

    def take(self, code: str, params: tuple[str, ...]) -> str | None:
        """Take a numeric: None where it answers no WHOIS, "" where more is to come, JSON at the end.

        An end without a beginning says nothing that 401 did not say: it is taken and gives "".
        """
        key = self._fold(params[0]) if params else ""
        if code == FIRST and len(params) >= 3:
            if len(self._open) >= MOST_OPEN:
                self._open.clear()  # a server that ends nothing: what it said is in the transcript
            self._open[key] = {"nick": params[0], "user": params[1], "host": params[2], "real": params[-1]}
            return ""
        if code == LAST:
            found = self._open.pop(key, None)
            return json.dumps(found, ensure_ascii=False) if found else ""
        if code not in PARTS or key not in self._open or len(params) < 2:
            return None
        PARTS[code](self._open[key], params)
        return ""

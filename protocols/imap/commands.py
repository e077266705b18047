"""IMAP's tables as values: each row with its meaning and where it is written, found by the words of the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from protocols import catalog
from protocols.line import Ref


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a table; ``key`` is how ``catalog.phrase`` finds its meaning."""

    key: str
    meaning: Mapping[str, str]
    refs: tuple[Ref, ...]
    state: str = ""


@cache
def rows(table: str) -> dict[str, Entry]:
    """The rows of ``table`` (commands, responses, response_codes, flags, ...) by their names as written."""
    found = {}
    for row in catalog.tables("imap")[table]:
        name = str(next(iter(row.values())))
        refs = tuple(Ref(one.get("rfc", 0), str(one["section"]), one.get("url", "")) for one in row["refs"])
        found[name] = Entry(f"imap.{table}.{name}", row["meaning"], refs, row.get("state", ""))
    return found


def commands() -> dict[str, Entry]:
    """Command in capitals to its entry."""
    return rows("commands")


@cache
def _folded(table: str) -> dict[str, Entry]:
    return {name.upper(): entry for name, entry in rows(table).items()}


def flag(word: str) -> Entry | None:
    """The entry of a flag, in any case."""
    return _folded("flags").get(word.upper())


def attribute(word: str) -> Entry | None:
    """The entry of an attribute of LIST, in any case."""
    return _folded("list_attributes").get(word.upper())


def fetch_item(word: str) -> Entry | None:
    """The entry of an item of FETCH: ``BODY[TEXT]<0>`` is told as ``BODY[section]<partial>``."""
    name = word.upper()
    kind, bracket, _ = name.partition("[")
    if bracket:
        form = "section]<partial>" if kind.startswith("BODY") else "part]"
        return rows("fetch_items").get(f"{kind}[{form}")
    return rows("fetch_items").get(name)


@cache
def _search_keys() -> dict[str, Entry]:
    found = {}
    for name, entry in rows("search_keys").items():
        for word in re.findall(r"[A-Z]{2,}", name):
            found[word] = entry
    return found


def search_key(word: str) -> Entry | None:
    """The entry of a key of SEARCH."""
    return _search_keys().get(word.upper())

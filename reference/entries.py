"""All entries of the protocols' tables as one list to look things up in: the same rows that explainers read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from protocols import catalog
from protocols.line import Ref

PLACES = ("smtp", "pop3", "imap", "ftp", "irc", "http", catalog.ADDRESSES, *catalog.KNOWN)
"""The protocols in the order of a letter's, a file's, a talk's and a page's way, then what else has tables."""

KINDS = ("command", "reply", "header", "extension", "more")
_KINDS = {
    "commands": "command", "methods": "command", "client_commands": "command", "site_commands": "command",
    "cap_subcommands": "command", "ctcp": "command", "reply_codes": "reply", "reply_codes_rare": "reply",
    "replies": "reply", "responses": "reply", "response_codes": "reply", "numerics": "reply", "status_codes": "reply",
    "enhanced_status.codes": "reply",
    "headers": "header", "extensions": "extension", "capabilities": "extension", "features": "extension",
    "sasl_mechanisms": "extension", "support": "extension",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. ``key`` is unique: ``smtp.commands.EHLO``; ``word`` is what stands on the wire, ``facts`` the row."""

    key: str
    place: str
    table: str
    kind: str
    word: str
    name: str
    meaning: Mapping[str, str]
    refs: tuple[Ref, ...]
    facts: Mapping[str, Any]
    haystack: str

    def told(self, language: str) -> str:
        """The meaning in ``language``, in English where there is no other."""
        return self.meaning.get(language) or self.meaning["en"]

    @property
    def syntax(self) -> str:
        return str(self.facts.get("syntax") or self.facts.get("form") or self.facts.get("params_text") or "")


@cache
def entries() -> dict[str, Entry]:
    """Return every entry by its key, in the tables' order."""
    return {entry.key: entry for place in PLACES for entry in _of(place)}


def search(words: str = "", place: str = "", kind: str = "", table: str = "") -> list[Entry]:
    """Return the entries that hold every one of ``words`` (accents and case aside), the best first."""
    wanted = plain(words).split()
    found = [
        entry
        for entry in entries().values()
        if (not place or entry.place == place)
        and (not kind or entry.kind == kind)
        and (not table or entry.table == table)
        and all(word in entry.haystack for word in wanted)
    ]
    return sorted(found, key=lambda entry: _rank(entry, wanted)) if wanted else found


def counts() -> dict[str, dict[str, int]]:
    """Return how many entries each place has of each kind."""
    found: dict[str, dict[str, int]] = {place: {} for place in PLACES}
    for entry in entries().values():
        found[entry.place][entry.kind] = found[entry.place].get(entry.kind, 0) + 1
    return found


def plain(text: str) -> str:
    """Return ``text`` in small letters and without accents: whoever searches types as they like."""
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "d"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign)).casefold()


def _rank(entry: Entry, wanted: list[str]) -> tuple[int, int]:
    word = plain(entry.word)
    exact = word == " ".join(wanted) or word in wanted
    begins, within = word.startswith(wanted[0]), any(one in word for one in wanted)
    named = all(one in plain(entry.name) for one in wanted)
    return (0 if exact else 1 if begins else 2 if within else 3 if named else 4, len(word))


def _of(place: str) -> Iterator[Entry]:
    for table, rows in catalog.lists(place):
        for row in rows:
            word = str(next(iter(row.values())))
            name, meaning = str(row.get("name", "")), row["meaning"]
            texts = (word, name, row.get("syntax", ""), *meaning.values(), row.get("note", ""))
            yield Entry(
                key=f"{place}.{table}.{word}",
                place=place,
                table=table,
                kind=_KINDS.get(table, "more"),
                word=word,
                name=name,
                meaning=meaning,
                refs=refs(row),
                facts=row,
                haystack=plain(" ".join(map(str, texts))),
            )


def refs(row: Mapping[str, Any]) -> tuple[Ref, ...]:
    """Return where a row says that it is written."""
    found = [
        Ref(int(ref.get("rfc", 0)), str(ref.get("section", "")), ref.get("url", ""), ref.get("doc", ""))
        for ref in row.get("refs") or ()
    ]
    if row.get("modern"):
        found.append(Ref(url=row["modern"], doc="modern.ircdocs.horse"))
    return tuple(found)

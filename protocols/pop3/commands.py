"""POP3's commands, states and capabilities, from tables.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from protocols import catalog
from protocols.line import Ref


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a table: its key, name, meaning by language, and where it is written."""

    key: str
    name: str
    meaning: Mapping[str, str]
    refs: tuple[Ref, ...]
    facts: Mapping[str, Any]


def entry(row: Mapping[str, Any], key: str) -> Entry:
    """Make an Entry of a table's ``row`` whose key stands under ``key``."""
    refs = tuple(
        Ref(ref.get("rfc", 0), str(ref.get("section", "")), ref.get("url", ""), ref.get("doc", ""))
        for ref in row.get("refs", ())
    )
    return Entry(str(row[key]), row.get("name", ""), row["meaning"], refs, row)


@cache
def commands() -> dict[str, Entry]:
    """Verb in capitals to its entry; ``facts["states"]`` names the states it is allowed in."""
    return {row["command"]: entry(row, "command") for row in catalog.tables("pop3")["commands"]}


@cache
def capabilities() -> dict[str, Entry]:
    """Tag of a CAPA line, in capitals, to its entry."""
    return {row["capability"]: entry(row, "capability") for row in catalog.tables("pop3")["capabilities"]}

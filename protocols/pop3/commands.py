"""POP3's commands, states and capabilities, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry


@cache
def commands() -> dict[str, Entry]:
    """Verb in capitals to its entry; ``facts["states"]`` names the states it is allowed in."""
    return {row["command"]: entry(row, "command") for row in catalog.tables("pop3")["commands"]}


@cache
def capabilities() -> dict[str, Entry]:
    """Tag of a CAPA line, in capitals, to its entry."""
    return {row["capability"]: entry(row, "capability") for row in catalog.tables("pop3")["capabilities"]}

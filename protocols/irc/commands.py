"""IRC's commands, modes, capabilities, CTCP and 005's tokens, from tables.yaml."""

from __future__ import annotations

from functools import cache
from typing import Any

from protocols import catalog
from protocols.catalog import Entry, entry


def _table(key: str, *path: str) -> dict[str, Entry]:
    rows: Any = catalog.tables("irc")
    for step in path:
        rows = rows[step]
    return {str(row[key]): entry(row, key) for row in rows}


@cache
def commands() -> dict[str, Entry]:
    """Command in capitals to its entry."""
    return _table("command", "commands")


@cache
def channel_modes() -> dict[str, Entry]:
    """Letter of a channel's mode to its entry; ``facts["arg"]`` says whether it takes an argument."""
    return _table("mode", "modes", "channel")


@cache
def user_modes() -> dict[str, Entry]:
    """Letter of a user's mode to its entry."""
    return _table("mode", "modes", "user")


@cache
def prefixes() -> dict[str, Entry]:
    """Sign before a nick (``@``) to its entry."""
    return _table("prefix", "modes", "prefixes")


@cache
def capabilities() -> dict[str, Entry]:
    """Name of an IRCv3 capability to its entry."""
    return _table("capability", "capabilities")


@cache
def cap_subcommands() -> dict[str, Entry]:
    """Subcommand of CAP to its entry."""
    return _table("subcommand", "cap_subcommands")


@cache
def ctcp() -> dict[str, Entry]:
    """CTCP command to its entry."""
    return _table("ctcp", "ctcp")


@cache
def batches() -> dict[str, Entry]:
    """Type of a BATCH to its entry."""
    return _table("batch", "batches")


@cache
def tags() -> dict[str, Entry]:
    """Key of a message tag to its entry."""
    return _table("tag", "tags")


@cache
def support() -> dict[str, Entry]:
    """Key of a token of 005 to its entry."""
    return _table("token", "support")


@cache
def formatting() -> dict[str, Entry]:
    """Formatting sign, as two hexadecimal digits in capitals, to its entry."""
    return _table("code", "formatting")

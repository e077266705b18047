"""FTP's commands, features, facts and the commands of a client program, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry


@cache
def commands() -> dict[str, Entry]:
    """Verb in capitals to its entry; ``facts["syntax"]`` is how it is written, ``facts["group"]`` its kind."""
    return {row["command"]: entry(row, "command") for row in catalog.tables("ftp")["commands"]}


@cache
def features() -> dict[str, Entry]:
    """First word of a FEAT line, in capitals, to its entry; those that are commands stand in ``commands``."""
    return {row["feature"]: entry(row, "feature") for row in catalog.tables("ftp")["features"]}


@cache
def facts() -> dict[str, Entry]:
    """Name of a fact of MLST and MLSD, in small letters, to its entry (RFC 3659 7.5)."""
    return {row["fact"].lower(): entry(row, "fact") for row in catalog.tables("ftp")["facts"]}


@cache
def site_commands() -> dict[str, Entry]:
    """Second word of a SITE command, in capitals, to its entry; no RFC says what stands there."""
    return {row["site"]: entry(row, "site") for row in catalog.tables("ftp")["site_commands"]}


@cache
def client_commands() -> dict[str, Entry]:
    """What a person types in a client program (``mget pattern``) to its entry; ``facts["wire"]`` is what is said."""
    return {row["client"]: entry(row, "client") for row in catalog.tables("ftp")["client_commands"]}

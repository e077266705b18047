"""SMTP's commands, extensions and parameters, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry


@cache
def commands() -> dict[str, Entry]:
    """Verb in capitals to its entry."""
    return {row["command"]: entry(row, "command") for row in catalog.tables("smtp")["commands"]}


@cache
def extensions() -> dict[str, Entry]:
    """Keyword of an EHLO line, in capitals, to its entry."""
    return {row["keyword"]: entry(row, "keyword") for row in catalog.tables("smtp")["extensions"]}


@cache
def parameters() -> dict[str, Entry]:
    """Name of a MAIL or RCPT parameter, in capitals and without its value, to its entry."""
    rows = catalog.tables("smtp")["mail_rcpt_parameters"]
    return {row["parameter"].partition("=")[0]: entry(row, "parameter") for row in rows}


@cache
def mechanisms() -> dict[str, Entry]:
    """Name of a SASL mechanism, in capitals, to its entry; the table tells of some in pairs."""
    rows = catalog.tables("smtp")["sasl_mechanisms"]
    return {name: entry(row, "mechanism") for row in rows for name in row["mechanism"].split(" / ")}

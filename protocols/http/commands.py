"""HTTP's methods and fields, from tables.yaml."""

from __future__ import annotations

from functools import cache

from protocols import catalog
from protocols.catalog import Entry, entry


@cache
def methods() -> dict[str, Entry]:
    """Method to its entry; ``facts`` say whether it is safe, idempotent, cacheable and has a body."""
    return _table("methods", "method")


commands = methods
"""What a client may say first, by the name that every protocol's table of them has."""


@cache
def fields() -> dict[str, Entry]:
    """Field name, in lower case, to its entry; ``facts["direction"]``: request, response or both."""
    return {name.lower(): row for name, row in _table("headers", "header").items()}


@cache
def cookie_attributes() -> dict[str, Entry]:
    """Attribute of Set-Cookie, in lower case, to its entry."""
    return {name.lower(): row for name, row in _table("cookie_attributes", "attribute").items()}


@cache
def cache_directives() -> dict[str, Entry]:
    """Directive of Cache-Control to its entry."""
    return _table("cache_directives", "directive")


@cache
def schemes() -> dict[str, Entry]:
    """Authentication scheme, in lower case, to its entry."""
    return {name.lower(): row for name, row in _table("schemes", "scheme").items()}


@cache
def codings() -> dict[str, Entry]:
    """Content or transfer coding to its entry."""
    return _table("codings", "coding")


def _table(name: str, key: str) -> dict[str, Entry]:
    return {str(row[key]): entry(row, key) for row in catalog.tables("http")[name]}

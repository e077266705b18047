"""Addresses as browsers read them: WHATWG's URL Standard, by the ada parser. Nothing here ever raises."""

from __future__ import annotations

from dataclasses import dataclass

import ada_url

MOST = 100_000
"""Characters of the longest address that is read; a browser would take more, a person never types it."""


@dataclass(frozen=True, slots=True)
class Browser:
    """The record a browser makes of an address, by the names JavaScript gives its parts."""

    href: str
    protocol: str
    username: str
    password: str
    host: str
    hostname: str
    port: str
    pathname: str
    search: str
    hash: str
    origin: str


def read(text: str, base: str = "") -> Browser | None:
    """Return what a browser makes of ``text`` seen from ``base``; None where it says "invalid URL"."""
    if len(text) > MOST or len(base) > MOST:
        return None
    try:
        found = ada_url.URL(_scalars(text), _scalars(base) if base else None)
    except ValueError:
        return None
    return Browser(
        href=found.href,
        protocol=found.protocol,
        username=found.username,
        password=found.password,
        host=found.host,
        hostname=found.hostname,
        port=found.port,
        pathname=found.pathname,
        search=found.search,
        hash=found.hash,
        origin=found.origin,
    )


def _scalars(text: str) -> str:
    """Lone surrogates become U+FFFD, as in a browser (Web IDL's USVString); pairs become what they mean."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

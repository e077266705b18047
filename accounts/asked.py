"""An address that somebody typed or followed elsewhere (``?url=``): which listed server it means, and what for."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from accounts import numbers, reach
from accounts.models import Server
from protocols import catalog
from protocols.errors import Unreachable
from protocols.url.dissect import dissect


@dataclass(frozen=True, slots=True)
class Asked:
    """``server`` is None where nobody of the list is meant: ``missing`` then says so to the person.

    ``user``, ``path`` (without its first slash) and ``fragment`` are decoded, "" where the address has none.
    """

    server: Server | None
    missing: str = ""
    host: str = ""
    user: str = ""
    path: str = ""
    fragment: str = ""


def read(url: str, protocol: str) -> Asked:
    """Take ``url`` apart and find its server among those of ``protocol``; any text gives an answer."""
    seen = dissect(url)
    host, port = seen.value("host"), seen.value("port")
    number = numbers.number(port, digits=numbers.PORT)
    try:
        # Digits that are no port name no server: 0 would mean "any".
        found = reach.find(host if number or not port else f"{host}:{port}", protocol, number)
    except Unreachable as error:
        said = catalog.phrase(error.key, error.params, (get_language() or "en")[:2])
        return Asked(None, said, host=host)
    return Asked(
        found,
        host=host,
        user=seen.value("user").partition(";")[0],
        path=seen.value("path").removeprefix("/"),
        fragment=seen.value("fragment"),
    )

"""What a client asked and what it is answered, as values; the connection turns both from and to bytes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, unquote

from servers.service import Service

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Asked:
    """A request, its body read. ``count`` is its number on this connection, from 1."""

    method: str
    target: str
    fields: Fields
    version: str
    service: Service
    body: bytes = b""
    peer: str = ""
    count: int = 1
    secure: bool = False

    @cached_property
    def path(self) -> str:
        """The path, decoded; of an absolute target too (RFC 9112 section 3.2.2)."""
        target = self.target
        if "://" in target:
            target = "/" + target.split("://", 1)[1].partition("/")[2]
        return unquote(target.partition("?")[0], errors="replace")

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """Names and values after the ``?``, 200 at most."""
        return pairs(self.target.partition("?")[2])

    @property
    def host(self) -> str:
        """The site that is asked for, in small letters, without its port."""
        # A whole address says it itself, whatever the field says (RFC 9112 section 3.2.2).
        whole = self.target.split("://", 1)[1] if "://" in self.target.partition("?")[0] else ""
        host = (
            (re.split("[/?#]", whole)[0].rpartition("@")[2] if whole else self.value("host")).strip().lower()
        )
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        return name.removesuffix(".")

    @property
    def here(self) -> str:
        """Scheme and authority of this site, as the client called it."""
        return f"{'https' if self.secure else 'http'}://{self.value('host') or 'localhost'}"

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that came along."""
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(self.value("cookie")[:8192])
        except CookieError:
            return {}
        return {name: one.value for name, one in jar.items()}

    def values(self, name: str) -> list[str]:
        """The values of every field ``name`` (in small letters)."""
        return [value for key, value in self.fields if key.lower() == name]

    def value(self, name: str) -> str:
        """The field's values as one list, "" where it was not said."""
        return ", ".join(self.values(name)) if name != "cookie" else "; ".join(self.values(name))

    def asked(self, name: str, default: str = "") -> str:
        """The first value of ``name`` in the query."""
        return next((value for key, value in self.query if key == name), default)


@dataclass(frozen=True)
class Reply:
    """An answer. A body of pieces is sent in chunks (to HTTP/1.0: to the connection's end)."""

    code: int = 200
    body: bytes = b""
    kind: str = HTML
    fields: Fields = ()
    pieces: AsyncIterator[bytes] | None = field(default=None, compare=False)
    etag: str = ""
    modified: float = 0.0
    ranges: bool = False
    close: bool = False
    trailers: Fields = ()

    def with_fields(self, *fields: tuple[str, str]) -> Reply:
        """The same answer with more fields."""
        return replace(self, fields=(*self.fields, *fields))


def pairs(text: str) -> list[tuple[str, str]]:
    """Names and values of a query or of a form's body, 200 at most."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=200, errors="replace")
    except ValueError:
        return []

"""Addresses as RFC 3986 reads them: five components, relative references resolved. Nothing here ever raises."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Appendix B of RFC 3986, with the scheme's own characters (3.1) so that "a b:c" is a path.
_SPLIT = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_PORT = re.compile(r"(?P<host>.*?)(?::(?P<port>[0-9]*))?", re.DOTALL)

_PCHAR = r"A-Za-z0-9\-._~!$&'()*+,;=:@"
_ALLOWED = {
    "user": r"A-Za-z0-9\-._~!$&'()*+,;=",
    "password": r"A-Za-z0-9\-._~!$&'()*+,;=:",
    "host": r"A-Za-z0-9\-._~!$&'()*+,;=\[\]:",
    "path": _PCHAR + "/",
    "file": _PCHAR,
    "query": _PCHAR + "/?",
    "fragment": _PCHAR + "/?",
}


@dataclass(frozen=True, slots=True)
class Components:
    """The five components (RFC 3986, 3); None is "not there", which is not the same as empty."""

    scheme: str | None = None
    authority: str | None = None
    path: str = ""
    query: str | None = None
    fragment: str | None = None

    def __str__(self) -> str:
        """Put together again (5.3)."""
        text = f"{self.scheme}:" if self.scheme is not None else ""
        text += f"//{self.authority}" if self.authority is not None else ""
        text += self.path
        text += f"?{self.query}" if self.query is not None else ""
        return text + (f"#{self.fragment}" if self.fragment is not None else "")


@dataclass(frozen=True, slots=True)
class Authority:
    """What stands between // and the path (3.2)."""

    user: str | None = None
    password: str | None = None
    host: str = ""
    port: str | None = None


def split(text: str) -> Components:
    """Return the components of ``text``; any text has some."""
    found = _SPLIT.fullmatch(text)
    return Components(**found.groupdict()) if found else Components(path=text)


def split_authority(text: str) -> Authority:
    """Return user, password, host and port of an authority; the last ``@`` ends the userinfo."""
    userinfo, at, rest = text.rpartition("@")
    user, colon, password = userinfo.partition(":")
    found = _PORT.fullmatch(rest)
    host, port = (found["host"], found["port"]) if found else (rest, None)
    return Authority(user if at else None, password if colon else None, host, port)


def resolve(base: str, reference: str) -> str:
    """Return ``reference`` as seen from ``base`` (5.2.2)."""
    here, there = split(base), split(reference)
    if there.scheme is not None:
        found = Components(
            there.scheme, there.authority, remove_dots(there.path), there.query, there.fragment
        )
    elif there.authority is not None:
        found = Components(here.scheme, there.authority, remove_dots(there.path), there.query, there.fragment)
    elif not there.path:
        query = there.query if there.query is not None else here.query
        found = Components(here.scheme, here.authority, here.path, query, there.fragment)
    else:
        path = there.path if there.path.startswith("/") else _merge(here, there.path)
        found = Components(here.scheme, here.authority, remove_dots(path), there.query, there.fragment)
    return str(found)


def remove_dots(path: str) -> str:
    """Take ``.`` and ``..`` out of a path (5.2.4)."""
    kept: list[str] = []
    parts = path.split("/")
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "..":
            if kept and kept != [""]:
                kept.pop()
            kept += [""] if last else []
        elif part != ".":
            kept.append(part)
        elif last:
            kept.append("")
    joined = "/".join(kept)
    return joined if joined.startswith("/") or not path.startswith("/") else f"/{joined}"


def illegal(component: str, text: str) -> list[str]:
    """Return the characters of ``text`` that RFC 3986 does not allow there, each once; a bad ``%`` is one."""
    allowed = _ALLOWED.get(component)
    if allowed is None:
        return []
    rest = re.sub(rf"[{allowed}]|%[0-9A-Fa-f]{{2}}", "", text)
    return list(dict.fromkeys(rest))


def _merge(base: Components, path: str) -> str:
    if base.authority is not None and not base.path:
        return f"/{path}"
    return base.path[: base.path.rfind("/") + 1] + path

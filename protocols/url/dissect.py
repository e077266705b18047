"""An address taken apart into its named pieces, each explained: for people, by RFC 3986 and as browsers do.

``dissect`` takes any text and never raises. The pieces are those that stand in the text, with what the scheme
fills in where one is missing; what a browser would make of it stands beside them, and where the two differ.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote_to_bytes

from protocols import catalog
from protocols.line import Note, Ref
from protocols.url import rfc3986, whatwg

NAMES = ("scheme", "user", "password", "host", "port", "path", "file", "query", "fragment")
SHOWN = 200
"""Characters of a piece that a sentence repeats."""

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_DOTTED = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")


@dataclass(frozen=True, slots=True)
class Piece:
    """One named piece: ``text`` as it was written, ``value`` what it stands for (decoded, or the default).

    ``given`` is False for a default. ``secret`` pieces are never shown. ``notes`` say what is special in it.
    """

    name: str
    text: str
    value: str
    given: bool = True
    secret: bool = False
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """A row of the table of schemes; ``port`` is None where the scheme has no server."""

    name: str
    port: int | None
    form: str
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Dissected:
    """An address, understood. ``absolute`` is the text seen from the base, ``browser`` a browser's reading."""

    text: str
    absolute: str
    scheme: str
    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...]
    browser: whatwg.Browser | None

    def piece(self, name: str) -> Piece | None:
        """The piece ``name`` (one of NAMES), None where there is none and no default either."""
        return next((one for one in self.pieces if one.name == name), None)

    def value(self, name: str) -> str:
        """What the piece stands for; "" where there is none."""
        found = self.piece(name)
        return found.value if found else ""


@cache
def schemes() -> dict[str, Scheme]:
    """Scheme, in lower case, to what is known of it."""
    return {
        row["scheme"]: Scheme(row["scheme"], row["default_port"], row["form"], _refs(row))
        for row in catalog.tables("url")["schemes"]
    }


@cache
def components() -> dict[str, tuple[Ref, ...]]:
    """Component to where it is defined."""
    return {row["component"]: _refs(row) for row in catalog.tables("url")["components"]}


def dissect(text: str, base: str = "") -> Dissected:
    """Take ``text`` apart; a relative reference is seen from ``base``. Any text gives an answer."""
    text, base = text[: whatwg.MOST], base[: whatwg.MOST]
    absolute = rfc3986.resolve(base, text) if base else text
    found = rfc3986.split(absolute)
    scheme = (found.scheme or "").lower()
    browser = whatwg.read(text, base)
    pieces = tuple(_pieces(found, scheme))
    return Dissected(text, absolute, scheme, pieces, tuple(_notes(text, absolute, found, browser)), browser)


def decoded(text: str) -> str:
    """``text`` with its percent-encoding undone; bytes that are no UTF-8 stay as they are written."""
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text.encode("utf-8", "replace")).decode("utf-8")
    except UnicodeDecodeError:
        return text


def _pieces(found: rfc3986.Components, scheme: str) -> list[Piece]:
    pieces = []
    known = schemes().get(scheme)
    if found.scheme is not None:
        note = Note(f"url.schemes.{scheme}", {}, known.refs) if known else _note("url.scheme.unknown", scheme)
        pieces.append(Piece("scheme", found.scheme, scheme, notes=(note,)))
    if found.authority is not None:
        pieces += _authority(rfc3986.split_authority(found.authority), known)
    pieces += _path(found, scheme)
    for name, text in (("query", found.query), ("fragment", found.fragment)):
        if text is not None:
            pieces.append(_piece(name, text))
    return pieces


def _authority(authority: rfc3986.Authority, known: Scheme | None) -> list[Piece]:
    pieces = []
    if authority.user is not None:
        pieces.append(_piece("user", authority.user))
    if authority.password is not None:
        pieces.append(Piece("password", authority.password, "", secret=True, notes=(_is("password"),)))
    pieces.append(
        Piece("host", authority.host, decoded(authority.host).lower(), notes=tuple(_host(authority.host)))
    )
    if authority.port:
        pieces.append(
            Piece("port", authority.port, authority.port, notes=tuple(_port(authority.port, known)))
        )
    elif known and known.port:
        note = Note("url.port.default", {"scheme": known.name, "port": known.port}, components()["port"])
        pieces.append(Piece("port", "", str(known.port), given=False, notes=(note,)))
    return pieces


def _path(found: rfc3986.Components, scheme: str) -> list[Piece]:
    if not found.path:
        if found.authority is None or scheme not in ("http", "https", "ws", "wss", "ftp"):
            return []
        return [Piece("path", "", "/", given=False, notes=(_is("path"), Note("url.path.default")))]
    pieces = [_piece("path", found.path)]
    name = found.path.rpartition("/")[2]
    if name and found.authority is not None:
        pieces.append(_piece("file", name))
    return pieces


def _piece(name: str, text: str) -> Piece:
    notes = [_is(name)]
    value = decoded(text)
    if value != text:
        notes.append(Note("url.percent", {"text": text[:SHOWN], "value": value[:SHOWN]}, _PERCENT))
    elif _BAD_PERCENT.search(text):
        notes.append(Note("url.percent.bad", {"text": (_BAD_PERCENT.search(text) or [""])[0][:3]}, _PERCENT))
    if name == "query" and "+" in text:
        notes.append(Note("url.query.plus"))
    return Piece(name, text, value, notes=tuple(notes))


def _host(host: str) -> list[Note]:
    notes = [_is("host")]
    if host.startswith("["):
        return [*notes, Note("url.host.ipv6", {"host": host[:SHOWN]}, components()["host"])]
    if _DOTTED.fullmatch(host):
        return [*notes, Note("url.host.ipv4", {"host": host})]
    seen = whatwg.read(f"http://{host}/")
    if seen is None:
        return [*notes, Note("url.host.none", {"host": host[:SHOWN]})]
    if seen.hostname != host.lower() and _is_address(seen.hostname):
        notes.append(Note("url.host.number", {"host": host[:SHOWN], "address": seen.hostname}))
    elif seen.hostname != host.lower() and not host.isascii():
        notes.append(Note("url.host.punycode", {"host": host[:SHOWN], "ascii": seen.hostname[:SHOWN]}))
    if host.endswith("."):
        notes.append(Note("url.host.dot", {"host": host[:SHOWN]}))
    return notes


def _port(text: str, known: Scheme | None) -> list[Note]:
    notes = [_is("port")]
    # Digits may be thousands; none of them is turned into a number before it is short.
    digits = text.lstrip("0") or "0"
    if len(digits) > 5 or int(digits) > 65535:
        notes.append(Note("url.port.none", {"port": text[:SHOWN]}))
    elif known and known.port == int(digits):
        notes.append(Note("url.port.same", {"scheme": known.name, "port": text}))
    return notes


def _notes(text: str, absolute: str, found: rfc3986.Components, browser: whatwg.Browser | None) -> list[Note]:
    notes = []
    if found.scheme is None:
        notes.append(Note("url.relative", {}, _RELATIVE))
    elif text != absolute:
        notes.append(Note("url.resolved", {"absolute": absolute[:SHOWN]}, _RELATIVE))
    wrong = _illegal(found)
    if wrong:
        notes.append(Note("url.illegal", {"characters": " ".join(wrong)[:SHOWN]}, _CHARACTERS))
    if "\\" in text:
        notes.append(Note("url.backslash"))
    if text != text.strip() or re.search(r"[\t\r\n]", text):
        notes.append(Note("url.space"))
    if found.authority is not None and "@" in found.authority:
        host = rfc3986.split_authority(found.authority).host
        notes.append(Note("url.userinfo", {"host": host[:SHOWN]}))
    if browser is None and found.scheme is not None:
        notes.append(Note("url.browser.none"))
    return notes


def _illegal(found: rfc3986.Components) -> list[str]:
    authority = rfc3986.split_authority(found.authority or "")
    texts = {
        "user": authority.user or "",
        "host": authority.host,
        "path": found.path,
        "query": found.query or "",
        "fragment": found.fragment or "",
    }
    wrong = [one for name, text in texts.items() for one in rfc3986.illegal(name, text)]
    return [_visible(one) for one in dict.fromkeys(wrong)]


def _visible(character: str) -> str:
    return character if character.isprintable() and character != " " else f"U+{ord(character):04X}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is(name: str) -> Note:
    return Note(f"url.components.{name}", {}, components()[name])


def _note(key: str, scheme: str) -> Note:
    return Note(key, {"scheme": scheme[:SHOWN]}, components()["scheme"])


def _refs(row: dict[str, object]) -> tuple[Ref, ...]:
    rows = row.get("refs") or ()
    return tuple(
        Ref(ref.get("rfc", 0), str(ref.get("section", "")), ref.get("url", ""))
        for ref in rows  # type: ignore[attr-defined]
    )


def _rfc(section: str) -> tuple[Ref, ...]:
    return (Ref(3986, section, f"https://www.rfc-editor.org/rfc/rfc3986.html#section-{section}"),)


_PERCENT, _RELATIVE, _CHARACTERS = _rfc("2.1"), _rfc("5.2"), _rfc("2.2")

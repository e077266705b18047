"""Where an address belongs: here, in another room, with nobody any more, or nowhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.urls import NoReverseMatch, reverse

from accounts.models import Server
from protocols.url import whatwg
from protocols.url.dissect import decoded, dissect, schemes

ROOMS = {
    "ftp": "files",
    "ftps": "files",
    "mailto": "compose",
    "irc": "chat",
    "ircs": "chat",
    "telnet": "console",
    "imap": "mail",
    "imaps": "mail",
    "pop": "mail",
    "pops": "mail",
}
GONE = frozenset({"gopher", "news", "nntp", "wais", "prospero"})
"""The course's schemes that nobody opens any more."""
HERE = ("http", "https")
_PASSWORD = re.compile(r"^([^/?#]*//[^/?#:@]*):[^/?#@]*@")
LETTER = ("to", "cc", "bcc", "subject", "body")
"""What a ``mailto:`` may fill in; anything else could forge a header (RFC 6068 section 4), and is left out."""


@dataclass(frozen=True, slots=True)
class Place:
    """``kind``: here, room, no-room (it is not built), gone, unknown, or none (no address at all)."""

    kind: str
    url: str
    scheme: str = ""
    href: str = ""


def place(text: str, base: str = "") -> Place:
    """Say where ``text`` belongs; without a scheme it is taken for a web address, as browsers do."""
    text = text.strip()
    url = completed(text) if not base else text
    seen = whatwg.read(url, base)
    scheme = (seen.protocol.rstrip(":") if seen else dissect(url, base).scheme).lower()
    if seen is None or not scheme:
        return Place("none", url, scheme)
    if scheme in HERE:
        return Place("here", seen.href, scheme)
    if scheme in ROOMS:
        href = _room(scheme, seen.href)
        return Place("room" if href else "no-room", seen.href, scheme, href)
    return Place("gone" if scheme in GONE else "unknown", seen.href, scheme)


def completed(text: str) -> str:
    """``www.example.com/x`` with the scheme that a person left out; ``localhost:8080`` is no scheme either."""
    scheme, colon, rest = text.partition(":")
    known = scheme.lower() in schemes() or scheme.lower() in ("javascript", "about", "blob", "view-source")
    if colon and (known or rest.startswith("//")):
        return text
    return f"http://{text}" if text and not text.startswith("//") else f"http:{text}" if text else ""


def home() -> str:
    """The address of the lab's own site; "" where there is no web server yet."""
    row = Server.objects.filter(lab=True, protocol="http", enabled=True).first()
    return f"http://{row.host}:{row.port}/" if row else ""


def _letter(url: str) -> dict[str, str]:
    """What a ``mailto:`` asks to write (RFC 6068): addresses may come in several places, and "+" is no blank."""
    address, _, query = url.partition(":")[2].partition("#")[0].partition("?")
    told = {"to": [decoded(address)]}
    for field in query.split("&"):
        name, _, value = field.partition("=")
        told.setdefault(decoded(name).lower(), []).append(decoded(value))
    joined = {
        name: ("\n" if name == "body" else ", ").join(filter(None, told.get(name, ()))) for name in LETTER
    }
    return {name: text for name, text in joined.items() if text or name == "to"}


def _room(scheme: str, url: str) -> str:
    try:
        path = reverse(ROOMS[scheme])
    except NoReverseMatch:
        return ""
    if scheme == "mailto":
        return f"{path}?{urlencode(_letter(url), quote_via=quote)}"
    # A password in an address goes no further than the bar it was typed in: it would stand in logs and histories.
    return f"{path}?" + urlencode({"url": _PASSWORD.sub(r"\1@", url)})

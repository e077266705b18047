"""What must not be stored of an HTTP conversation: sign-ins, cookies' values, and passwords in forms.

Kept are the scheme, Basic's user name, Digest's parameters but its response, cookies' names and attributes, and
the fields' names. Looked for in head lines and, because a wrong Content-Length makes a head of a body, in
bodies too; what was hidden once is hidden wherever it is repeated (RFC 9110 section 17.16, RFC 6265 section 8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from protocols.http.grammar import parse_request
from protocols.line import Line
from protocols.sasl import Said, Veil, decoded, readable

_SIGN_IN = re.compile(
    rb"(?:^|[\r\n\0])[\s\0]*(?:Proxy-)?Authorization[ \t]*:[ \t]*(?P<value>[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE,
)
_COOKIE = re.compile(
    rb"(?:^|[\r\n\0])[\s\0]*Cookie2?[ \t]*:[ \t]*(?P<value>[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE
)
_SET_COOKIE = re.compile(
    rb"(?:^|[\r\n\0])[\s\0]*Set-Cookie2?[ \t]*:[ \t]*(?P<value>[^;\r\n]*)", re.IGNORECASE
)
_CONTINUED = re.compile(rb"[ \t]")
_SECRET_FIELD = re.compile(rb"(?:^|[\r\n])[ \t]*(?:Proxy-)?(?:Authorization|Cookie2?)[ \t]*:", re.IGNORECASE)
_WORD = re.compile(rb"(?P<scheme>[A-Za-z][A-Za-z0-9!#$&^_.+-]*)(?:[ \t]+|$)")
_RESPONSE = re.compile(rb'\bresponse\s*=\s*"?(?P<value>[^",\s]*)', re.IGNORECASE)
_USER_NAME = re.compile(rb'\busername\s*=\s*"(?P<value>[^"]*)"', re.IGNORECASE)
_FORM = re.compile(
    rb"(?:^|[?&;\s])(?P<name>[\w.%\[\]-]*(?:pass(?:w(?:or)?d)?|pwd|mat_?khau|secret|token)[\w.%\[\]-]*)=(?P<value>[^&;\s#]+)",
    re.IGNORECASE,
)
_PART = re.compile(
    rb'name="?[^"\r\n]*(?:pass(?:w(?:or)?d)?|pwd|mat_?khau|secret|token)[^"\r\n]*"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(?P<value>[^\r\n]+)',
    re.IGNORECASE,
)
_USERINFO = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:]*:(?P<value>[^\s/?#@]+)@")
LONG = 8
"""Bytes of the shortest cookie that is looked for where it is repeated; a counter's ``3`` stands everywhere."""

Found = tuple[int, int, Said]


class Guard:
    """Fed the lines of one HTTP conversation in order, returns them without secrets."""

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._veil = Veil(fingerprint)
        self._secret_field = {"C": False, "S": False}
        self._cut_short = False

    def feed(self, line: Line) -> Line:
        """Return ``line`` with its secret bytes taken out."""
        if line.kind == "event" or line.speaker == "-":
            return line
        spans = self._continued(line) or list(_secrets(line.raw))
        for start, end, said in sorted(spans, key=lambda one: -one[0]):
            line = self._veil.cut(
                line, start, said, end, remember=said.kind != "cookie" or end - start >= LONG
            )
        if line.speaker == "C":
            ends = line.hidden[-1].start if line.hidden else -1
            self._cut_short = line.kind == "body" and ends == len(line.raw)
        return self._veil.echoes(line)

    def _continued(self, line: Line) -> list[Found]:
        """What goes on with a secret: a line that begins with a blank (obs-fold, RFC 9112 section 5.2), and
        what follows a form whose Content-Length was too small for the password at its end."""
        if line.kind == "body":
            return []
        if line.speaker == "C" and self._cut_short and line.raw and parse_request(line.raw) is None:
            return [(0, len(line.raw), Said("password", secret=line.raw))]
        if self._secret_field[line.speaker] and _CONTINUED.match(line.raw):
            return [(0, len(line.raw), Said("response", secret=line.raw.strip()))]
        self._secret_field[line.speaker] = bool(_SECRET_FIELD.search(line.raw))
        return []


def _secrets(raw: bytes) -> Iterator[Found]:
    taken: list[tuple[int, int]] = []
    for found in _all(raw):
        start, end, _ = found
        if start < end and not any(start < last and first < end for first, last in taken):
            taken.append((start, end))
            yield found


def _all(raw: bytes) -> Iterator[Found]:
    for match in _SIGN_IN.finditer(raw):
        yield _sign_in(raw, match.start("value"), match.end("value"))
    for match in _COOKIE.finditer(raw):
        yield from _cookies(raw, match.start("value"), match.end("value"))
    for match in _SET_COOKIE.finditer(raw):
        yield from _cookies(raw, match.start("value"), match.end("value"))
    for match in _USERINFO.finditer(raw):
        yield _plain(match, "password")
    for match in _FORM.finditer(raw):
        yield _plain(match, "password", unquote_to_bytes(match["value"].replace(b"+", b" ")))
    for match in _PART.finditer(raw):
        yield _plain(match, "password")


def _plain(match: re.Match[bytes], kind: str, secret: bytes = b"") -> Found:
    return match.start("value"), match.end("value"), Said(kind, "", secret or match["value"])


def _sign_in(raw: bytes, start: int, end: int) -> Found:
    word = _WORD.match(raw, start, end)
    if word is None or word.end() >= end:
        # One word alone may be the secret itself, said without a scheme.
        return start, end, Said("response", secret=raw[start:end])
    scheme, rest = word["scheme"].lower(), raw[word.end() : end]
    if scheme == b"basic":
        user, _, password = (decoded(rest) or b"").partition(b":")
        return word.end(), end, Said("basic", readable(user), password or rest.strip())
    if scheme == b"digest" and (found := _RESPONSE.search(raw, word.end(), end)):
        name = _USER_NAME.search(raw, word.end(), end)
        said = Said("digest", readable(name["value"]) if name else "", found["value"])
        return found.start("value"), found.end("value"), said
    if scheme == b"bearer" or re.fullmatch(rb"[\w-]{3,12}", scheme):
        return word.end(), end, Said("token", secret=rest.strip())
    return start, end, Said("response", secret=raw[start:end])


def _cookies(raw: bytes, start: int, end: int) -> Iterator[Found]:
    for match in re.finditer(
        rb"[ \t]*(?P<name>[^=;]*)=(?P<value>[^;]*)|[ \t]*(?P<bare>[^;=]+)", raw[start:end]
    ):
        name, place = readable((match["name"] or b"").strip()), "bare" if match["bare"] else "value"
        first, last = (start + at for at in match.span(place))
        yield first, last, Said("cookie", name, raw[first:last].strip())

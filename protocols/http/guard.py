"""What must not be stored of an HTTP conversation: sign-ins, cookies' values, and secrets in forms and addresses.

Kept are the scheme, Basic's user name, Digest's parameters but its response, cookies' names and attributes, and
the fields' names. Looked for in head lines and, because a wrong Content-Length makes a head of a body, in
bodies too; what was hidden once is hidden wherever it is repeated (RFC 9110 section 17.16, RFC 6265 section 8).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote_to_bytes

from protocols.http.grammar import parse_request
from protocols.line import Line
from protocols.sasl import Said, Veil, decoded, readable

# Every pattern starts at a line's border or a separator and is bounded from there: a body of 64 KiB made to
# be slow (a letter repeated, nothing but line ends) must not hold up the one thread that records for all.
_BORDER = rb"(?:^|[\r\n\0])[ \t\v\f]*"
_REST = rb"(?P<value>[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)"
_SIGN_IN = re.compile(_BORDER + rb"(?:Proxy-)?Authorization[ \t]*:[ \t]*" + _REST, re.IGNORECASE)
_COOKIE = re.compile(_BORDER + rb"Cookie2?[ \t]*:[ \t]*" + _REST, re.IGNORECASE)
_SET_COOKIE = re.compile(_BORDER + rb"Set-Cookie2?[ \t]*:[ \t]*(?P<value>[^;\r\n]*)", re.IGNORECASE)
_CONTINUED = re.compile(rb"[ \t]")
_SECRET_FIELD = re.compile(
    rb"(?:^|[\r\n])[ \t]*(?:(?:Proxy-)?(?:Authorization|Cookie2?)[ \t]*:|Set-Cookie2?[ \t]*:[^;\r\n]*\Z)",
    re.IGNORECASE,
)
_WORD = re.compile(rb"(?P<scheme>[A-Za-z][A-Za-z0-9!#$&^_.+-]*)(?:[ \t]+|$)")
_RESPONSE = re.compile(rb'\bresponse\s{0,20}=\s{0,20}"?(?P<value>[^",\s]*)', re.IGNORECASE)
_USER_NAME = re.compile(rb'\busername\s{0,20}=\s{0,20}"(?P<value>[^"]*)"', re.IGNORECASE)
_PAIR = re.compile(rb"(?:^|[?&;#\s])(?P<name>[^=&;\s?#\"'<>/]{1,200})=(?P<value>[^&;\s#]+)")
_MEMBER = re.compile(
    rb'"(?P<name>(?:[^"\\\r\n]|\\[^\r\n]){1,200})"\s{0,20}:\s{0,20}"(?P<value>(?:[^"\\]|\\.)+)'
)
_PART = re.compile(
    rb"(?:^|[\r\n])Content-Disposition[ \t]*:(?P<head>[^\r\n]{0,2000})\r?\n"
    rb"(?:[^\r\n]{1,2000}\r?\n){0,10}?\r?\n(?P<value>[^\r\n]+)",
    re.IGNORECASE,
)
_PART_NAME = re.compile(rb'\bname="?(?P<name>[^"\r\n;]{1,200})', re.IGNORECASE)
_NUMBER = re.compile(
    rb'"(?P<name>(?:[^"\\\r\n]|\\[^\r\n]){1,200})"\s{0,20}:\s{0,20}(?P<value>-?[0-9][0-9.eE+-]{0,100})'
)
_ELEMENT = re.compile(rb"<(?P<name>[A-Za-z_][\w:.-]{0,60})(?:[ \t][^<>\r\n]{0,200})?>(?P<value>[^<\r\n]+)</")
_OWN_FIELD = re.compile(
    _BORDER + rb"X-[\w-]{0,40}?(?:Token|Key|Secret|Passw(?:or)?d)[\w-]{0,20}[ \t]*:[ \t]*(?P<value>[^\r\n]+)",
    re.IGNORECASE,
)
"""Fields that services have made for their own keys: X-Api-Key, X-Auth-Token, X-CSRFToken."""
_CHALLENGE = re.compile(
    _BORDER + rb"(?:WWW|Proxy)-Authenticate[ \t]*:[ \t]*(?:Negotiate|NTLM)[ \t]+(?P<value>[^\r\n,]+)",
    re.IGNORECASE,
)
_USERINFO = re.compile(rb"//[^\s/?#@:]{0,200}?(?::|%3A)(?P<value>[^\s/?#@]+)@", re.IGNORECASE)
_SURE = re.compile(
    r"pass(?:w(?:or)?d|phrase|code)?(?![a-z])|passw|pwd|secret|token"
    r"|mat[\W_]{0,3}khau|(?<![a-z])(?:mat[\W_]{0,3}ma|bi[\W_]{0,3}mat)(?![a-z])"
)
"""What a password's field is called, in English and in Vietnamese (without its signs: mật khẩu, mật mã, bí mật)."""
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
LIKELY = frozenset(
    {
        "auth", "authorization", "apikey", "accesskey", "privatekey", "key", "otp", "pin", "jwt", "session",
        "sessionid", "sess", "sid", "phpsessid", "jsessionid", "sig", "signature", "credential", "credentials",
    }
)  # fmt: skip
"""Words of a name whose value is likely to open something; ``code`` is one where it is the whole name (OAuth's)."""
LONG = 8
"""Bytes of the shortest cookie that is looked for where it is repeated; a counter's ``3`` stands everywhere."""

MOST = 200
"""Secrets of one line that are hidden each by itself."""
MASK = "***"
"""What stands for a secret in an address that is stored or shown; a browser leaves these signs as they are."""

Found = tuple[int, int, Said]


class Guard:
    """Fed the lines of one HTTP conversation in order, returns them without secrets."""

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._veil = Veil(fingerprint)
        self._secret_field = {"C": False, "S": False}
        self._cut_short = False
        self._told: frozenset[str] = frozenset()

    def expect(self, names: Iterable[str]) -> None:
        """Fields of a form that comes next are secret under these names, whatever they tell."""
        self._told |= {name.lower() for name in names}

    def feed(self, line: Line) -> Line:
        """Return ``line`` with its secret bytes taken out."""
        if line.kind == "event" or line.speaker == "-":
            return line
        asked = line.speaker == "C" or line.kind != "body"
        spans = self._continued(line) or list(_secrets(line.raw, self._told, likely=asked))
        if len(spans) > MOST:
            # A line made of secrets: it is hidden from the first to the last of them.
            first, last = min(start for start, _, _ in spans), max(end for _, end, _ in spans)
            spans = [(first, last, Said("response", secret=line.raw[first:last]))]
        for start, end, said in sorted(spans, key=lambda one: -one[0]):
            short = said.kind in ("cookie", "value") and end - start < LONG
            line = self._veil.cut(line, start, said, end, remember=not short)
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


def masked(url: str, names: Iterable[str] = ()) -> str:
    """``url`` as it may be stored and shown: what a guard would hide in it is ``***``."""
    raw = url.encode("utf-8", "surrogatepass")
    spans = _apart([*_userinfo(raw), *_pairs(raw, frozenset(name.lower() for name in names), True)])
    for start, end, _ in sorted(spans, reverse=True, key=lambda one: one[0]):
        raw = raw[:start] + MASK.encode() + raw[end:]
    return raw.decode("utf-8", "surrogatepass")


def telling(name: str) -> str:
    """``password`` where a field of this name holds a secret, ``value`` where it is likely to, else ""."""
    name = _unsigned(name)
    if _SURE.search(name.lower()):
        return "password"
    words = [word.lower() for word in _NAME_WORD.findall(name)]
    return "value" if LIKELY.intersection(words) or words == ["code"] else ""


def _unsigned(name: str) -> str:
    """``name`` without the signs of Vietnamese letters, however they are encoded (``\\u1ead`` in JSON too)."""
    if name.isascii() and "\\u" not in name:
        return name
    letters = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name).replace("đ", "d").replace("Đ", "D")
    return "".join(one for one in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(one))


def _secrets(raw: bytes, told: frozenset[str], *, likely: bool) -> Iterator[Found]:
    return _apart(_all(raw, told, likely))


def _apart(spans: Iterable[Found]) -> Iterator[Found]:
    taken: list[tuple[int, int]] = []  # in the order of their places
    for found in spans:
        start, end, _ = found
        at = bisect(taken, (start, start))
        near = taken[max(0, at - 1) : at + 1]
        if start < end and not any(start < last and first < end for first, last in near):
            taken.insert(at, (start, end))
            yield found


def _all(raw: bytes, told: frozenset[str], likely: bool) -> Iterator[Found]:
    for match in _SIGN_IN.finditer(raw):
        yield _sign_in(raw, match.start("value"), match.end("value"))
    for match in _COOKIE.finditer(raw):
        yield from _cookies(raw, match.start("value"), match.end("value"))
    for match in _SET_COOKIE.finditer(raw):
        yield from _cookies(raw, match.start("value"), match.end("value"))
    for pattern in (_OWN_FIELD, _CHALLENGE):
        for match in pattern.finditer(raw):
            yield _plain(match, "token")
    yield from _userinfo(raw)
    yield from _pairs(raw, told, likely)
    yield from _named(raw, told, likely)


def _named(raw: bytes, told: frozenset[str], likely: bool) -> Iterator[Found]:
    """What stands under a secret's name in JSON, in XML and in the parts of a form."""
    for pattern in (_MEMBER, _NUMBER, _ELEMENT):
        for match in pattern.finditer(raw):
            if kind := _kind(match["name"], told, False):
                yield _plain(match, kind)
    for match in _PART.finditer(raw):
        name = _PART_NAME.search(match["head"])
        if name and (kind := _kind(name["name"], told, likely)):
            yield _plain(match, kind)


def _userinfo(raw: bytes) -> Iterator[Found]:
    for match in _USERINFO.finditer(raw):
        yield _plain(match, "password")


def _pairs(raw: bytes, told: frozenset[str], likely: bool) -> Iterator[Found]:
    at = 0
    # From the end of each name on, not of each value: a value may hold the next separator's pair.
    while match := _PAIR.search(raw, at):
        at = match.end("name")
        if kind := _kind(match["name"].replace(b"+", b" "), told, likely):
            at = match.end()
            yield _plain(match, kind, unquote_to_bytes(match["value"].replace(b"+", b" ")))


def _kind(raw: bytes, told: frozenset[str], likely: bool) -> str:
    name = unquote_to_bytes(raw).decode("utf-8", "replace")
    kind = "password" if name.lower() in told else telling(name)
    return kind if likely or kind == "password" else ""


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

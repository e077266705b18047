"""What stands in a field's value: dates, lists by preference, ranges, validators, cookies, cache rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime

from protocols.http.commands import (
    cache_directives,
    codings,
    cookie_attributes,
    fields,
    methods,
    schemes,
)
from protocols.http.grammar import Field, pairs
from protocols.line import Hidden, Note

MOST = 12
"""Parts of one value that are told; a list of a thousand is no lesson."""

_RANGE = re.compile(r"(\d*)-(\d*)")
_CONTENT_RANGE = re.compile(r"(\w+)\s+(?:(\d+)-(\d+)|\*)/(\d+|\*)")
_ETAG = re.compile(r'(W/)?"([^"]*)"')


def of(field: Field, hidden: tuple[Hidden, ...] = ()) -> tuple[Note, ...]:
    """Return what there is to say of a field's value, in its order; nothing where it speaks for itself."""
    tell = _TELLERS.get(field.name.lower())
    found = list(tell(field.value, hidden)) if tell else []
    if field.spaced:
        found.insert(0, Note("http.field.spaced", {"name": field.name}))
    return tuple(found[:MOST])


def date(value: str, hidden: tuple[Hidden, ...] = ()) -> Iterator[Note]:
    """A date in the form of RFC 9110 section 5.6.7, or in one of the two old forms."""
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        yield Note("http.date.none", {"text": value[:80]})
        return
    key = "http.date" if value.rstrip().endswith("GMT") else "http.date.old"
    yield Note(key, {"date": at.strftime("%Y-%m-%d %H:%M:%S")})


def _media_type(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    kind, *rest = pairs(value) or [("", "")]
    yield Note("http.type", {"type": kind[0]}) if kind[0] else Note("http.type.none")
    for name, text in rest:
        key = f"http.type.{name.lower()}" if name.lower() in ("charset", "boundary") else "http.parameter"
        yield Note(key, {"name": name, "value": text[:80]})


def _wanted(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    """A list by preference: the weight ``q`` is from 0 to 1, 1 where none is said (RFC 9110 section 12.4.2)."""
    for part in value.split(",")[:MOST]:
        name, *rest = pairs(part) or [("", "")]
        weight = dict(rest).get("q", "")
        if not name[0]:
            continue
        if weight and re.fullmatch(r"0(?:\.0*)?", weight):
            yield Note("http.wanted.not", {"name": name[0]})
        elif weight:
            yield Note("http.wanted.weight", {"name": name[0], "weight": weight[:8]})
        else:
            yield Note("http.wanted", {"name": name[0]})


def _coding(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    for name in _names(value):
        if found := codings().get(name.lower()):
            yield Note(f"http.codings.{found.key}", {}, found.refs, badge=name)


def _connection(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    for name in _names(value):
        known = name.lower() in ("close", "keep-alive", "upgrade")
        yield Note(
            f"http.connection.{name.lower()}" if known else "http.connection", {"name": name}, badge=name
        )


def _length(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    if not re.fullmatch(r"[0-9]+", value):
        yield Note("http.length.none", {"text": value[:40]})


def _host(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    found = re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d+))?", value)
    if not value:
        yield Note("http.host.empty")
    elif found and found[2]:
        yield Note("http.host.port", {"host": found[1], "port": found[2]})


def _cache(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    for name, text in pairs(value, ","):
        if found := cache_directives().get(name.lower()):
            yield Note(
                f"http.cache_directives.{found.key}",
                {},
                found.refs,
                badge=f"{name}={text}" if text else name,
            )
        else:
            yield Note("http.parameter", {"name": name, "value": text or "-"})


def _cookies(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    for span in hidden:
        yield Note("http.cookie", {"name": span.user or "?", "size": span.length})


def _set_cookie(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    yield from _cookies(value, hidden)
    for name, text in pairs(value)[1:]:
        if found := cookie_attributes().get(name.lower()):
            badge = f"{found.key}={text}" if text else found.key
            yield Note(f"http.cookie_attributes.{found.key}", {}, found.refs, badge=badge)
        else:
            yield Note("http.parameter", {"name": name, "value": text or "-"})


def _sign_in(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    word = value.split(" ", 1)[0]
    if found := schemes().get(word.lower()):
        yield Note(f"http.schemes.{found.key}", {}, found.refs, badge=word)
    for span in hidden:
        key = "http.sign-in.user" if span.user else "http.sign-in"
        yield Note(key, {"user": span.user, "size": span.length})


def _challenge(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    word, _, rest = value.partition(" ")
    if found := schemes().get(word.lower()):
        yield Note(f"http.schemes.{found.key}", {}, found.refs, badge=word)
    for name, text in pairs(rest, ","):
        key = "http.realm" if name.lower() == "realm" else "http.parameter"
        yield Note(key, {"name": name, "value": text or "-"})


def _range(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    unit, _, ranges = value.partition("=")
    for part in ranges.split(",")[:MOST]:
        found = _RANGE.fullmatch(part.strip())
        if not found or not (found[1] or found[2]) or unit.strip().lower() != "bytes":
            yield Note("http.range.none", {"text": part.strip()[:40]})
        elif not found[1]:
            yield Note("http.range.last", {"count": found[2]})
        elif not found[2]:
            yield Note("http.range.from", {"first": found[1]})
        else:
            yield Note("http.range", {"first": found[1], "last": found[2]})


def _content_range(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    found = _CONTENT_RANGE.fullmatch(value)
    if not found:
        yield Note("http.range.none", {"text": value[:40]})
    elif found[2]:
        yield Note("http.range.part", {"first": found[2], "last": found[3], "total": found[4]})
    else:
        yield Note("http.range.total", {"total": found[4]})


def _etag(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    if value.strip() == "*":
        yield Note("http.etag.any")
    for weak, label in _ETAG.findall(value)[:MOST]:
        yield Note("http.etag.weak" if weak else "http.etag", {"label": label})


def _etag_or_date(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    yield from _etag(value, hidden) if '"' in value else date(value)


def _seconds_or_date(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    if re.fullmatch(r"[0-9]{1,9}", value):
        yield Note("http.seconds", {"seconds": value})
    else:
        yield from date(value)


def _expires(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    # "0" and "-1" are no dates; they mean "stale already" (RFC 9111 section 5.3).
    if re.fullmatch(r"-?[0-9]{1,9}", value):
        yield Note("http.expires.past")
    else:
        yield from date(value)


def _vary(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    for name in _names(value):
        if name == "*":
            yield Note("http.vary.any")
        elif found := fields().get(name.lower()):
            yield Note(f"http.headers.{found.key}", {}, found.refs, badge=name)


def _allow(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    for name in _names(value):
        if found := methods().get(name):
            yield Note(f"http.methods.{name}", {}, found.refs, badge=name)


def _expect(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    yield Note("http.expect.continue" if value.lower() == "100-continue" else "http.expect.other")


def _disposition(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    kind, *rest = pairs(value) or [("", "")]
    known = kind[0].lower() in ("attachment", "inline", "form-data")
    yield Note(f"http.disposition.{kind[0].lower()}" if known else "http.disposition", {"name": kind[0]})
    for name, text in rest:
        yield Note("http.parameter", {"name": name, "value": text[:80]})


def _parameters(value: str, hidden: tuple[Hidden, ...]) -> Iterator[Note]:
    for name, text in pairs(value, ","):
        yield Note("http.parameter", {"name": name, "value": text or "-"})


def _names(value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()][:MOST]


Teller = Callable[[str, tuple[Hidden, ...]], Iterator[Note]]
_TELLERS: dict[str, Teller] = {
    "host": _host,
    "content-type": _media_type,
    "content-length": _length,
    "transfer-encoding": _coding,
    "content-encoding": _coding,
    "connection": _connection,
    "keep-alive": _parameters,
    "accept": _wanted,
    "accept-language": _wanted,
    "accept-encoding": _wanted,
    "accept-charset": _wanted,
    "date": date,
    "last-modified": date,
    "if-modified-since": date,
    "if-unmodified-since": date,
    "if-range": _etag_or_date,
    "expires": _expires,
    "retry-after": _seconds_or_date,
    "age": _seconds_or_date,
    "cache-control": _cache,
    "pragma": _cache,
    "cookie": _cookies,
    "set-cookie": _set_cookie,
    "authorization": _sign_in,
    "proxy-authorization": _sign_in,
    "www-authenticate": _challenge,
    "proxy-authenticate": _challenge,
    "range": _range,
    "content-range": _content_range,
    "etag": _etag,
    "if-match": _etag,
    "if-none-match": _etag,
    "vary": _vary,
    "allow": _allow,
    "expect": _expect,
    "content-disposition": _disposition,
}

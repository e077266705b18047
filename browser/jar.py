"""The cookie jar (RFC 6265 section 5): what an answer asks to remember, and what goes along with a request."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.utils import timezone

from accounts.models import User
from browser.models import Cookie
from protocols.url import whatwg

MOST, SIZE = 100, 4096
"""Cookies of one person, and bytes of one; browsers keep no more of a site either."""
PATH = 1024
"""Signs of a path; a longer Path attribute is none (RFC 6265bis section 5.6)."""
LONGEST = timedelta(days=400)
"""For which a cookie is kept, whatever it asks for (RFC 6265bis section 5.5)."""
GONE = datetime(1970, 1, 1, tzinfo=UTC)
_ODD = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def remember(person: User, url: str, lines: list[str]) -> None:
    """Take the values of an answer's Set-Cookie fields into the jar."""
    seen = whatwg.read(url)
    if seen is None:
        return
    for line in lines[:50]:
        _remember(person, seen, line)
    old = Cookie.objects.filter(person=person).order_by("-made").values_list("pk", flat=True)[MOST:]
    Cookie.objects.filter(pk__in=list(old)).delete()


def going(person: User, url: str) -> list[Cookie]:
    """The cookies that go along to ``url``: longer paths first, then older ones (5.4)."""
    seen = whatwg.read(url)
    if seen is None:
        return []
    Cookie.objects.filter(person=person, expires__lte=timezone.now()).delete()
    rows = [row for row in Cookie.objects.filter(person=person) if _goes(row, seen)]
    return sorted(rows, key=lambda row: (-len(row.path), row.made))


def field(cookies: list[Cookie]) -> str:
    """The value of the Cookie field."""
    return "; ".join(f"{one.name}={one.value}" if one.name else one.value for one in cookies)


def _remember(person: User, seen: whatwg.Browser, line: str) -> None:
    if len(line) > SIZE or _ODD.search(line):
        return
    pair, *rest = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    told = dict(_attribute(part) for part in reversed(rest))
    domain = told.get("domain", "").strip().lower().removeprefix(".")
    if domain and not _inside(seen.hostname, domain):
        return
    safe = seen.protocol == "https:"
    if ("secure" in told and not safe) or not (name.strip() or value.strip()):
        return
    if not _prefixed(name.strip().lower(), told) or not (safe or _free(person, seen, name.strip()[:256])):
        return
    path = told.get("path", "")
    where = {
        "person": person,
        "domain": domain or seen.hostname,
        "path": path if path.startswith("/") and len(path) <= PATH else _default_path(seen.pathname),
        "name": name.strip()[:256],
    }
    expires = _expires(told)
    if expires and expires <= timezone.now():
        Cookie.objects.filter(**where).delete()
        return
    row = Cookie.objects.filter(**where).first() or Cookie(**where)
    row.value, row.expires, row.host_only = value.strip(), expires, not domain
    row.secure, row.http_only = "secure" in told, "httponly" in told
    row.same_site = told.get("samesite", "").strip().capitalize()[:6]
    row.save()


def _attribute(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip().lower(), value.strip()


def _prefixed(name: str, told: dict[str, str]) -> bool:
    """Whether a name that promises something may (RFC 6265bis section 4.1.3)."""
    if name.startswith("__host-"):
        return "secure" in told and told.get("path") == "/" and not told.get("domain")
    return "secure" in told or not name.startswith("__secure-")


def _free(person: User, seen: whatwg.Browser, name: str) -> bool:
    """Whether no secure cookie of this name is there: a plain connection changes none (RFC 6265bis section 5.7)."""
    rows = Cookie.objects.filter(person=person, name=name, secure=True)
    return not any(_inside(seen.hostname, row.domain) or _inside(row.domain, seen.hostname) for row in rows)


def _expires(told: dict[str, str]) -> datetime | None:
    """Max-Age wins over Expires (5.3)."""
    if re.fullmatch(r"-?[0-9]{1,10}", told.get("max-age", "")):
        seconds = min(int(told["max-age"]), int(LONGEST.total_seconds()))
        return timezone.now() + timedelta(seconds=seconds) if seconds > 0 else GONE
    try:
        at = parsedate_to_datetime(told["expires"])
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None
    # The last hours of the year 9999 in a zone west of here are no time that could be kept as one of ours.
    return min(at if at.tzinfo else at.replace(tzinfo=UTC), timezone.now() + LONGEST)


def _goes(row: Cookie, seen: whatwg.Browser) -> bool:
    if seen.hostname != row.domain and (row.host_only or not _inside(seen.hostname, row.domain)):
        return False
    if row.secure and seen.protocol != "https:":
        return False
    below = row.path if row.path.endswith("/") else f"{row.path}/"
    return seen.pathname == row.path or seen.pathname.startswith(below)


def _inside(host: str, domain: str) -> bool:
    """Domain-match (5.1.3): the host itself, or under it; nothing is under an address or a name without a dot."""
    if host == domain:
        return True
    return host.endswith(f".{domain}") and "." in domain and not re.fullmatch(r"[0-9.]+|\[.*\]", host)


def _default_path(path: str) -> str:
    return path[: PATH + 1].rpartition("/")[0] or "/"

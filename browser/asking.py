"""A visit in motion: which request is next, what goes along with it, and what of its answer is kept."""

from __future__ import annotations

import time

from browser import cache, jar, signing, storage
from browser.client import PORTS, Wires
from browser.live import tell
from browser.models import Cookie, Exchange, Fields, Visit, Window
from browser.page import parts_of, printable, title_of
from browser.unpacking import unpacked
from protocols.errors import Refused, WireError
from protocols.http.client import Answer, Request
from protocols.url import whatwg

STEPS, PARTS = 10, 20
"""Redirects that are followed by themselves, and pictures and styles of one page that are fetched."""
REDIRECTS = (301, 302, 303, 307, 308)
AGENT = "netlab (the lab's browser)"
HISTORY = 200
"""Visits that are kept of one person."""
BODILY = ("content-length", "content-type", "expect")


def usual_fields(url: str, method: str, version: str, language: str = "en") -> Fields:
    """The fields that the lab's browser says by itself, in the order in which it says them."""
    seen = whatwg.read(url)
    fields: Fields = [("Host", seen.host)] if seen else []
    fields += [
        ("User-Agent", AGENT),
        ("Accept", "text/html, image/*;q=0.9, */*;q=0.8"),
        ("Accept-Language", "vi, en;q=0.7" if language.startswith("vi") else "en, vi;q=0.7"),
    ]
    return [*fields, ("Connection", "keep-alive" if version == "1.1" else "close")]


def run(exchange: Exchange, wires: Wires) -> None:
    """Ask ``exchange`` and, where the visit follows redirects, the ones after it; then a page's pictures."""
    steps = 0
    while True:
        _ask(exchange, wires)
        after = redirected(exchange)
        if after is None:
            break
        steps += 1
        after.state = Exchange.State.WAITING
        if not exchange.visit.follow or steps >= STEPS or asked_before(after):
            after.state = Exchange.State.PAUSED
        after.save()
        if after.state == Exchange.State.PAUSED:
            break
        tell(exchange.visit.person_id, exchange.visit_id)
        exchange = after
    if exchange.state == Exchange.State.DONE and exchange.code not in REDIRECTS:
        tell(exchange.visit.person_id, exchange.visit_id)
        _parts(exchange, wires)


SIGNING = ("authorization", "proxy-authorization")
CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range")


def asked_before(after: Exchange) -> bool:
    """Whether the visit has asked this very address: it goes round in a circle."""
    rows = after.visit.exchanges.filter(url=after.url, method=after.method).exclude(pk=after.pk)
    return any(row.whole == after.whole for row in rows)


def redirected(exchange: Exchange) -> Exchange | None:
    """The request that a redirect asks for (RFC 9110 section 15.4), not saved yet; None where there is none."""
    location = exchange.value("location")
    if exchange.state != Exchange.State.DONE or exchange.code not in REDIRECTS or not location:
        return None
    # A name and a password in it are not said to whom a server chose.
    seen = whatwg.read(signing.taken_out(location)[0], exchange.whole)
    if seen is None or seen.protocol not in PORTS:
        return None
    asked, method = exchange.asked, exchange.method
    if (exchange.code == 303 and method != "HEAD") or (exchange.code in (301, 302) and method == "POST"):
        method, asked["body"] = "GET", b""
    same = whatwg.read(exchange.url)
    keep_secrets = same is not None and same.origin == seen.origin
    fields = []
    for name, value in asked["fields"]:
        low = name.lower()
        # What was asked of a copy of the first address says nothing of the second.
        if low in ("cookie", "host", *CONDITIONS, *(() if keep_secrets else SIGNING)):
            continue
        if low in BODILY and not asked["body"]:
            continue
        fields.append((name, value))
    if any(name.lower() == "host" for name, _ in asked["fields"]):
        fields.insert(0, ("Host", seen.host))
    after = Exchange(visit=exchange.visit, kind=Exchange.Kind.REDIRECT, method=method, url=seen.href)
    after.version = exchange.version
    after.ask(fields, asked["body"], own=asked["own"], secret=asked["secret"])
    return after


def trouble(error: WireError) -> dict:
    """An error as a row keeps it: the key of its sentence, its parameters, the server's words."""
    words = error.text if isinstance(error, Refused) else ""
    return {"key": error.key, "params": error.params, "words": words, "text": str(error)}


def begin(window: Window, visit: Visit, exchange: Exchange) -> None:
    """Store a visit and its first request, and let the window show it; what lay ahead is forgotten."""
    visit.save()
    exchange.visit = visit
    exchange.save()
    window.trail = [*window.trail[: window.at + 1], visit.pk][-50:]
    window.at = len(window.trail) - 1
    window.save()
    old = Visit.objects.filter(person=visit.person).order_by("-pk").values_list("pk", flat=True)[HISTORY:]
    forget(list(old))


def forget(visits: list[int]) -> None:
    """Delete visits and the bodies they keep."""
    rows = Exchange.objects.filter(visit__in=visits)
    storage.drop(list(rows.exclude(content="").values_list("content", flat=True)))
    Visit.objects.filter(pk__in=visits).delete()


def _ask(exchange: Exchange, wires: Wires) -> None:
    visit, began = exchange.visit, time.monotonic()
    copy = cache.copy_of(exchange) if visit.caching and visit.how != Visit.How.HARD else None
    if copy and copy.fresh and visit.how == Visit.How.OPEN:
        _reuse(exchange, copy.exchange)
        return
    asked, url = exchange.asked, exchange.whole
    fields = _complete(exchange, asked["fields"], copy)
    exchange.ask(fields, asked["body"], own=asked["own"])
    seen = whatwg.read(url)
    target = (seen.pathname + seen.search) if seen else "/"
    try:
        request = Request(
            exchange.method, target, tuple(fields), asked["body"], exchange.version, asked["secret"]
        )
        answer = wires.ask(url, request)
    except WireError as error:
        exchange.state, exchange.trouble = Exchange.State.FAILED, trouble(error)
        if error.params.get("cause") == "not-listed":
            signing.forget(visit.person, url)
        said = error.params.get("cause") not in ("not-listed", "visit")
        exchange.transcript = wires.transcript if said else None
    else:
        _store(exchange, answer)
        exchange.transcript = wires.transcript
        if answer.code == 304 and copy:
            _show_copy(exchange, copy.exchange)
    exchange.milliseconds = int((time.monotonic() - began) * 1000)
    exchange.save()


def _complete(exchange: Exchange, fields: Fields, copy: cache.Copy | None) -> Fields:
    """Add what goes along by itself: conditions, cookies, a sign-in; never over what a person wrote."""
    visit = exchange.visit
    said = {name.lower() for name, _ in fields}
    more: Fields = []
    if copy:
        more += copy.conditions
    if visit.how == Visit.How.HARD:
        more.append(("Cache-Control", "no-cache"))
    if visit.cookies:
        cookies: list[Cookie] = jar.going(visit.person, exchange.url)
        more += [("Cookie", jar.field(cookies))] if cookies else []
        more += signing.going(visit.person, exchange.url)
    return [*fields, *(one for one in more if one[0].lower() not in said)]


def _store(exchange: Exchange, answer: Answer) -> None:
    exchange.code, exchange.reason = answer.code, printable(answer.reason)[:200]
    exchange.spoken = answer.version[:3]
    exchange.said = list(answer.fields)
    exchange.size = len(answer.body)
    body, broken = unpacked(answer)
    exchange.content = storage.keep(exchange.visit.person_id, body)
    error = answer.trouble or broken
    exchange.trouble = trouble(error) if error else {}
    exchange.state = Exchange.State.DONE
    if exchange.visit.cookies:
        jar.remember(exchange.visit.person, exchange.url, answer.values("set-cookie"))
    _title(exchange)


def _title(exchange: Exchange) -> None:
    if exchange.kind in (Exchange.Kind.PAGE, Exchange.Kind.REDIRECT):
        kind, raw = exchange.value("content-type"), storage.read(exchange.content)
        exchange.visit.title = title_of(kind, raw)[:300]
        exchange.visit.save(update_fields=["title"])


def _reuse(exchange: Exchange, copy: Exchange) -> None:
    """A fresh copy is shown without a word to the server."""
    exchange.kept = True
    exchange.state, exchange.code, exchange.reason = Exchange.State.DONE, copy.code, copy.reason
    exchange.spoken, exchange.said, exchange.size = copy.spoken, copy.said, copy.size
    _show_copy(exchange, copy)
    exchange.save()


def _show_copy(exchange: Exchange, copy: Exchange) -> None:
    exchange.content = storage.keep(exchange.visit.person_id, storage.read(copy.content))
    if not exchange.value("content-type"):
        exchange.said = [*exchange.said, ("Content-Type", copy.value("content-type"))]
    exchange.kept = True
    _title(exchange)


def _parts(exchange: Exchange, wires: Wires) -> None:
    """Fetch the pictures and styles that a page names, on the same connection where that may be."""
    kind = exchange.value("content-type").lower()
    if not kind.startswith("text/html"):
        return
    known = set(exchange.visit.exchanges.values_list("url", flat=True))
    wanted = [
        part for part in parts_of(kind, storage.read(exchange.content), exchange.url) if part[1] not in known
    ]
    for what, url in wanted[:PARTS]:
        if not url.startswith(tuple(f"{scheme}//" for scheme in PORTS)):
            continue
        part = Exchange(visit=exchange.visit, kind=what, url=url, version=exchange.version)
        fields = usual_fields(url, "GET", exchange.version)
        part.ask([*fields, ("Referer", exchange.whole.partition("#")[0])], secret=exchange.asked["secret"])
        part.save()
        _ask(part, wires)

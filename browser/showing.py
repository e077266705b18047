"""What the room's templates are given: the window, the visit that is shown, one of its requests, and a pane."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from browser import explained, jar, signing, storage, where
from browser.asking import REDIRECTS, STEPS, asked_before, usual_fields
from browser.models import Cookie, Exchange, SignIn, Visit, Window
from browser.page import SHOWN, decoded, hexdump, printable
from protocols import catalog
from protocols.http.commands import methods
from protocols.http.grammar import pairs
from protocols.http.guard import masked
from protocols.url import whatwg
from protocols.url.dissect import dissect

PANES = ("page", "headers", "source", "request", "cookies", "history")
LOST = timedelta(seconds=150)
"""After which a request that nobody answered for is told to have failed: its worker is gone."""


def window_of(request: HttpRequest) -> Window:
    """The person's window, made at first use."""
    return Window.objects.get_or_create(person=request.user)[0]


def language() -> str:
    """``en`` or ``vi``."""
    return (get_language() or "en")[:2]


def context(request: HttpRequest, window: Window, **more: Any) -> dict[str, Any]:
    """Everything that the page and the visit's part show."""
    visit = Visit.objects.filter(person=request.user, pk=window.current).first()
    asked = request.GET if request.method == "GET" else request.POST
    pane = asked.get("show", "page")
    values: dict[str, Any] = {
        "window": window,
        "visit": visit,
        "pane": pane if pane in PANES else "page",
        "panes": [(name, _PANES[name]()) for name in PANES],
        "home": where.home(),
        "exchange": None,
    }
    if visit is not None:
        _forget_lost(visit)
        values["signed"] = request.session.get("web_signed") == visit.pk and signing.going(
            request.user, visit.url
        )
        rows = list(visit.exchanges.all())
        number = asked.get("exchange", "")
        values["steps"] = [row for row in rows if row.kind in (Exchange.Kind.PAGE, Exchange.Kind.REDIRECT)]
        values["parts"] = [row for row in rows if row not in values["steps"]]
        chosen = next((row for row in rows if str(row.pk) == number), None)
        asked_rows = [row for row in values["steps"] if row.state != Exchange.State.PAUSED]
        values["exchange"] = chosen or (asked_rows[-1] if asked_rows else rows[0] if rows else None)
        values["busy"] = any(row.state in (Exchange.State.WAITING, Exchange.State.ASKING) for row in rows)
        values["paused"] = next((row for row in values["steps"] if row.state == Exchange.State.PAUSED), None)
        values |= _redirects(visit, values)
    values["address"] = values["exchange"].url if values["exchange"] else ""
    values |= _pane(request, values)
    return values | more


def pieces(text: str) -> dict[str, Any]:
    """An address taken apart, each piece explained, and where it belongs."""
    belongs = where.place(text)
    found = dissect(where.completed(text.strip()))
    rows = [
        {
            "name": piece.name,
            "label": _NAMES[piece.name](),
            "text": "••••" if piece.secret else piece.value,
            "given": piece.given,
            "notes": [catalog.say(note, language()) for note in piece.notes],
        }
        for piece in found.pieces
    ]
    told = [catalog.say(note, language()) for note in found.notes]
    if text.strip() and where.completed(text.strip()) != text.strip():
        told.insert(0, _("No scheme was typed, so it is taken for a web address."))
    browser = found.browser.href if found.browser and found.browser.href != found.text else ""
    return {"pieces": rows, "told": told, "place": belongs, "browser": browser, "typed": text}


def said(trouble: dict[str, Any]) -> str:
    """What a stored trouble means and what to do, in the active language."""
    try:
        return catalog.phrase(trouble["key"], trouble.get("params", {}), language())
    except KeyError:
        return str(trouble.get("text", ""))


def _redirects(visit: Visit, values: dict[str, Any]) -> dict[str, Any]:
    """Why a redirect waits although redirects are followed, and where one leads that is no web page."""
    paused, last = values["paused"], values["steps"][-1] if values["steps"] else None
    if paused and visit.follow:
        return {"why": "loop" if asked_before(paused) else "many", "followed": STEPS}
    location = printable(last.value("location")) if last and last.code in REDIRECTS else ""
    if last is None or not location or last.state != Exchange.State.DONE:
        return {}
    seen = whatwg.read(location, last.url)
    if seen and seen.protocol in ("http:", "https:"):
        return {}
    return {"astray": where.place(location, last.url), "astray_to": masked(location)}


def _pane(request: HttpRequest, values: dict[str, Any]) -> dict[str, Any]:
    pane, exchange = values["pane"], values["exchange"]
    if exchange is not None and exchange.trouble:
        values["trouble"] = said(exchange.trouble)
    if exchange is not None:
        values["challenge"] = _challenge(exchange)
        values["media"] = (pairs(exchange.value("content-type")) or [("", "")])[0][0].lower()
    if pane == "headers" and exchange is not None:
        return {"lines": explained.lines(exchange)}
    if pane == "source" and exchange is not None:
        return _source(exchange)
    if pane == "request":
        return _builder(values)
    if pane == "cookies":
        person = request.user
        going = {row.pk for row in jar.going(person, exchange.url)} if exchange else set()
        rows = Cookie.objects.filter(person=person)
        return {"jar": rows, "going": going, "sign_ins": SignIn.objects.filter(person=person)}
    if pane == "history":
        return {"visits": Visit.objects.filter(person=request.user).order_by("-pk")[:100]}
    return {}


def _source(exchange: Exchange) -> dict[str, Any]:
    raw = storage.read(exchange.content)
    kind = exchange.value("content-type").lower()
    textual = kind.startswith(("text/", "message/", "multipart/")) or "xml" in kind or "json" in kind
    text = decoded(kind, raw[:SHOWN]) if textual or not kind else hexdump(raw[:4096])
    rows = text.split("\n")[:5000]
    return {"source": rows, "source_cut": len(raw) > (SHOWN if textual else 4096) or len(rows) == 5000}


def _builder(values: dict[str, Any]) -> dict[str, Any]:
    exchange, window = values["exchange"], values["window"]
    if "form" in values:
        return {}
    url = exchange.url if exchange else values["home"]
    fields = exchange.asked["fields"] if exchange else usual_fields(url, "GET", window.version, language())
    # What goes along by itself is added anew; a copy of it would be sent although the jar has changed.
    by_itself = ("cookie", "authorization", "if-none-match", "if-modified-since", "cache-control")
    own = bool(exchange and exchange.asked["own"])
    kept = [one for one in fields if own or one[0].lower() not in by_itself]
    body = exchange.asked["body"] if exchange else b""
    return {
        "methods": list(methods()),
        "built": {
            "url": url,
            "method": exchange.method if exchange else "GET",
            "version": window.version,
            "fields": "\n".join(f"{name}: {value}" for name, value in kept),
            "body": body.decode("utf-8", "replace"),
        },
    }


def _challenge(exchange: Exchange) -> str:
    """The realm of a 401 that asks for Basic; "" for anything else."""
    scheme, _space, rest = exchange.value("www-authenticate").partition(" ")
    if exchange.code != 401 or scheme.lower() != "basic":
        return ""
    return dict(pairs(rest, ",")).get("realm", "") or "?"


def _forget_lost(visit: Visit) -> None:
    if visit.made < timezone.now() - LOST:
        lost = visit.exchanges.filter(state__in=(Exchange.State.ASKING, Exchange.State.WAITING))
        lost.update(state=Exchange.State.FAILED, trouble={"key": "error.wire", "params": {}, "words": ""})


_PANES = {
    "page": lambda: _("Page"),
    "headers": lambda: _("Headers"),
    "source": lambda: _("Source"),
    "request": lambda: _("Request"),
    "cookies": lambda: _("Cookies"),
    "history": lambda: pgettext("pages visited", "History"),
}
_NAMES = {
    "scheme": lambda: _("scheme"),
    "user": lambda: _("user"),
    "password": lambda: _("password"),
    "host": lambda: _("host"),
    "port": lambda: _("port"),
    "path": lambda: _("path"),
    "file": lambda: _("file name"),
    "query": lambda: pgettext("part of an address", "query"),
    "fragment": lambda: _("fragment"),
}

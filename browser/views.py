"""Asking: an address, a form of a page, a step back or forward, a redirect to follow. A task talks to the server."""

from __future__ import annotations

import re

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from browser import filled, showing, signing, tasks, where
from browser.asking import begin, usual_fields
from browser.forms import OpenForm
from browser.models import Exchange, Fields, Visit, Window
from protocols.http.guard import MASK, masked
from protocols.url import whatwg


def tab_of(request: HttpRequest) -> str:
    """The browser tab that asks, as htmx or the room's script tells it; empty if it is no tab's id."""
    tab = request.headers.get("X-Tab") or request.POST.get("tab", "")
    return tab if re.fullmatch("[0-9a-f]{8,32}", tab) else ""


@login_required
@require_safe
def web(request: HttpRequest) -> HttpResponse:
    """The room. ``?url=`` opens an address, as a link from another room does."""
    window = showing.window_of(request)
    asked = request.GET.get("url", "")[:8000]
    values = showing.context(request, window)
    values["opening"] = asked
    values |= showing.pieces(values["opening"] or values["address"])
    return render(request, "browser/web.html", values)


@login_required
@require_POST
def open_(request: HttpRequest) -> HttpResponse:
    """Open an address, or say a request that was built by hand."""
    window, form = showing.window_of(request), OpenForm(request.POST)
    if not form.is_valid():
        # Typed by hand into the builder: shown again as it was, with what is wrong.
        return _answer(request, window, form=form, built=_typed(request), status=422)
    wanted = form.cleaned_data
    belongs = where.place(wanted["url"])
    if belongs.kind == "room" and not wanted["built"]:
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = belongs.href
        return answer
    if belongs.kind != "here":
        return _answer(request, window, elsewhere=belongs, address=masked(wanted["url"]))
    if wanted["built"]:
        url, *_who = signing.taken_out(_meant(request, wanted["url"], belongs.url))
        exchange = Exchange(method=wanted["method"], url=url, version=wanted["version"] or "1.1")
        # The lines of a body end in CR LF, as a text area sends them: parts and chunks are nothing without.
        body = re.sub("\r\n?|\n", "\r\n", wanted["body"]).encode()
        exchange.ask(wanted["fields_text"], body, own=True)
        return _start(request, window, exchange)
    url, user, password = signing.taken_out(_meant(request, wanted["url"], belongs.url))
    if user:
        signing.remember(request.user, url, user, password)
    return _start(request, window, _simple(window, url), signed=bool(user))


@login_required
@require_POST
def fill(request: HttpRequest) -> HttpResponse:
    """Send a form that was filled in on a page of the frame."""
    window = showing.window_of(request)
    try:
        form = filled.read(request.POST, request.FILES)
    except filled.TooLarge as error:
        text = _("“%(name)s” is too large: a file may have 1 MB here.") % {"name": error}
        return _answer(request, window, refused=text, status=422)
    except (ValueError, KeyError, TypeError):
        return _answer(request, window, refused=_("This form leads nowhere."), status=422)
    belongs = where.place(form.url)
    if belongs.kind != "here":
        return _answer(request, window, elsewhere=belongs, address=masked(form.url, form.secret))
    exchange = _simple(window, form.url)
    exchange.method = form.method
    fields: Fields = exchange.asked["fields"]
    if form.method == "POST":
        fields += [("Content-Type", form.kind), ("Content-Length", str(len(form.body)))]
    exchange.ask(fields, form.body, secret=form.secret)
    return _start(request, window, exchange)


@login_required
@require_POST
def go(request: HttpRequest) -> HttpResponse:
    """Back, forward, home, to a place of the history, or the same once more."""
    window, verb = showing.window_of(request), request.POST.get("verb", "")
    if verb in ("back", "forward"):
        _step(window, -1 if verb == "back" else 1)
        return _answer(request, window)
    if verb == "home":
        return _start(request, window, _simple(window, where.home()))
    visit = Visit.objects.filter(person=request.user, pk=window.current).first()
    first = visit.exchanges.first() if visit else None
    if first is None:
        return _answer(request, window)
    again = Exchange(method=first.method, url=first.whole, version=window.version)
    asked = first.asked
    own = asked["own"]
    fields = asked["fields"] if own or asked["body"] else _simple(window, first.whole).asked["fields"]
    again.version = first.version if own else window.version
    again.ask(fields, asked["body"], own=own, secret=asked["secret"])
    how = Visit.How.HARD if verb == "hard" else Visit.How.RELOAD
    return _start(request, window, again, how)


@login_required
@require_POST
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a redirect that waits; ``all`` follows the ones after it too."""
    window = showing.window_of(request)
    exchange = get_object_or_404(Exchange.objects.select_related("visit"), pk=pk, visit__person=request.user)
    if exchange.state == Exchange.State.PAUSED:
        Visit.objects.filter(pk=exchange.visit_id).update(
            follow=bool(request.POST.get("all")), tab=tab_of(request)
        )
        Exchange.objects.filter(pk=pk, state=Exchange.State.PAUSED).update(state=Exchange.State.WAITING)
        tasks.fetch.delay(pk)
    return _answer(request, window)


@login_required
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Stop waiting: the task sees it in the visit's row and cuts its connection; what came is shown."""
    window = showing.window_of(request)
    visits = Visit.objects.filter(person=request.user, pk=window.current)
    if visits.update(stopped=True):
        busy = (Exchange.State.WAITING, Exchange.State.ASKING)
        trouble = {"key": "error.unreachable.cancelled", "params": {}, "words": ""}
        rows = Exchange.objects.filter(visit=window.current, state__in=busy)
        rows.update(state=Exchange.State.FAILED, trouble=trouble)
    return _answer(request, window)


def _step(window: Window, step: int) -> None:
    """Move along the trail. In one transaction, for presses may come faster than they are answered."""
    with transaction.atomic():
        row = Window.objects.select_for_update().get(pk=window.pk)
        row.at = max(0, min(len(row.trail) - 1, row.at + step))
        row.save(update_fields=["at"])


def _meant(request: HttpRequest, typed: str, url: str) -> str:
    """The address that a person means: one that is shown with ``***`` in it is the one that was asked then."""
    if MASK not in typed:
        return url
    rows = Exchange.objects.filter(visit__person=request.user, url__in=(typed.strip(), url)).order_by("-pk")
    row = rows.first()
    return row.whole if row else url


def _simple(window: Window, url: str) -> Exchange:
    """A GET with the fields that the lab's browser says by itself."""
    exchange = Exchange(method="GET", url=url, version=window.version)
    exchange.ask(usual_fields(url, "GET", window.version, showing.language()))
    return exchange


def _start(
    request: HttpRequest,
    window: Window,
    exchange: Exchange,
    how: str = Visit.How.OPEN,
    *,
    signed: bool = False,
) -> HttpResponse:
    if whatwg.read(exchange.url) is None:
        return _answer(request, window, refused=_("There is no web server here yet."), status=422)
    visit = Visit(
        person=request.user,
        url=exchange.url,
        how=how,
        follow=window.follow,
        caching=window.caching and not exchange.asked["own"],
        cookies=window.cookies or signed,
        tab=tab_of(request),
    )
    begin(window, visit, exchange)
    if signed:
        # Told as long as this visit is shown: its part of the page is fetched anew when the answer comes.
        request.session["web_signed"] = visit.pk
    tasks.fetch.delay(exchange.pk)
    return _answer(request, window)


def _answer(request: HttpRequest, window: Window, *, status: int = 200, **more) -> HttpResponse:
    if window.pk:
        window.refresh_from_db()
    if "form" in more:
        request.POST = request.POST.copy()
        request.POST["show"] = "request"
    values = showing.context(request, window, **more)
    values |= showing.pieces(more.get("address") or values["address"])
    answer = render(request, "browser/_answer.html", values, status=200 if request.htmx else status)
    answer["HX-Trigger-After-Swap"] = "web-shown"
    return answer


def _typed(request: HttpRequest) -> dict[str, str]:
    """What stood in the builder, to be shown again."""
    names = {"url": "url", "method": "method", "version": "version", "fields": "fields_text", "body": "body"}
    return {name: request.POST.get(field, "") for name, field in names.items()}

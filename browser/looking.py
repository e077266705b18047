"""Looking: the visit's part, the frame with a page, a download, an address taken apart. Nothing is asked here."""

from __future__ import annotations

import secrets

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from browser import showing, storage
from browser.models import Exchange
from browser.page import shown
from protocols.url.dissect import dissect

POLICY = (
    "default-src 'none'; img-src data:; style-src 'nonce-{nonce}' {style}; script-src {script}; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-forms"
)
"""The only script is the room's own (it tells the room which link or form was used); nothing is loaded."""


@login_required
@require_safe
def visit(request: HttpRequest) -> HttpResponse:
    """The visit that is shown, in the pane that is asked for."""
    return render(request, "browser/_visit.html", showing.context(request, showing.window_of(request)))


@login_required
@require_safe
def pieces(request: HttpRequest) -> HttpResponse:
    """An address taken apart, as it is typed."""
    return render(request, "browser/_pieces.html", showing.pieces(request.GET.get("url", "")[:8000]))


@login_required
@require_safe
@xframe_options_sameorigin
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """An answer's body for the sandboxed frame alone, under a policy of its own."""
    exchange = _exchange(request, pk)
    rows = exchange.visit.exchanges.filter(state=Exchange.State.DONE, code__in=(200, 304)).exclude(content="")
    parts = {row.url: row for row in rows if row.kind in (Exchange.Kind.PICTURE, Exchange.Kind.STYLE)}
    fetched = {url: (row.value("content-type"), storage.read(row.content)) for url, row in parts.items()}
    content = shown(exchange.value("content-type"), storage.read(exchange.content), exchange.url, fetched)
    nonce, style, script = secrets.token_urlsafe(16), static("browser/frame.css"), static("browser/frame.js")
    values = {"shown": content, "nonce": nonce, "style": style, "script": script}
    answer = render(request, "browser/page.html", values)
    # django-csp leaves a policy alone that stands there already.
    answer["Content-Security-Policy"] = POLICY.format(
        nonce=nonce, style=request.build_absolute_uri(style), script=request.build_absolute_uri(script)
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@login_required
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """An answer's body as a file; never as a page of our own site."""
    exchange = _exchange(request, pk)
    answer = HttpResponse(storage.read(exchange.content), content_type="application/octet-stream")
    name = dissect(exchange.url).value("file") or "page.html"
    answer["Content-Disposition"] = content_disposition_header(True, name.replace("\n", " ")[:150])
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _exchange(request: HttpRequest, pk: int) -> Exchange:
    rows = Exchange.objects.select_related("visit")
    return get_object_or_404(rows, pk=pk, visit__person=request.user)

"""Views that let files pass: each issues a one-time ticket for ``transfers``, for this person and this session."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from protocols.ftp import names
from webftp import forms, listing, tickets, wording
from webftp.models import Folder, Ticket, key_of
from webftp.views import path_in, site_of, tab_of, toast

URL = "/files/transfer/"
MOST = 1000


@login_required
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead on to the file, or to a ZIP of several; a program of one's own may follow with a Range."""
    ticket, key = _leaving(request, pk, request.GET)
    if ticket is None:
        return HttpResponse(status=404)
    return HttpResponseRedirect(f"{URL}{key}")


@login_required
@require_POST
def fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """As ``download``, for the page's own queue: the address and the number to follow it by."""
    ticket, key = _leaving(request, pk, request.POST)
    if ticket is None:
        changed = _("The folder has changed meanwhile: choose again.")
        words = changed if "whole" in request.POST else _("Choose a file or folder first.")
        return JsonResponse({"text": words}, status=422)
    return JsonResponse({"url": f"{URL}{key}", "id": ticket.pk})


@login_required
@require_POST
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """A ticket for one file of a queue; none where something has its name and may not be replaced."""
    site = site_of(request, pk)
    try:
        told = json.loads(request.body)
        path, name, replace = path_in(told), str(told["name"]), bool(told.get("replace"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return JsonResponse({"text": _("That is no upload.")}, status=400)
    parts = name.split("/")
    if not all(map(names.plain, parts)) or len(name) > 4096:
        words = _("“%(name)s” is no name for a file: it cannot be “..” or hold a line break.") % {
            "name": name
        }
        return JsonResponse({"text": words}, status=422)
    if len(parts) == 1 and not replace and _is_there(site, path, name):
        return JsonResponse({"exists": True}, status=409)
    ticket, key = tickets.issue(
        request.user,
        request.session.session_key or "",
        Ticket.Direction.UP,
        path,
        [name],
        site=site,
        replace=replace,
        tab=tab_of(request),
    )
    return JsonResponse({"url": f"{URL}{key}", "id": ticket.pk})


@login_required
@require_safe
def view(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at a text or an image: its bytes come by a ticket of their own into a sandbox, at most so many."""
    site, path, name = site_of(request, pk), path_in(request.GET), request.GET.get("name", "")
    rows = {row.name: row for row in listing.unpack(_rows(site, path))}
    row = rows.get(name)
    if row is None or not row.viewable:
        return toast(request, _("This cannot be looked at here. Download it."), refused=True)
    ticket, key = tickets.issue(
        request.user,
        request.session.session_key or "",
        Ticket.Direction.VIEW,
        path,
        [name],
        site=site,
        tab=tab_of(request),
    )
    shown = {"site": site, "path": path, "row": row, "url": f"{URL}{key}", "ticket": ticket}
    return render(request, "webftp/_view.html", shown)


@login_required
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    """How a transfer stands; a POST stops it."""
    row = get_object_or_404(Ticket, pk=pk, person=request.user)
    if request.method == "POST":
        Ticket.objects.filter(pk=pk).update(stop=True)
    told = wording.told(row.trouble)
    shown = {"state": row.state, "done": row.done, "size": row.size, **told}
    shown["exists"] = row.trouble.get("params", {}).get("cause") == "exists"
    return JsonResponse(shown)


def _leaving(request: HttpRequest, pk: int, values) -> tuple[Ticket | None, str]:
    site, path = site_of(request, pk), path_in(values)
    try:
        chosen = forms.chosen_in(site, path, values)
    except forms.Changed:
        chosen = []
    chosen = chosen if "whole" in values else chosen[:MOST]
    if not chosen or not all(map(names.plain, chosen)):
        return None, ""
    folders = {row.name for row in listing.unpack(_rows(site, path)) if row.kind == "dir"}
    whole = len(chosen) > 1 or bool(folders & set(chosen))
    return tickets.issue(
        request.user,
        request.session.session_key or "",
        Ticket.Direction.ZIP if whole else Ticket.Direction.DOWN,
        path,
        chosen,
        site=site,
        tab=tab_of(request),
    )


def _rows(site, path: str) -> bytes:
    found = Folder.objects.filter(site=site, key=key_of(path)).first()
    return bytes(found.rows) if found else b""


def _is_there(site, path: str, name: str) -> bool:
    return any(row.name == name for row in listing.unpack(_rows(site, path)))

"""Folders and what is done in them: what is known is shown at once; a POST on load starts asking the server."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import asked
from protocols.ftp import names
from webftp import forms, listing, sites, tasks, wording
from webftp.models import Folder, Job, Site, key_of

SHORT, LONG = timedelta(seconds=12), timedelta(minutes=5)
ASKED = set(Job.Verb.values) - {Job.Verb.RENAME}
NAMED = 12
"""Names that a question tells; the rest is counted."""


def tab_of(request: HttpRequest) -> str:
    """The browser tab that asks; empty if it is no tab's id."""
    tab = request.headers.get("X-Tab") or request.POST.get("tab", "")
    return tab if re.fullmatch("[0-9a-f]{8,32}", tab) else ""


def site_of(request: HttpRequest, pk: int) -> Site:
    """The person's own site, or 404."""
    found = sites.one(request.user, pk)
    if found is None:
        raise Http404
    return found


def path_in(values) -> str:
    """The path that a request names, from the root; 404 for what is none."""
    try:
        return forms.path_of(values.get("path", ""))
    except ValidationError:
        raise Http404 from None


@login_required
@require_safe
def files(request: HttpRequest) -> HttpResponse:
    """The first of the person's sites, at its home; ``?url=ftp://...`` opens what an address names."""
    found = sites.of(request.user)
    if not found:
        return render(request, "webftp/files.html", {"sites": []})
    if url := request.GET.get("url", "")[:2000]:
        return _asked(request, url)
    return _show(request, found[0], found[0].home)


@login_required
@require_safe
def folder(request: HttpRequest, pk: int) -> HttpResponse:
    """A folder; the list alone where htmx asks for it."""
    site = site_of(request, pk)
    return _show(request, site, path_in(request.GET) if request.GET.get("path") else site.home)


@login_required
@require_POST
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Start listing a folder anew."""
    site = site_of(request, pk)
    path = path_in(request.POST) if request.POST.get("path") else ""
    tasks.list_folder.delay(site.pk, path, tab_of(request))
    return HttpResponse(status=204)


@login_required
@require_POST
def mode(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose passive or active mode for a site."""
    site = site_of(request, pk)
    Site.objects.filter(pk=site.pk).update(passive=request.POST.get("passive") == "1")
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = "files-list"
    return answer


@login_required
@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before some work: a name, a target, permissions, or whether all of that may go.

    Renaming asks nothing: it is done in the row (rename.js).
    """
    site, path = site_of(request, pk), path_in(request.POST)
    verb = request.POST.get("verb", "")
    try:
        chosen = [name for name in forms.chosen_in(site, path, request.POST) if names.plain(name)]
    except forms.Changed:
        return toast(request, _("The folder has changed meanwhile: choose again."), refused=True)
    if verb not in ASKED or (verb != "mkdir" and not chosen):
        return toast(request, _("Choose a file or folder first."), refused=True)
    rows = {row.name: row for row in listing.unpack(_cached(site, path).rows)}
    shown = {
        "site": site,
        "path": path,
        "verb": verb,
        "names": [] if "whole" in request.POST else chosen,
        "whole": {key: request.POST.get(key, "") for key in ("q", "as_of")}
        if "whole" in request.POST
        else {},
        "named": chosen[:NAMED],
        "more": max(0, len(chosen) - NAMED),
        "folders": sum(1 for name in chosen if name in rows and rows[name].kind == "dir"),
        "octal": next((rows[name].octal for name in chosen if name in rows), "") or "644",
    }
    return render(request, "webftp/_ask.html", shown)


@login_required
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Start some work; a form with a mistake comes back as a word, with nothing done."""
    site = site_of(request, pk)
    form = forms.WorkForm(request.POST, site)
    if not form.is_valid():
        words = " ".join(str(text) for texts in form.errors.values() for text in texts)
        answer = toast(request, words, refused=True)
        # The dialog covers the corner where words stand.
        answer["HX-Retarget"] = "#ask-error" if request.htmx else "#toasts"
        return answer
    form.job.save()
    tasks.run_job.delay(form.job.pk, tab_of(request))
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = json.dumps(
        {"files-job": "", "files-close": "", "files-begun": {"job": form.job.pk}}
    )
    return answer


@login_required
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """Work that runs, and what ended and was not put aside."""
    return _jobs(request)


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a job, undo it, or put it aside."""
    job = get_object_or_404(Job, pk=pk, site__person=request.user)
    verb = request.POST.get("verb", "")
    if verb == "stop":
        Job.objects.filter(pk=pk).update(stop=True)
    elif verb == "undo" and job.undo and not job.undone:
        back = Job(site=job.site, verb=job.verb, folder=job.folder, names=job.names, undoes=job)
        back.total = len(job.undo)
        back.save()
        Job.objects.filter(pk=pk).update(seen=True)
        tasks.run_job.delay(back.pk, tab_of(request))
    elif verb == "aside":
        Job.objects.filter(pk=pk).exclude(state=Job.State.RUNNING).update(seen=True)
    return _jobs(request)


@login_required
@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """What home shows of this room."""
    found = sites.of(request.user)
    homes = Q(pk=None)
    for site in found:
        homes |= Q(site=site, key=key_of(site.home))
    counts = {row.site_id: row.count for row in Folder.objects.filter(homes).exclude(listed=None)}
    shown = [(site, counts.get(site.pk)) for site in found[:3]]
    return render(request, "webftp/card.html", {"sites": shown})


def toast(request: HttpRequest, text: str, refused: bool = False) -> HttpResponse:
    """One word to the person, in the corner."""
    answer = render(request, "webftp/_toast.html", {"text": text, "refused": refused})
    answer["HX-Retarget"], answer["HX-Reswap"] = "#toasts", "innerHTML"
    return answer


def _jobs(request: HttpRequest) -> HttpResponse:
    """What went well goes by itself after a while; what can still be undone, a little later."""
    now = timezone.now()
    rows = Job.objects.filter(site__person=request.user, seen=False).select_related("site")
    old = Q(state=Job.State.DONE) & (
        Q(undo=[], ended__lt=now - SHORT) | Q(undone=True) | Q(ended__lt=now - LONG)
    )
    shown = [(job, wording.told(job.trouble)) for job in rows.exclude(old).order_by("-pk")[:4]]
    return render(request, "webftp/_jobs.html", {"jobs": shown})


def _asked(request: HttpRequest, url: str) -> HttpResponse:
    """Open what an address names (RFC 1738, 3.2), and say where that fails."""
    wanted = asked.read(url, "ftp")
    site = sites.meant(request.user, wanted.server, wanted.user) if wanted.server else None
    if site is None:
        said = wanted.missing or _("You have no login as %(name)s at %(host)s.") % {
            "name": (wanted.user or "anonymous")[:100],
            "host": wanted.host,
        }
        messages.warning(request, said)
        return redirect("files")
    path, name = sites.place(wanted.path)
    try:
        path = forms.path_of(path)
    except ValidationError:
        path, name = "/", ""
    named = {key: value for key, value in (("path", path), ("q", name)) if value.strip("/")}
    # A path that is empty is where one is after signing in, which may be no root (RFC 1738, 3.2.2).
    return redirect(f"{reverse('files-folder', args=[site.pk])}?{urlencode(named)}".rstrip("?"))


def _show(request: HttpRequest, site: Site, path: str) -> HttpResponse:
    """A folder as it is known; without a ``path``, what the server will say is the home.

    News that it is a file (htmx asks for what is ``known``) turns the page to that file in its folder.
    """
    asked, path = path, path or "/"
    row, words = _cached(site, path), request.GET.get("q", "").strip()[:200]
    turned = bool(request.htmx and "known" in request.GET and row.is_file)
    if turned:
        path, _slash, words = path.rpartition("/")
        asked = path = path or "/"
        row = _cached(site, path)
    sort = request.GET.get("sort") if request.GET.get("sort") in listing.SORTS else "name"
    down = request.GET.get("down") == "1"
    found = listing.arranged(listing.unpack(row.rows), sort, down, words)
    page = Paginator(found, listing.PAGE).get_page(request.GET.get("page"))
    where = {"path": asked, "sort": sort, "q": words} | ({"down": "1"} if down else {})
    shown = {
        "site": site,
        "sites": sites.of(request.user),
        "path": path,
        "asked": asked,
        "parent": path.rpartition("/")[0] or "/",
        "crumbs": listing.crumbs(path),
        "folder": row,
        "trouble": wording.told(row.trouble),
        "page": page,
        "owners": any(row.owner for row in page),
        "as_of": listing.as_of(row),
        "sort": sort,
        "down": down,
        "query": words,
        "where": urlencode(where | {"page": page.number}),
        "heads": _heads(path, sort, down, words),
        "pages": urlencode(where),
    }
    whole = not request.htmx or request.htmx.history_restore_request
    answer = render(request, "webftp/files.html" if whole else "webftp/_list.html", shown)
    if turned:
        place = urlencode({"path": path, "q": words})
        answer["HX-Replace-Url"] = f"{reverse('files-folder', args=[site.pk])}?{place}"
    return answer


def _heads(path: str, sort: str, down: bool, words: str) -> list[tuple[str, str, str, str]]:
    """The heads of the columns: key, name, what is asked for when it is pressed, how it is sorted now."""
    named = (("name", _("Name")), ("size", _("Size")), ("modified", _("Modified")))
    heads = []
    for key, name in named:
        turned = key == sort and not down
        asked = urlencode({"path": path, "q": words, "sort": key} | ({"down": "1"} if turned else {}))
        now = ("descending" if down else "ascending") if key == sort else ""
        heads.append((key, name, asked, now))
    return heads


def _cached(site: Site, path: str) -> Folder:
    found = Folder.objects.filter(site=site, key=key_of(path)).first()
    return found or Folder(site=site, key=key_of(path), path=path)

"""The reference's pages: the list to search and filter, an entry, and the course's own tables set right."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from protocols import catalog
from reference import entries, tries
from reference.facts import facts
from transcripts import seen, shown

MOST = 150
"""Entries shown at once for a search; a place's own list is shown whole."""

PLACES = {
    "smtp": "SMTP", "pop3": "POP3", "imap": "IMAP", "ftp": "FTP", "irc": "IRC", "http": "HTTP", "url": "URL",
    "message": _("Letters and MIME"), "ports": _("Ports"), "telnet": "Telnet",
}  # fmt: skip
KINDS = {
    "command": _("commands"),
    "reply": _("replies and codes"),
    "header": _("headers"),
    "extension": _("extensions"),
    "more": _("further words"),
}


@login_required
@require_safe
def reference(request):
    """The list: ``q`` searches, ``protocol`` and ``kind`` filter. htmx asks for the results alone."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:80]
    place = request.GET.get("protocol", "") if request.GET.get("protocol") in PLACES else ""
    kind = request.GET.get("kind", "") if request.GET.get("kind") in KINDS else ""
    found = entries.search(words, place, kind) if words or place or kind else []
    most = len(found) if place and not words else MOST
    context = {
        "words": words,
        "place": place,
        "kind": kind,
        "places": _places(),
        "kinds": KINDS.items(),
        "found": [_row(one) for one in found[:most]],
        "more": max(0, len(found) - most),
        "count": len(found),
        "total": len(entries.entries()),
        "slips": sum(slip["in_chapter"] for slip in catalog.course()["slips"]),
    }
    part = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    return render(request, "reference/_results.html" if part else "reference/reference.html", context)


@login_required
@require_safe
def entry(request, place, table, word):
    """One entry: what it means, where it is written, how to try it, where one's own transcripts said it."""
    found = entries.entries().get(f"{place}.{table}.{word}")
    if found is None:
        raise Http404
    language = _language()
    slips = [slip for slip in catalog.course()["slips"] if found.key in slip["entries"]]
    context = {
        "entry": found,
        "row": _row(found),
        "place": PLACES[found.place],
        "kind": KINDS[found.kind],
        "facts": list(facts(found, language)),
        "why": tries.WHY.get(tries.attempt(found).why, ""),
        "slips": [_slip(slip, language) for slip in slips],
        "seen": seen.places(request.user, found.key),
    }
    return render(request, "reference/entry.html", context)


@login_required
@require_safe
def course(request):
    """The course's tables as it words them, beside what the standards say; and every slip, corrected."""
    language, slips = _language(), {slip["slip"]: slip for slip in catalog.course()["slips"]}
    tables = [
        {
            "title": table["title"].get(language, table["title"]["en"]),
            "id": table["table"],
            "rows": [
                {
                    "said": row["said"].get(language, row["said"]["en"]),
                    "row": _row(entries.entries()[row["entry"]]),
                    "slip": _slip(slips[row["slip"]], language) if row.get("slip") else None,
                }
                for row in table["rows"]
            ],
        }
        for table in catalog.course()["tables"]
    ]
    told = [_slip(slip, language) for slip in slips.values()]
    context = {
        "tables": tables,
        "slips": [slip for slip in told if slip["in_chapter"]],
        "others": [slip for slip in told if not slip["in_chapter"]],
    }
    return render(request, "reference/course.html", context)


@login_required
@require_safe
def seen_counts(request):
    """How many of one's own conversations said each entry, by its key: the list shows it once it is there."""
    return JsonResponse(seen.counts(request.user))


def _row(one):
    language = _language()
    return {
        "key": one.key,
        "place": one.place,
        "table": one.table,
        "kind": KINDS[one.kind],
        "title": PLACES[one.place],
        "word": one.word,
        "name": "" if one.name.casefold() == one.word.casefold() else one.name,
        "syntax": "" if one.syntax == one.word else one.syntax,
        "meaning": one.told(language),
        "refs": shown.refs(one.refs),
        "try": tries.query(one),
    }


def _slip(slip, language):
    known = entries.entries()
    return {
        "id": slip["slip"],
        "topic": slip["topic"],
        "code": slip["code"],
        "in_chapter": slip["in_chapter"],
        "said": slip["said"].get(language, slip["said"]["en"]),
        "correct": slip["correct"].get(language, slip["correct"]["en"]),
        "teach": slip["teach"].get(language, slip["teach"]["en"]) if "teach" in slip else "",
        "refs": shown.refs(entries.refs(slip)),
        "entries": [known[key] for key in slip["entries"] if key in known],
    }


def _places():
    counts = entries.counts()
    return [
        {
            "place": place,
            "title": title,
            "count": sum(counts[place].values()),
            "kinds": [
                {"kind": kind, "title": KINDS[kind], "count": counts[place][kind]}
                for kind in KINDS
                if kind in counts[place]
            ],
        }
        for place, title in PLACES.items()
    ]


def _language():
    return (get_language() or "en")[:2]

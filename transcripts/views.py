"""Transcripts as pages: the list, one of them, its export, projection, sharing, and what stays folded."""

from __future__ import annotations

import hmac
import json

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Login
from accounts.numbers import number
from accounts.secrets import fingerprint
from protocols.catalog import NAMES
from transcripts import blocks, bodies, rights, shown
from transcripts.export import text
from transcripts.models import Transcript

EACH_PAGE = 50
OUTCOMES = ("done", "later", "refused")


@login_required
@require_safe
def transcripts(request):
    """The list, filtered by protocol, outcome, words, and whose: one's own, or what a class was shown."""
    rows = rights.visible(request.user).filter(quiet=False).distinct().order_by("-pk")
    protocol, outcome = request.GET.get("protocol", ""), request.GET.get("outcome", "")
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    if protocol in NAMES:
        rows = rows.filter(conversation__protocol=protocol)
    if outcome in OUTCOMES:
        rows = rows.filter(outcome=outcome)
    if words:
        named = Q(cause__icontains=words) | Q(subject__icontains=words) | Q(reply__icontains=words)
        rows = rows.filter(named | Q(owner__username__icontains=words))
    classes, whose = rights.classes_of(request.user), request.GET.get("whose", "")
    if whose == "mine":
        rows = rows.filter(owner=request.user)
    elif shared := classes.filter(pk=number(whose)).first():
        rows = rows.filter(shared_with=shared)
    page = Paginator(rows, EACH_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "protocols": NAMES,
        "outcomes": OUTCOMES,
        "protocol": protocol,
        "outcome": outcome,
        "classes": [(str(one.pk), one.name) for one in classes],
        "whose": whose,
    }
    return render(request, "transcripts/list.html", context | {"words": words})


@login_required
@require_safe
def transcript(request, pk):
    """One transcript, and above it, to unfold, what its connection had said before."""
    row = _visible(request, pk)
    own, reads = row.owner_id == request.user.pk, rights.reads_bodies(request.user, row)
    first = max(row.first, number(request.GET.get("from"), row.first))
    found = shown.lines(row, first, own=own, bodies=reads)
    # What was said before belongs to other actions: only the owner, who saw those too, unfolds it.
    before = shown.lines(row, 1, row.first - 1, own=own, bodies=True) if own and row.first > 1 else []
    more = found[-1]["number"] + 1 if len(found) == shown.MOST_LINES else 0
    context = {
        "transcript": row,
        "lines": found,
        "before": before,
        "own": own,
        "states": shown.states(row.conversation.protocol),
        "more": more,
    }
    return render(
        request, "transcripts/transcript.html", context | {"classes": rights.classes_of(request.user)}
    )


@login_required
@require_safe
def export(request, pk):
    """The plain text."""
    row = _visible(request, pk)
    told = text(row, talk=rights.reads_bodies(request.user, row))
    # Whole: a conversation's lines are bounded, and ASGI would read a synchronous stream to its end as well.
    response = HttpResponse("".join(told), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="netlab-{row.conversation.protocol}-{row.pk}.txt"'
    )
    return response


@login_required
@require_safe
def project(request, pk):
    """Large type for a class, nothing else on the page, one line in the spotlight."""
    row = _visible(request, pk)
    return render(
        request, "transcripts/project.html", {"transcript": row, "lines": shown.lines(row, row.first)}
    )


@login_required
@require_POST
def share(request, pk):
    """Share an own transcript with a class, or take it back (no class)."""
    row = get_object_or_404(Transcript, pk=pk, owner=request.user)
    chosen = number(request.POST.get("class"))
    row.shared_with = get_object_or_404(rights.classes_of(request.user), pk=chosen) if chosen else None
    row.save(update_fields=["shared_with"])
    return redirect(row)


@login_required
@require_POST
def pin(request, pk):
    """Keep an own transcript beyond its days, or no longer."""
    row = get_object_or_404(Transcript, pk=pk, owner=request.user)
    row.pinned = not row.pinned
    row.save(update_fields=["pinned"])
    return redirect(row)


@login_required
@require_POST
def delete(request, pk):
    """Delete an own transcript; the lines go with the last transcript of their connection."""
    row = get_object_or_404(Transcript, pk=pk, owner=request.user)
    conversation = row.conversation
    row.delete()
    if conversation.ended and not conversation.transcripts.exists():
        conversation.delete()
    return redirect("transcripts")


@login_required
@require_safe
def line(request, pk, number):
    """What the panel beside a dialogue tells of one line: it is asked for when the line is chosen."""
    row = _visible(request, pk)
    own = row.owner_id == request.user.pk
    # The owner unfolds what the connection had said before, too.
    if (number < row.first and not own) or (row.last and number > row.last):
        raise Http404
    told = shown.explained(row, number, own=own, bodies=rights.reads_bodies(request.user, row))
    if told is None:
        raise Http404
    return render(request, "transcripts/_more.html", told)


@login_required
@require_safe
@never_cache
def body(request, pk, number):
    """A folded body as text: as it crossed, or ``?as=decoded``, ``?as=hex``."""
    row = _visible(request, pk)
    if not rights.reads_bodies(request.user, row) or number < row.first or (row.last and number > row.last):
        raise Http404
    for line, _note in blocks.read(row.conversation, number, number):
        told = _as(request.GET.get("as", ""), row, line)
        if line.cut:
            told += "\n" + _("[%(count)s more bytes were counted, not kept]") % {"count": line.cut}
        return HttpResponse(told, content_type="text/plain; charset=utf-8")
    raise Http404


@login_required
@require_safe
@never_cache
def hexadecimal(request, pk):
    """The bytes of the lines after ``?after=``, as a list to be added to."""
    row = _visible(request, pk)
    first = max(row.first, number(request.GET.get("after")) + 1)
    found = shown.bytes_of(row, first, bodies=rights.reads_bodies(request.user, row))
    return render(request, "transcripts/_hex.html", {"lines": found})


@login_required
@require_POST
@never_cache
def reveal(request, pk, number, index):
    """The password behind a hidden span: to its owner, and only where it is the login's present one."""
    row = get_object_or_404(Transcript, pk=pk, owner=request.user)
    for line, _note in blocks.read(row.conversation, number, number):
        if index >= len(line.hidden):
            break
        for login in Login.objects.filter(person=request.user, server_id=row.conversation.server_id):
            secret = login.secret
            if secret and hmac.compare_digest(fingerprint(secret.encode()), line.hidden[index].fingerprint):
                return HttpResponse(secret, content_type="text/plain; charset=utf-8")
    return HttpResponse(_("not your present password"), status=404, content_type="text/plain; charset=utf-8")


@login_required
@require_POST
def dock(request):
    """Remember how the person's dock stands."""
    try:
        told = json.loads(request.body[:500])
        stands = {
            "open": bool(told["open"]),
            "side": bool(told["side"]),
            "size": min(90, max(10, int(told["size"]))),
        }
    except (ValueError, KeyError, TypeError):
        return HttpResponse(status=400)
    request.user.dock = stands
    request.user.save(update_fields=["dock"])
    return HttpResponse(status=204)


@login_required
@require_safe
def card(request):
    """Home's card: the latest of one's own."""
    rows = Transcript.objects.filter(owner=request.user, quiet=False).select_related("conversation")
    return render(request, "transcripts/card.html", {"transcripts": rows.order_by("-pk")[:5]})


def _visible(request, pk) -> Transcript:
    row = rights.find(request.user, pk)
    if row is None:
        raise Http404
    return row


def _as(how: str, row: Transcript, line) -> str:
    if how == "hex":
        return bodies.hexed(line.raw)
    return bodies.decoded(row.conversation.protocol, line) if how == "decoded" else line.text

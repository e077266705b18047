"""A letter on its way: each recipient's state, live; Retry; and what a person decides of an uncertain one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from webmail import tasks
from webmail.models import Draft, OutgoingMessage, OutgoingRecipient
from webmail.views import frame, tab_of

State = OutgoingRecipient.State


@login_required
@require_safe
def outgoing(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a letter that was sent off."""
    return page(request, _outgoing(request, pk))


@login_required
@require_safe
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of it that changes."""
    return render(request, "webmail/_outgoing.html", _shown(_outgoing(request, pk)))


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's word: retry what failed, send what is uncertain again, call it sent, keep it, write it anew."""
    letter = _outgoing(request, pk)
    verb = request.POST.get("verb", "")
    if verb == "retry":
        _again(letter, [State.FAILED, State.QUEUED], tab_of(request))
    elif verb == "again":
        _again(letter, [State.UNCERTAIN], tab_of(request))
    elif verb == "sent":
        letter.recipients.filter(state=State.UNCERTAIN).update(state=State.SENT, decided=True)
        tasks.append_copy.delay(letter.pk, tab_of(request))
    elif verb == "keep":
        OutgoingMessage.objects.filter(pk=pk).update(dismissed=True)
    elif verb == "edit" and letter.draft_id and not letter.claim:
        return _rewrite(letter)
    return redirect("outgoing", pk=pk)


def page(request: HttpRequest, letter: OutgoingMessage) -> HttpResponse:
    """The letter's state: the part alone where htmx asks, so that the dock beside it goes on showing the dialogue."""
    if not request.htmx or request.htmx.history_restore_request:
        shown = _shown(letter) | frame(request)
        return render(request, "webmail/compose.html", shown)
    answer = render(request, "webmail/_sent.html", _shown(letter))
    answer["HX-Push-Url"] = reverse("outgoing", args=[letter.pk])
    return answer


def _again(letter: OutgoingMessage, states: list[str], tab: str) -> None:
    with transaction.atomic():
        rows = OutgoingMessage.objects.filter(pk=letter.pk, claim="")
        if not rows.update(next_try=None, attempts=0, dismissed=False):
            return
        letter.recipients.filter(state__in=states).update(state=State.QUEUED, words="", code="", trouble={})
    tasks.begin_sending(letter.pk, tab)


def _rewrite(letter: OutgoingMessage) -> HttpResponse:
    """Open the draft again, addressed to those who did not get it."""
    with transaction.atomic():
        left = list(letter.recipients.filter(state=State.FAILED).values_list("address", flat=True))
        draft = letter.draft
        OutgoingMessage.objects.filter(pk=letter.pk).update(draft=None, dismissed=True)
        Draft.objects.filter(pk=draft.pk).update(sent=None, to=", ".join(left), cc="", bcc="")
    return redirect("mail-draft", key=draft.key)


def _outgoing(request: HttpRequest, pk: int) -> OutgoingMessage:
    return get_object_or_404(OutgoingMessage, pk=pk, person=request.user)


def _shown(letter: OutgoingMessage) -> dict:
    rows = list(letter.recipients.all())
    states = {row.state for row in rows}
    return {
        "outgoing": letter,
        "recipients": rows,
        "busy": bool(states & {State.QUEUED, State.SENDING}),
        "failed": State.FAILED in states,
        "uncertain": State.UNCERTAIN in states,
        "sent": states == {State.SENT},
    }

"""Writing a letter: a draft saved as it is typed, its files, and Send, which freezes it."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from functools import partial

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Login
from webmail import letters, mime, outbox, quoting, reading, tasks
from webmail.forms import ComposeForm
from webmail.models import Attachment, Draft, Folder, Message, OutgoingMessage, OutgoingRecipient
from webmail.views import frame, tab_of

TYPED = ("sender", "to", "cc", "bcc", "subject", "text")
FILES_LIMIT = 20 * 1024 * 1024


@login_required
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """A new letter has its own address from the start, so that reloading keeps what was typed."""
    query = request.GET.urlencode()
    answer = redirect("mail-draft", key=uuid.uuid4())
    answer["Location"] += f"?{query}" if query else ""
    return answer


@login_required
def compose(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show the letter; POST sends it, or says what is wrong and keeps every word. One that went out is shown so."""
    gone = OutgoingMessage.objects.filter(draft=key, person=request.user).first()
    if gone:
        return _gone(request, gone)
    draft = _draft(request, key)
    if request.method != "POST":
        if draft._state.adding:
            _fill(draft, request)
        return _page(request, draft, None)
    _take(draft, request)
    form = ComposeForm(request.POST, instance=draft, senders=_senders(request))
    if not form.is_valid():
        return _page(request, draft, form, status=422)
    return _gone(request, _freeze(request, form.save(commit=False)))


@login_required
@require_POST
def save(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Keep what was typed so far, whatever it is; 409 once the letter has gone out."""
    draft = Draft.objects.filter(key=key, person=request.user).first() or _draft(request, key)
    if draft.sent or not _take(draft, request):
        return HttpResponse(_("This letter has gone out."), status=409)
    return HttpResponse(_("Saved"))


@login_required
@require_POST
def attach(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Keep files that go with the letter; what would pass the limit is refused by name."""
    draft = _draft(request, key)
    if not _take(draft, request):
        raise Http404
    refused = []
    for file in request.FILES.getlist("files"):
        if _weight(draft) + file.size > FILES_LIMIT:
            refused.append(
                _("“%(name)s” was left out: attachments may have 20 MB together.") % {"name": file.name}
            )
            continue
        Attachment.objects.create(
            draft=draft,
            name=reading.file_name(file.name) or "file",
            size=file.size,
            content_type=(file.content_type or "application/octet-stream")[:150],
            path=letters.keep(request.user.pk, "files", file),
        )
    shown = {"draft": draft, "refused": refused}
    return render(request, "webmail/_files.html", shown, status=200)


@login_required
@require_POST
def detach(request: HttpRequest, key: uuid.UUID, pk: int) -> HttpResponse:
    """Take a file off the letter."""
    draft = _draft(request, key)
    for file in draft.files.filter(pk=pk):
        letters.drop(file.path)
        file.delete()
    return render(request, "webmail/_files.html", {"draft": draft})


@login_required
@require_POST
def discard(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Throw the draft away."""
    draft = _draft(request, key)
    if not draft._state.adding:
        letters.drop(*draft.files.values_list("path", flat=True))
        draft.delete()
    return redirect("mail")


@login_required
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a reply, a reply to all, or a forward, as a draft."""
    rows = Message.objects.filter(folder__mailbox__login__person=request.user)
    message = get_object_or_404(rows, pk=pk)
    raw = letters.read(message.letter) if message.letter else b""
    how = request.POST.get("how", "reply")
    fields = quoting.begin(how, reading.read(raw), message, _senders(request))
    draft = Draft.objects.create(person=request.user, answers=message if how != "forward" else None, **fields)
    if how == "forward":
        _carry(draft, raw)
    return redirect("mail-draft", key=draft.key)


def _carry(draft: Draft, raw: bytes) -> None:
    for one in reading.read(raw).files:
        found = reading.part(raw, one.number)
        if found and _weight(draft) + len(found[2]) <= FILES_LIMIT:
            name, kind, content = found
            path = letters.keep(draft.person_id, "files", content)
            Attachment.objects.create(
                draft=draft, name=name, content_type=kind[:150], size=len(content), path=path
            )


def _draft(request: HttpRequest, key: uuid.UUID) -> Draft:
    draft = Draft.objects.filter(key=key).first() or Draft(key=key, person=request.user)
    if draft.person_id != request.user.pk or draft.sent:
        raise Http404
    return draft


def _fill(draft: Draft, request: HttpRequest) -> None:
    """What a link (``mailto:``, RFC 6068) asks for stands in the new letter, for the person to see and change."""
    for name, limit in (("to", 2000), ("cc", 2000), ("bcc", 2000), ("subject", 1000)):
        setattr(draft, name, re.sub(r"[\r\n\0]+", " ", request.GET.get(name, ""))[:limit])
    draft.text = request.GET.get("body", "").replace("\0", "").replace("\r\n", "\n")[:20000]


def _gone(request: HttpRequest, outgoing: OutgoingMessage) -> HttpResponse:
    return outbox.page(request, outgoing) if request.htmx else redirect("outgoing", pk=outgoing.pk)


def _take(draft: Draft, request: HttpRequest) -> bool:
    """Store what was typed, unless the letter has gone out meanwhile: ``sent`` is never written from here."""
    for name, limit in (("sender", 320), ("to", 20000), ("cc", 20000), ("bcc", 20000), ("subject", 1000)):
        setattr(draft, name, request.POST.get(name, getattr(draft, name)).replace("\0", "")[:limit])
    draft.text = request.POST.get("text", draft.text).replace("\0", "")
    if draft._state.adding:
        with suppress(IntegrityError), transaction.atomic():  # another request was first to store it
            draft.save(force_insert=True)
            return True
    typed = {name: getattr(draft, name) for name in TYPED}
    rows = Draft.objects.filter(pk=draft.pk, person=request.user, sent=None)
    return bool(rows.update(saved=timezone.now(), **typed))


def _page(request: HttpRequest, draft: Draft, form: ComposeForm | None, status: int = 200) -> HttpResponse:
    senders = _senders(request)
    form = form or ComposeForm(instance=draft, senders=senders)
    people = Login.objects.filter(server__lab=True, server__protocol="smtp", person__is_active=True)
    known = [address for row in people.values_list("addresses", flat=True)[:300] for address in row]
    shown = {"draft": draft, "form": form, "senders": senders, "known": known}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "webmail/_compose.html", shown)  # the part, told anew: an answer, no failure
    return render(request, "webmail/compose.html", shown | frame(request), status=status)


def _login(request: HttpRequest, sender: str = "") -> Login | None:
    rows = Login.objects.filter(person=request.user, server__protocol="smtp", server__enabled=True)
    rows = list(rows.order_by("-server__lab", "pk"))
    return next((row for row in rows if sender in row.addresses), rows[0] if rows else None)


def _senders(request: HttpRequest) -> list[str]:
    rows = Login.objects.filter(person=request.user, server__protocol="smtp", server__enabled=True)
    return list(
        dict.fromkeys(address for row in rows.order_by("-server__lab", "pk") for address in row.addresses)
    )


def _weight(draft: Draft) -> int:
    return draft.files.aggregate(sum=Sum("size"))["sum"] or 0


@transaction.atomic
def _freeze(request: HttpRequest, draft: Draft) -> OutgoingMessage:
    """Make the letter's bytes once and for all; a second press of Send finds the draft gone out already."""
    now = timezone.now()
    if not Draft.objects.filter(pk=draft.pk, sent=None).update(sent=now):
        return get_object_or_404(OutgoingMessage, draft=draft, person=request.user)
    identity = mime.message_id(draft.sender.rpartition("@")[2] or settings.DOMAIN)
    files = [mime.File(file.name, file.content_type, letters.read(file.path)) for file in draft.files.all()]
    raw = mime.build(
        sender=(request.user.display_name, draft.sender),
        to=draft.to,
        cc=draft.cc,
        subject=draft.subject,
        text=draft.text,
        files=files,
        identity=identity,
        when=now,
        in_reply_to=draft.in_reply_to,
        references=draft.references,
    )
    outgoing = OutgoingMessage.objects.create(
        person=request.user,
        login=_login(request, draft.sender),
        draft=draft,
        sender=draft.sender,
        subject=draft.subject,
        message_id=identity,
        raw=letters.keep(request.user.pk, "outgoing", raw),
        size=len(raw),
        tab=tab_of(request),
    )
    people = [
        address for typed in (draft.to, draft.cc, draft.bcc) for _name, address in mime.addresses(typed)
    ]
    rows = [OutgoingRecipient(outgoing=outgoing, address=address) for address in dict.fromkeys(people)]
    OutgoingRecipient.objects.bulk_create(rows)
    transaction.on_commit(partial(tasks.begin_sending, outgoing.pk, outgoing.tab))
    if draft.answers_id:
        _mark_answered(draft.answers, outgoing.tab)
    return outgoing


def _mark_answered(message: Message, tab: str) -> None:
    Message.objects.filter(pk=message.pk).update(answered=True)
    folder = Folder.objects.get(pk=message.folder_id)
    transaction.on_commit(partial(tasks.set_flags.delay, folder.pk, [message.uid], "answered", True, tab))

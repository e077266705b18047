"""Folders, the list and reading: what is known is shown at once; an htmx POST on load starts the work."""

from __future__ import annotations

import re
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from accounts import asked
from accounts.numbers import number
from webmail import letters, reading, tasks
from webmail.listing import page_of
from webmail.models import Draft, Folder, Mailbox, Message, Move, OutgoingMessage, OutgoingRecipient

SHOWN = 20 * 1024 * 1024
SOURCE = 1024 * 1024
ORDER = {"inbox": 0, "drafts": 1, "sent": 2, "archive": 3, "junk": 4, "trash": 5, "": 6}
FRAME = (
    "default-src 'none'; img-src data:; style-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def tab_of(request: HttpRequest) -> str:
    """The browser tab that asks: the header of htmx, or the field of a plain form; empty if it is no tab's id."""
    tab = request.headers.get("X-Tab") or request.POST.get("tab", "")
    return tab if re.fullmatch("[0-9a-f]{8,32}", tab) else ""


@login_required
@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """The inbox, or a page that waits for the first list of folders; ``?url=imap://...`` opens a folder."""
    if url := request.GET.get("url", "")[:2000]:
        return _asked(request, url)
    inbox = _folders(request).filter(special="inbox").first()
    if inbox is None:
        return render(request, "webmail/mail.html", frame(request))
    return _list(request, inbox)


@login_required
@require_safe
def folder(request: HttpRequest, pk: int) -> HttpResponse:
    """A folder's list; the list alone where htmx asks for it."""
    return _list(request, get_object_or_404(_folders(request), pk=pk))


@login_required
def folders(request: HttpRequest) -> HttpResponse:
    """The folder pane; a POST starts asking the server for it."""
    if request.method == "POST":
        tasks.refresh_folders.delay(request.user.pk, tab_of(request))
        return HttpResponse(status=204)
    shown = Folder(pk=number(request.GET.get("shown")))
    return render(request, "webmail/_folders.html", frame(request, shown))


@login_required
@require_POST
def create_folder(request: HttpRequest) -> HttpResponse:
    """Start making a folder."""
    name = request.POST.get("name", "").strip()
    if not name or len(name) > 200 or not name.isprintable():
        return _toast(
            request, _("A folder needs a name of up to 200 signs, without line breaks."), refused=True
        )
    tasks.create_folder.delay(request.user.pk, name, tab_of(request))
    return _toast(request, _("Creating “%(name)s”…") % {"name": name})


@login_required
@require_POST
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Start bringing a folder up to date."""
    get_object_or_404(_folders(request), pk=pk)
    tasks.refresh_folder.delay(pk, tab_of(request))
    return HttpResponse(status=204)


@login_required
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Do something with letters of a folder: flags, move, archive, trash. Shown at once, done by a task."""
    origin = get_object_or_404(_folders(request), pk=pk)
    numbers = [pk for pk in map(number, request.POST.getlist("letter")[:500]) if pk]
    rows = origin.letters.filter(pk__in=numbers)
    verb = request.POST.get("verb", "")
    flags = {
        "read": ("seen", True),
        "unread": ("seen", False),
        "star": ("flagged", True),
        "unstar": ("flagged", False),
    }
    uids = list(rows.values_list("uid", flat=True))
    if not uids:
        return _toast(request, _("Choose a letter first."))
    if verb in flags:
        field, value = flags[verb]
        rows.update(**{field: value})
        origin.unseen = origin.letters.filter(seen=False).count()
        origin.save(update_fields=["unseen"])
        tasks.set_flags.delay(pk, uids, field, value, tab_of(request))
        return _changed(request, origin)
    if verb == "purge" and origin.special == "trash":
        rows.update(leaving=timezone.now())
        tasks.delete_messages.delay(pk, uids, tab_of(request))
        return _changed(request, origin)
    return _move(request, origin, rows, verb)


def _move(request: HttpRequest, origin: Folder, rows, verb: str) -> HttpResponse:
    target = _folders(request).filter(selectable=True).exclude(pk=origin.pk)
    if verb == "move":
        target = target.filter(pk=number(request.POST.get("target"))).first()
    elif verb in ("archive", "trash"):
        target = target.filter(special=verb).first()
    else:
        target = None
    if target is None:
        return _toast(request, _("There is no such folder to move to."), refused=True)
    rows = rows.filter(leaving=None)
    moved = Move.objects.create(
        person=request.user,
        origin=origin,
        target=target,
        letters=list(rows.values("uid", "size", "message_id")),
    )
    rows.update(leaving=timezone.now())
    tasks.move_messages.delay(moved.pk, tab_of(request))
    text = _("Moved to %(folder)s.") % {"folder": target.label}
    return _toast(request, text, undo=moved, trigger=f"mail-folder-{origin.pk}")


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Start moving letters back."""
    move = get_object_or_404(Move, pk=pk, person=request.user)
    tasks.undo_move.delay(move.pk, tab_of(request))
    return _toast(request, _("Moving back…"))


@login_required
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter: in the reading pane, or with the whole page around it."""
    row = _letter(request, pk)
    shown = {"message": row, "letter": None, **frame(request, row.folder)}
    if row.letter:
        raw = _raw(row, SHOWN)
        shown["letter"] = letter = reading.read(raw)
        shown["cut"] = letter.cut or row.size > SHOWN
        shown["remote"] = reading.has_remote(letter.html)
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "webmail/_message.html", shown)
    return _list(request, row.folder, shown)


@login_required
@require_POST
def fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """Start fetching a letter, or marking it read."""
    tasks.fetch_message.delay(_letter(request, pk).pk, tab_of(request))
    return HttpResponse(status=204)


@login_required
@require_safe
@xframe_options_sameorigin
def html(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter's HTML, sanitised, for the sandboxed frame alone: its own policy lets nothing in from elsewhere."""
    row = _letter(request, pk)
    body = reading.safe_html(_raw(row, SHOWN))
    answer = render(request, "webmail/letter_html.html", {"body": body})
    # django-csp leaves a policy alone that stands there already.
    answer["Content-Security-Policy"] = FRAME
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@login_required
@require_safe
def source(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter as it came, as text; at most SOURCE bytes."""
    raw = _raw(_letter(request, pk), SOURCE)
    answer = HttpResponse(raw.decode("utf-8", "backslashreplace"), content_type="text/plain; charset=utf-8")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = FRAME
    return answer


@login_required
@require_safe
def part(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """An attachment, to be saved and never shown by the browser itself."""
    found = reading.part(_raw(_letter(request, pk)), number)
    if found is None:
        raise Http404
    name, _kind, raw = found
    answer = HttpResponse(raw, content_type="application/octet-stream")
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = FRAME
    return answer


@login_required
@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """What home shows of this room."""
    rows = _folders(request).exclude(special__in=("junk", "trash"))
    shown = {
        "unseen": rows.aggregate(sum=Sum("unseen"))["sum"],
        "inbox": rows.filter(special="inbox").first(),
    }
    return render(request, "webmail/card.html", shown)


@login_required
@require_safe
def badge(request: HttpRequest) -> HttpResponse:
    """How many letters wait in the inbox, for the rail: a number, or nothing."""
    unseen = _folders(request).filter(special="inbox").aggregate(sum=Sum("unseen"))["sum"] or 0
    return HttpResponse(str(unseen) if unseen else "", content_type="text/plain; charset=utf-8")


def _list(request: HttpRequest, folder: Folder, more: dict | None = None) -> HttpResponse:
    chip = request.GET.get("chip", "all")
    query = request.GET.get("q", "").strip()[:200]
    whole = not request.htmx or request.htmx.history_restore_request or more
    page = page_of(folder, chip, query, request.GET.get("page"))
    shown = {"page": page, "chip": chip, "query": query, "folder": folder, **(more or {})}
    if whole:
        shown |= frame(request, folder)
    if folder.special == "drafts":
        shown["drafts"] = Draft.objects.filter(person=request.user, sent=None)[:50]
    return render(request, "webmail/mail.html" if whole else "webmail/_list.html", shown)


def frame(request: HttpRequest, folder: Folder | None = None) -> dict:
    """What the folder pane shows."""
    rows = sorted(_folders(request), key=lambda row: (ORDER.get(row.special, 6), row.name.casefold()))
    mailbox = Mailbox.objects.filter(login__person=request.user, folders__isnull=False).first()
    mailbox = mailbox or Mailbox.objects.filter(login__person=request.user).first()
    open_rows = OutgoingRecipient.objects.filter(outgoing=OuterRef("pk")).exclude(
        state=OutgoingRecipient.State.SENT
    )
    outgoing = OutgoingMessage.objects.filter(Exists(open_rows), person=request.user, dismissed=False)
    return {
        "folders": rows,
        "folder": folder,
        "mailbox": mailbox,
        "outgoing_rows": outgoing.order_by("-made").prefetch_related("recipients")[:10],
        "login": tasks.imap_login(request.user.pk),
    }


def _folders(request: HttpRequest):
    return Folder.objects.filter(mailbox__login__person=request.user, mailbox__login__server__enabled=True)


def _asked(request: HttpRequest, url: str) -> HttpResponse:
    """Open the folder that an address names (RFC 5092, RFC 2384), and say where that is not what was asked for."""
    protocol = "pop3" if url.lower().startswith("pop") else "imap"
    wanted, login = asked.read(url, protocol), tasks.imap_login(request.user.pk)
    said, name = wanted.missing, wanted.path.partition(";")[0].strip("/")
    if wanted.server and protocol == "pop3":
        said = _(
            "Mail reads your mailbox by IMAP. POP3 can be spoken in the Console: USER, PASS, LIST, RETR."
        )
    elif wanted.server and (login is None or login.server_id != wanted.server.pk):
        said = _("You have no mailbox at %(host)s.") % {"host": wanted.host}
    elif wanted.server and wanted.user and wanted.user != login.user_name:
        said = _("Mail shows your own mailbox, not that of %(name)s.") % {"name": wanted.user[:100]}
    folder = None
    if not said and name and name.upper() != "INBOX":
        folder = _folders(request).filter(name=name, selectable=True).first()
        said = "" if folder else _("There is no folder %(name)s here.") % {"name": name[:200]}
    if said:
        messages.warning(request, said)
    return redirect("mail-folder", folder.pk) if folder else redirect("mail")


def _letter(request: HttpRequest, pk: int) -> Message:
    rows = Message.objects.select_related("folder__mailbox")
    return get_object_or_404(rows, pk=pk, folder__mailbox__login__person=request.user)


def _raw(row: Message, limit: int = -1) -> bytes:
    try:
        return letters.read(row.letter, limit) if row.letter else b""
    except OSError:
        # The cache was emptied behind our back: forget it, so that the letter is fetched anew.
        Message.objects.filter(pk=row.pk).update(letter="")
        return b""


def _changed(request: HttpRequest, folder: Folder) -> HttpResponse:
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = f"mail-folder-{folder.pk}, mail-folders"
    return answer


def _toast(
    request: HttpRequest, text: str, undo=None, refused: bool = False, trigger: str = ""
) -> HttpResponse:
    answer = render(request, "webmail/_toast.html", {"text": text, "undo": undo, "refused": refused})
    answer["HX-Retarget"], answer["HX-Reswap"] = "#toasts", "innerHTML"
    if trigger:
        answer["HX-Trigger"] = trigger
    return answer

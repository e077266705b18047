"""What a person asked for, done in the worker: open the recording, speak to the server, store the result."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import shared_task
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError

from accounts.models import Login, User
from protocols.errors import Refused, WireError
from webmail import index, letters, reading, sending
from webmail.connections import borrowed
from webmail.live import tell
from webmail.models import Folder, Mailbox, Message, Move, OutgoingMessage

log = logging.getLogger(__name__)
FETCH_LIMIT = 40 * 1024 * 1024
AHEAD, AHEAD_SIZE = 5, 256 * 1024
OURS = ("gone", "no-auth")
"""Causes of a refusal that the server did not put into words itself."""

FLAGS = {"seen": "\\Seen", "flagged": "\\Flagged", "answered": "\\Answered"}


@shared_task
def refresh_folders(person_id: int, tab: str = "") -> None:
    """Ask which folders there are, and bring INBOX up to date."""
    login = imap_login(person_id)
    if login is None:
        return
    mailbox, _made = Mailbox.objects.get_or_create(login=login)
    try:
        with borrowed(login, gettext_noop("List the folders"), tab=tab, aside=True) as (session, _action):
            folders = index.store_folders(mailbox, session.folders())
    except WireError as error:
        Mailbox.objects.filter(pk=mailbox.pk).update(trouble=trouble(error))
        tell(person_id, "folders")
        return
    tell(person_id, "folders")
    for folder in folders:
        if folder.special == "inbox":
            refresh_folder(folder.pk, tab)


@shared_task
def refresh_folder(folder_id: int, tab: str = "", quiet: bool = False) -> None:
    """Bring the index of a folder up to date, and fetch the first unseen letters ahead."""
    folder = (
        Folder.objects.select_related("mailbox__login__person", "mailbox__login__server")
        .filter(pk=folder_id)
        .first()
    )
    if folder is None or not folder.selectable:
        return
    login = folder.mailbox.login
    cause = gettext_noop("New mail") if quiet else gettext_noop("Refresh a folder")
    try:
        with borrowed(login, cause, tab=tab, subject=folder.label, quiet=quiet, aside=True) as (
            session,
            action,
        ):
            changed = index.refresh(folder, session, lambda: tell(login.person_id, "folder", folder.pk))
            if changed and quiet:
                action.news()
            changed = _fetch_ahead(folder, session) or changed
        Mailbox.objects.filter(pk=folder.mailbox_id).exclude(trouble={}).update(trouble={})
    except WireError as error:
        Mailbox.objects.filter(pk=folder.mailbox_id).update(trouble=trouble(error))
        changed = True
    if changed:
        tell(login.person_id, "folder", folder.pk)
        tell(login.person_id, "folders")


@shared_task
def fetch_message(message_id: int, tab: str = "") -> None:
    """Fetch a letter's bytes and mark it read."""
    message = _message(message_id)
    if message is None:
        return
    login = message.folder.mailbox.login
    try:
        with borrowed(login, gettext_noop("Open a message"), tab=tab, subject=message.subject) as (
            session,
            _action,
        ):
            session.select(message.folder.name)
            if not message.letter:
                _keep(message, session.fetch_message(message.uid, FETCH_LIMIT), login.person_id)
            if not message.seen:
                session.store([message.uid], add=["\\Seen"])
                _seen(message)
    except WireError as error:
        Message.objects.filter(pk=message.pk).update(trouble=trouble(error))
    tell(login.person_id, "message", message.pk)
    tell(login.person_id, "folders")


@shared_task
def set_flags(folder_id: int, uids: list[int], field: str, value: bool, tab: str = "") -> None:
    """Set or remove a flag (seen, flagged, answered) of letters; the index was changed by the view already."""

    def work(session, folder):
        session.select(folder.name)
        flags = [FLAGS[field]]
        session.store(uids, add=flags if value else (), remove=() if value else flags)

    _in_folder(folder_id, gettext_noop("Set flags"), tab, work)


@shared_task
def move_messages(move_id: int, tab: str = "") -> None:
    """Move the letters of a Move; they leave the index when the server has moved them."""
    move = Move.objects.select_related("origin", "target").filter(pk=move_id, moved=None).first()
    if move is None:
        return
    uids = [one["uid"] for one in move.letters]

    def work(session, folder):
        session.select(folder.name)
        session.move(uids, move.target.name)
        move.moved = timezone.now()
        move.save(update_fields=["moved"])

    if not _in_folder(move.origin_id, gettext_noop("Move messages"), tab, work):
        Message.objects.filter(folder=move.origin_id, uid__in=uids).update(leaving=None)
    refresh_folder(move.target_id, tab)
    refresh_folder(move.origin_id, tab)


@shared_task
def undo_move(move_id: int, tab: str = "") -> None:
    """Move letters back: known again in the target by their Message-ID, or by size and time."""
    if not Move.objects.filter(pk=move_id, undone=None).update(undone=timezone.now()):
        return
    move = Move.objects.get(pk=move_id)
    uids = []
    for one in move.letters:
        rows = Message.objects.filter(folder=move.target_id, size=one["size"], message_id=one["message_id"])
        uids += list(rows.order_by("-uid").values_list("uid", flat=True)[:1])
    back = Move.objects.create(
        person_id=move.person_id,
        origin_id=move.target_id,
        target_id=move.origin_id,
        letters=[{"uid": uid, "size": 0, "message_id": ""} for uid in sorted(set(uids))],
    )
    if uids:
        move_messages(back.pk, tab)


@shared_task
def delete_messages(folder_id: int, uids: list[int], tab: str = "") -> None:
    """Remove letters for good (they are in Trash already)."""

    def work(session, folder):
        session.select(folder.name)
        session.store(uids, add=["\\Deleted"])
        session.expunge(uids)

    _in_folder(folder_id, gettext_noop("Delete messages"), tab, work)
    refresh_folder(folder_id, tab)


@shared_task
def create_folder(person_id: int, name: str, tab: str = "") -> None:
    """Make a folder and show it."""
    login = imap_login(person_id)
    if login is None:
        return
    try:
        with borrowed(login, gettext_noop("Create a folder"), tab=tab, subject=name) as (session, _action):
            session.create(name)
    except WireError as error:
        Mailbox.objects.filter(login=login).update(trouble=trouble(error))
        tell(person_id, "folders")
        return
    refresh_folders(person_id, tab)


@shared_task(acks_late=True)
def send_message(outgoing_id: int, tab: str = "") -> None:
    """Send a letter to those recipients who wait for it, once; then keep a copy in Sent."""
    if sending.send(outgoing_id, tab):
        append_copy.delay(outgoing_id, tab)


@shared_task
def append_copy(outgoing_id: int, tab: str = "") -> None:
    """Put a copy of a sent letter into Sent. A copy that fails is told of; it never sends anything again."""
    rows = OutgoingMessage.objects.filter(pk=outgoing_id, copy=OutgoingMessage.Copy.WAITING)
    # Claimed by the failed state: a run that dies leaves a copy missing, never a second one.
    if not rows.update(copy=OutgoingMessage.Copy.FAILED):
        return
    outgoing = OutgoingMessage.objects.get(pk=outgoing_id)
    login = imap_login(outgoing.person_id)
    folder = Folder.objects.filter(mailbox__login=login, special="sent").first() if login else None
    done = {"copy": OutgoingMessage.Copy.KEPT, "copy_words": "", "copy_trouble": {}}
    if login is None:
        return
    try:
        with borrowed(
            login, gettext_noop("Keep a copy in Sent"), tab=tab, subject=outgoing.subject, aside=True
        ) as (
            session,
            _a,
        ):
            name = folder.name if folder else "Sent"
            session.append(name, letters.read(outgoing.raw), ["\\Seen"], outgoing.made)
    except WireError as error:
        done = {
            "copy_words": error.text if isinstance(error, Refused) else "",
            "copy_trouble": trouble(error),
        }
    OutgoingMessage.objects.filter(pk=outgoing_id).update(**done)
    tell(outgoing.person_id, "outgoing", outgoing_id)
    if folder:
        refresh_folder(folder.pk, quiet=True)


@shared_task
def sweep_outgoing() -> None:
    """Requeue what a dead worker left before DATA, mark the rest uncertain, retry what is due."""
    for outgoing_id, tab in sending.sweep():
        send_message.delay(outgoing_id, tab)
    for outgoing_id in sending.copies_left():
        append_copy.delay(outgoing_id)


def begin_sending(outgoing_id: int, tab: str = "") -> None:
    """Have a queued letter sent. A broker that is away costs time, not the letter: the next sweep finds it."""
    try:
        send_message.delay(outgoing_id, tab)
    except OperationalError:
        log.warning("letter %s waits for the next sweep: the broker does not answer", outgoing_id)


def imap_login(person_id: int) -> Login | None:
    """The login at the IMAP server where a person's mail is."""
    rows = Login.objects.select_related("person", "server").filter(person=person_id, server__protocol="imap")
    return rows.filter(server__enabled=True).order_by("-server__lab", "pk").first()


def trouble(error: WireError) -> dict:
    """An error as a row keeps it: the key of its sentence, its parameters, the server's words."""
    words = error.text if isinstance(error, Refused) and error.params.get("cause") not in OURS else ""
    return {"key": error.key, "params": error.params, "words": words, "text": str(error)}


def _in_folder(folder_id: int, cause: str, tab: str, work) -> bool:
    folder = (
        Folder.objects.select_related("mailbox__login__person", "mailbox__login__server")
        .filter(pk=folder_id)
        .first()
    )
    if folder is None:
        return False
    login, done = folder.mailbox.login, True
    try:
        with borrowed(login, cause, tab=tab, subject=folder.label) as (session, _action):
            work(session, folder)
    except WireError as error:
        Mailbox.objects.filter(pk=folder.mailbox_id).update(trouble=trouble(error))
        done = False
    tell(login.person_id, "folder", folder_id)
    tell(login.person_id, "folders")
    return done


def _fetch_ahead(folder: Folder, session) -> bool:
    rows: Sequence[Message] = folder.letters.filter(seen=False, letter="", size__lt=AHEAD_SIZE).order_by(
        "-uid"
    )[:AHEAD]
    for message in rows:
        try:
            _keep(message, session.fetch_message(message.uid, FETCH_LIMIT), folder.mailbox.login.person_id)
        except Refused:
            continue
    return bool(rows)


def _keep(message: Message, raw: bytes, person_id: int) -> None:
    letter = reading.read(raw[: reading.TEXT_LIMIT])
    path = letters.keep(person_id, "bodies", raw)
    preview = " ".join((letter.text or "").split())[:160]
    done = {"letter": path, "preview": preview, "trouble": {}}
    if not Message.objects.filter(pk=message.pk, letter="").update(**done):
        letters.drop(path)


def _seen(message: Message) -> None:
    with transaction.atomic():
        if Message.objects.filter(pk=message.pk, seen=False).update(seen=True):
            Folder.objects.filter(pk=message.folder_id, unseen__gt=0).update(unseen=F("unseen") - 1)


def _message(message_id: int) -> Message | None:
    rows = Message.objects.select_related("folder__mailbox__login__person", "folder__mailbox__login__server")
    return rows.filter(
        pk=message_id, folder__mailbox__login__person__in=User.objects.filter(is_active=True)
    ).first()

"""What a person asked for, done in the worker: open the recording, speak to the server, store the result."""

from __future__ import annotations

import time
from datetime import timedelta

from asgiref.sync import async_to_sync
from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_noop

from protocols.errors import Refused, TooMuch, WireError
from protocols.ftp import names
from webftp import client, listing, tickets, upload
from webftp.connections import borrowed
from webftp.forms import PARENTS
from webftp.live import tell
from webftp.models import Folder, Job, Site, Ticket, key_of

TOLD = 0.5
"""Seconds between two words on how far a job is."""

CAUSES = {
    "mkdir": gettext_noop("Make a folder"),
    "rename": gettext_noop("Rename"),
    "move": gettext_noop("Move"),
    "delete": gettext_noop("Delete"),
    "chmod": gettext_noop("Change permissions"),
}
KEPT = timedelta(days=7)
STALE = timedelta(minutes=3)
"""How long a running transfer, which writes down each second how far it is, may be silent."""


class Stopped(Exception):
    """The person pressed Stop."""


@shared_task
def list_folder(site_id: int, path: str, tab: str = "") -> None:
    """List a folder; an empty ``path`` is where the server puts us after signing in.

    Where it is a file, the folder that it is in is listed, and the row of ``path`` says so (``Folder.is_file``).
    """
    site = Site.objects.select_related("server", "person").filter(pk=site_id).first()
    if site is None:
        return
    folder = _folder(site, path or site.home or "/")
    try:
        with borrowed(site, gettext_noop("List a folder"), tab=tab, subject=path) as (session, _action):
            if not site.home:
                site.home = names.clean(session.pwd())
                Site.objects.filter(pk=site.pk).update(home=site.home)
                folder = _folder(site, path or site.home)
            try:
                _keep(site, folder, session.entries(folder.path))
            except Refused as error:
                if error.retry or not client.is_file(session, folder.path):
                    raise
                parent = _folder(site, folder.path.rpartition("/")[0] or "/")
                _keep(site, parent, session.entries(parent.path))
                Folder.objects.filter(pk=folder.pk).update(listed=None, trouble=Folder.FILE)
    except WireError as error:
        Folder.objects.filter(pk=folder.pk).update(trouble=trouble(error))
    tell(site.person_id, "folder", site.pk)


@shared_task
def run_job(job_id: int, tab: str = "") -> None:
    """Do what a Job says, name by name, until it is done, fails, or is told to stop."""
    job = Job.objects.select_related("site__server", "site__person", "undoes").filter(pk=job_id).first()
    if job is None or job.state != Job.State.RUNNING or job.done:
        return
    subject = job.names[0] if len(job.names) == 1 else ""
    progress, folders = Progress(job), _folders(job)
    try:
        with borrowed(job.site, CAUSES[job.verb], tab=tab, subject=subject) as (session, action):
            try:
                if job.undoes:
                    _undo(session, job, progress)
                else:
                    for name in job.names:
                        _do(session, job, name, progress, folders)
                job.state, action.outcome = Job.State.DONE, "done"
                action.reply = session.last
            except Refused as error:
                # The server merely said no: the connection is as good as before.
                job.state, job.trouble = Job.State.FAILED, trouble(error)
                action.fail(error)
                action.reply = "" if "cause" in error.params else action.reply
            except Stopped:
                job.state, action.outcome = Job.State.STOPPED, "later"
            _list_again(session, job)
    except WireError as error:
        job.state, job.trouble = Job.State.FAILED, trouble(error)
    job.ended = timezone.now()
    job.save(update_fields=["state", "trouble", "done", "now", "undo", "ended"])
    if job.undoes_id and job.state == Job.State.DONE:
        Job.objects.filter(pk=job.undoes_id).update(undone=True)
    tell(job.site.person_id, "job", job.pk)
    tell(job.site.person_id, "folder", job.site_id)


@shared_task
def tidy() -> None:
    """Forget old listings, jobs and tickets; name jobs that a dead worker left; delete parts that stayed behind."""
    now = timezone.now()
    Job.objects.filter(state=Job.State.RUNNING, beat__lt=now - timedelta(minutes=10)).update(
        state=Job.State.FAILED,
        ended=now,
        trouble={"key": "error.unreachable.lost", "params": {}, "words": ""},
    )
    _end_stale(now)
    for ticket in Ticket.objects.filter(left=True).select_related("site__server", "site__person")[:50]:
        _delete_part(ticket)
    Folder.objects.filter(listed__lt=now - KEPT).delete()
    Job.objects.filter(made__lt=now - KEPT).delete()
    Ticket.objects.filter(made__lt=now - KEPT, left=False).delete()


def trouble(error: WireError) -> dict:
    """An error as a row keeps it: the key of its sentence, its parameters, the server's words."""
    # What we refuse ourselves has a cause; the server said nothing of it.
    said = isinstance(error, Refused) and "cause" not in error.params
    words = f"{error.code} {error.text}" if said else ""
    return {"key": error.key, "params": error.params, "words": words[:500]}


class Progress:
    """Tells, twice a second at most, what a job stands at, and hears whether it is to stop."""

    def __init__(self, job: Job) -> None:
        self._job, self._told = job, 0.0

    def __call__(self, path: str) -> None:
        self._job.now = path
        if time.monotonic() - self._told < TOLD:
            return
        self._told = time.monotonic()
        job = Job.objects.filter(pk=self._job.pk)
        job.update(done=self._job.done, now=path, beat=timezone.now())
        tell(self._job.site.person_id, "job", self._job.pk)
        if job.filter(stop=True).exists():
            raise Stopped


def _do(session, job: Job, name: str, progress: Progress, folders: set[str]) -> None:
    path = names.join(job.folder, name)

    def step(place: str) -> None:
        progress(place)
        job.done += 1

    if job.verb == Job.Verb.MKDIR and job.target == PARENTS:
        client.make(session, job.folder, name, progress)
        job.done += 1
    elif job.verb == Job.Verb.MKDIR:
        step(path)
        session.mkd(path)
    elif job.verb == Job.Verb.DELETE:
        client.delete(session, path, name in folders, step)
    elif job.verb == Job.Verb.CHMOD:
        client.chmod(session, path, job.target, step)
    else:
        new = job.target if job.verb == Job.Verb.RENAME else names.join(job.target, name)
        new = new if new.startswith("/") else names.join(job.folder, new)
        if client.rename(session, path, new, step):
            job.undo.append([new, path])


def _undo(session, job: Job, progress: Progress) -> None:
    """Name everything as it was named before, the last first."""
    for new, old in reversed(job.undoes.undo):
        client.rename(session, new, old, progress)
        job.done += 1


def _folders(job: Job) -> set[str]:
    """Which of the folder's entries are folders, as last listed."""
    row = Folder.objects.filter(site=job.site_id, key=key_of(job.folder)).first()
    return {entry.name for entry in listing.unpack(row.rows) if entry.kind == "dir"} if row else set()


def _list_again(session, job: Job) -> None:
    """Bring the listings that the work changed up to date, on the same connection."""
    pairs = [*job.undo, *(job.undoes.undo if job.undoes else ())]
    paths = {job.folder, *(path.rpartition("/")[0] or "/" for pair in pairs for path in pair)}
    for path in paths:
        try:
            _keep(job.site, _folder(job.site, path), session.entries(path))
        except (Refused, TooMuch):
            continue  # the page lists it anew when it is opened


def _keep(site: Site, folder: Folder, entries) -> None:
    rows = listing.rows_of(entries, tickets.passing(site.server_id))
    Folder.objects.filter(pk=folder.pk).update(
        rows=listing.pack(rows), count=len(rows), listed=timezone.now(), trouble={}
    )


def _folder(site: Site, path: str) -> Folder:
    row, _made = Folder.objects.get_or_create(site=site, key=key_of(path), defaults={"path": path})
    return row


def _end_stale(now) -> None:
    """Name transfers whose process is gone; what their uploads left is put in order like any other."""
    running = Ticket.objects.filter(state=Ticket.State.RUNNING)
    running.filter(used__lt=now - timedelta(hours=13)).update(state=Ticket.State.FAILED)
    stale = running.filter(beat__lt=now - STALE).exclude(direction=Ticket.Direction.VIEW)
    stale.filter(direction=Ticket.Direction.UP, site__isnull=False).update(left=True)
    stale.update(
        state=Ticket.State.FAILED,
        trouble={"key": "error.unreachable.lost", "params": {}, "words": ""},
    )


def _delete_part(ticket: Ticket) -> None:
    """An upload broke off with the server away: its part is deleted once the server is back."""
    gave_up = ticket.made < timezone.now() - timedelta(days=2)
    if ticket.site is None or gave_up or async_to_sync(upload.put_in_order)(ticket):
        Ticket.objects.filter(pk=ticket.pk).update(left=False)

"""One-time tickets: a view issues them, ``transfers`` lets a request pass for one and only once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from webftp.models import Site, Ticket

LIFE = timedelta(minutes=10)
"""A queue of uploads takes its tickets one by one, so a ticket need not live long."""


def issue(
    person, session: str, direction: str, folder: str, names: list[str], *, site: Site | None = None, **more
) -> tuple[Ticket, str]:
    """Make a ticket for ``person`` in their web ``session``; return it with its key, which is kept nowhere."""
    key = secrets.token_urlsafe(24)
    ticket = Ticket.objects.create(
        digest=_digest(key),
        person=person,
        session=_digest(session),
        site=site,
        direction=direction,
        folder=folder,
        names=names,
        expires=timezone.now() + LIFE,
        **more,
    )
    return ticket, key


def look(person_id: int, session: str, key: str, directions: tuple[str, ...]) -> Ticket | None:
    """The ticket of ``key`` where it could be used now; it stays unused (HEAD)."""
    return _usable(person_id, session, key, directions).first()


def take(person_id: int, session: str, key: str, directions: tuple[str, ...]) -> Ticket | None:
    """Use the ticket of ``key``: for whom it was made, in time, and never twice; None in every other case."""
    now = timezone.now()
    if not _usable(person_id, session, key, directions).update(
        used=now, beat=now, state=Ticket.State.RUNNING
    ):
        return None
    return Ticket.objects.select_related("site__server", "site__person", "person").get(digest=_digest(key))


def passing(server_id: int) -> set[str]:
    """Names under which files stand at a server while they are on their way there: whoever lists it sees them not.

    A part whose upload is over, however it ended, is a file like any other, for only its owner could delete it.
    """
    running = Ticket.objects.filter(
        site__server=server_id, state=Ticket.State.RUNNING, direction=Ticket.Direction.UP
    )
    return {path.rpartition("/")[2] for row in running for path in (row.part, row.aside)}


def _usable(person_id: int, session: str, key: str, directions: tuple[str, ...]):
    return Ticket.objects.select_related("site__server", "site__person", "person").filter(
        digest=_digest(key),
        person=person_id,
        person__is_active=True,
        session=_digest(session),
        direction__in=directions,
        used=None,
        expires__gt=timezone.now(),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

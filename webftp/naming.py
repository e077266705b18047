"""Who gives a file its name: one at a time looks that it is free and takes it, in whichever process they are.

FTP has no command for that: SIZE and RNTO are two, and RNTO writes over what is there (RFC 959, 4.1.3). So a ticket
claims the name in the database, whose unique column lets one have it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from webftp.models import Ticket, key_of
from webftp.warm import database

AGAIN = 0.1
"""Seconds until a name that another holds is asked for again."""

DEAD = timedelta(seconds=60)
"""A transfer writes down each second that it runs; one that was silent for so long holds no name any more."""


@asynccontextmanager
async def alone(ticket: Ticket) -> AsyncIterator[None]:
    """Be the only one who names a file at the ticket's site and path; waits while another is."""
    key = key_of(f"{ticket.site_id} {ticket.path}")
    try:
        while not await database(_claimed)(ticket.pk, key):
            await asyncio.sleep(AGAIN)
        yield
    finally:
        await asyncio.shield(database(_let_go)(ticket.pk))


def _claimed(pk: int, key: str) -> bool:
    over = Q(beat__lt=timezone.now() - DEAD) | ~Q(state=Ticket.State.RUNNING)
    Ticket.objects.filter(over, naming=key).update(naming=None)
    try:
        with transaction.atomic():
            Ticket.objects.filter(pk=pk).update(naming=key)
    except IntegrityError:
        return False
    return True


def _let_go(pk: int) -> None:
    Ticket.objects.filter(pk=pk).update(naming=None)

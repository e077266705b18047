"""Who is signed in still: what the pages ask at each request, asked again for sockets, which outlive it."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User


def held(keys: Iterable[str]) -> set[str]:
    """Return those session keys of ``keys`` whose person is signed in still: active, not signed out, same password."""
    rows = Session.objects.filter(session_key__in=list(keys), expire_date__gt=timezone.now())
    told = {row.session_key: row.get_decoded() for row in rows}
    people = User.objects.filter(
        pk__in={one.get(SESSION_KEY) for one in told.values()} - {None}, is_active=True
    )
    hashes = {str(person.pk): person.get_session_auth_hash() for person in people}
    return {
        key
        for key, one in told.items()
        if constant_time_compare(one.get(HASH_SESSION_KEY) or "", hashes.get(one.get(SESSION_KEY)) or "-")
    }


def end(person: User, **_told: object) -> None:
    """Sign ``person`` out everywhere: a session does not come back to life when the person is enabled again."""
    for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if row.get_decoded().get(SESSION_KEY) == str(person.pk):
            row.delete()

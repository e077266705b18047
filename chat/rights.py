"""Who reads which part of which talk: the one place that says so."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import SchoolClass, User
from chat.models import Message, Stay, Talk, Window


def windows(person: User) -> QuerySet[Window]:
    """The windows that ``person`` has, on networks whose server is in use."""
    if not person.is_active:
        return Window.objects.none()
    rows = Window.objects.filter(network__person=person, network__server__enabled=True)
    return rows.select_related("talk", "network")


def talk(person: User, pk: int) -> Talk | None:
    """The talk ``pk`` where ``person`` has a window on it; else None."""
    window = windows(person).filter(talk_id=pk).first()
    return window.talk if window else None


def readable(person: User, of: Talk) -> QuerySet[Message]:
    """The messages of ``of`` that ``person`` may read: all of an own query, of an own class's channel
    all since it is the class's, and of any channel those of the times that the person's own connection was in it."""
    rows = Message.objects.filter(talk=of)
    if not person.is_active:
        return rows.none()
    if of.owner_id is not None:
        return rows if of.owner.person_id == person.pk else rows.none()
    stays = Stay.objects.filter(window__talk_id=of.pk, window__network__person=person)
    covers = stays.filter(first__lte=OuterRef("pk")).filter(Q(last=None) | Q(last__gte=OuterRef("pk")))
    mine = Q(Exists(covers))
    if of.school_class_id is not None and _attends(person, of.school_class_id):
        mine |= Q(pk__gte=of.open_from)
    return rows.filter(mine)


def _attends(person: User, school_class: int) -> bool:
    ours = SchoolClass.objects.filter(Q(students=person) | Q(teachers=person), pk=school_class)
    return ours.exists()

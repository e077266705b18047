"""Who sees a transcript, and how much of it: the one place that says so."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import SchoolClass, User
from transcripts.models import Transcript


def visible(person: User) -> QuerySet[Transcript]:
    """Return the transcripts that ``person`` may look at: own, of own students, shared with own classes."""
    if not person.is_active:
        return Transcript.objects.none()
    classes = SchoolClass.objects.filter(Q(students=person) | Q(teachers=person))
    students = User.objects.filter(attends__teachers=person)
    ours = Q(owner=person) | Q(owner__in=students) | Q(shared_with__in=classes)
    return Transcript.objects.filter(ours).select_related("conversation", "owner", "shared_with")


def find(person: User, pk: int) -> Transcript | None:
    """Return transcript ``pk`` where ``person`` may look at it. One's own is found without asking for classes:
    the dock asks at every handful of lines."""
    row = Transcript.objects.select_related("conversation", "owner", "shared_with").filter(pk=pk).first()
    if row is None or (row.owner_id == person.pk and person.is_active):
        return row
    return visible(person).filter(pk=pk).first()


def reads_bodies(person: User, transcript: Transcript) -> bool:
    """Letters and talks are for the owner, and for the class while the transcript is shared with it."""
    if transcript.owner_id == person.pk:
        return True
    share = transcript.shared_with
    return share is not None and (
        share.students.filter(pk=person.pk).exists() or share.teachers.filter(pk=person.pk).exists()
    )


def classes_of(person: User) -> QuerySet[SchoolClass]:
    """Return the classes that ``person`` can share with."""
    return SchoolClass.objects.filter(Q(students=person) | Q(teachers=person)).distinct()

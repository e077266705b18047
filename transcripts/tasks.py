"""What is done from time to time: interrupted conversations are named, old ones go; and connection tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import ConnectionTest
from transcripts import live, probe
from transcripts.models import Conversation, Transcript

SILENT = timedelta(minutes=2)
KEPT = timedelta(days=14)
MOST_BYTES_EACH = 200 * 1024 * 1024


@shared_task
def tidy() -> None:
    """End what a dead process left open, then forget what is older than 14 days or beyond a person's share."""
    mark_interrupted()
    forget_old()
    forget_beyond_share()


@shared_task
def test_connection(test_id: int) -> None:
    """Do a connection test that an admin asked for."""
    test = ConnectionTest.objects.select_related("server", "by").filter(pk=test_id, ended=None).first()
    if test is not None:
        probe.run(test)


def start_test(test: ConnectionTest, **_: Any) -> None:
    """The signal's receiver: the page does not wait."""
    test_connection.delay(test.pk)


def mark_interrupted() -> None:
    """A process that was killed shows no sign: its conversations and transcripts end as interrupted."""
    now = timezone.now()
    dead = Conversation.objects.filter(ended=None, seen__lt=now - SILENT)
    for conversation in dead:
        for row in Transcript.objects.filter(conversation=conversation, ended=None):
            row.last, row.ended = max(conversation.lines, row.first - 1), now
            row.outcome, row.reply = "later", "interrupted"
            row.save(update_fields=["last", "ended", "outcome", "reply"])
            live.transcript_changed(row.owner_id, row.pk)
    dead.update(ended=F("seen"), interrupted=True)


def forgettable():
    """Ended conversations without a pinned or shared transcript."""
    kept = Transcript.objects.filter(pinned=True) | Transcript.objects.filter(shared_with__isnull=False)
    return Conversation.objects.filter(ended__isnull=False).exclude(pk__in=kept.values("conversation"))


def forget_old() -> None:
    """Retention by age."""
    forgettable().filter(ended__lt=timezone.now() - KEPT).delete()


def forget_beyond_share() -> None:
    """Retention by size per person: the oldest go first."""
    for owner, total in Conversation.objects.values_list("owner").annotate(all=Sum("size")):
        for conversation in forgettable().filter(owner=owner).order_by("started").iterator():
            if total <= MOST_BYTES_EACH:
                break
            total -= conversation.size
            conversation.delete()

"""Recording what is said to a server: wrap its socket's sink, and say which action the lines belong to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from accounts.models import Server, User
from protocols.errors import Refused, WireError
from protocols.events import Event
from transcripts import live
from transcripts.conversation import Scribe
from transcripts.models import Conversation, Transcript
from transcripts.signals import transcript_closed
from transcripts.writer import writer

log = logging.getLogger(__name__)
PATIENCE = 5.0
"""Seconds an action waits for its lines to be saved; a slower database delays the lines, not the work."""


class Action:
    """One action's transcript while it runs. ``outcome`` is "" until a room or the last reply says one."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self.id = transcript.pk
        self.outcome = self.reply = ""

    def fail(self, error: WireError) -> None:
        """``error`` is what the action ended with."""
        self.outcome = "later" if error.retry else "refused"
        self.reply = _storable(f"{error.code} {error.text}") if isinstance(error, Refused) else ""

    def news(self) -> None:
        """A quiet poll brought something: it shows in the dock after all."""
        if self._transcript.quiet:
            self._transcript.quiet = False
            Transcript.objects.filter(pk=self.id).update(quiet=False)
            live.transcript_changed(self._transcript.owner_id, self.id)


class Recording:
    """One TCP connection being recorded. ``sink`` takes its events and never blocks."""

    def __init__(self, conversation: Conversation) -> None:
        self.id = conversation.pk
        self._conversation = conversation
        self._scribe = Scribe(conversation.pk, conversation.protocol, conversation.origin)
        self._writer = writer()

    def sink(self, event: Event) -> None:
        """Given to a protocol's client."""
        self._writer.tell(self._scribe, event)

    def close(self) -> None:
        """The connection is over. May be called twice."""
        writer().end(self._scribe)

    @contextmanager
    def transcript(
        self, cause: str, *, tab: str = "", subject: str = "", quiet: bool = False, aside: bool = False
    ) -> Iterator[Action]:
        """What is said inside is the transcript of one action.

        ``cause`` is a msgid of the room; ``aside`` says that no press of a button asked for it. A WireError that
        leaves the block gives the outcome. On leaving, the lines are saved (within PATIENCE), the row is closed,
        viewers and ``transcript_closed`` are told.
        """
        row = self._begin(cause, tab, subject, quiet, aside)
        action = Action(row)
        try:
            yield action
        except WireError as error:
            action.fail(error)
            raise
        except BaseException:
            action.outcome = action.outcome or "refused"
            raise
        finally:
            self._finish(row, action)

    def _begin(self, cause: str, tab: str, subject: str, quiet: bool, aside: bool) -> Transcript:
        last, _, _ = _wait(writer().mark(self._scribe, fresh=True), self._scribe)
        row = Transcript.objects.create(
            owner_id=self._conversation.owner_id,
            conversation=self._conversation,
            cause=cause[:120],
            tab=tab,
            subject=_storable(subject),
            first=last + 1,
            quiet=quiet,
            aside=aside,
        )
        if not quiet:
            live.transcript_changed(row.owner_id, row.pk)
        return row

    def _finish(self, row: Transcript, action: Action) -> None:
        last, outcome, badge = _wait(writer().mark(self._scribe), self._scribe)
        row.last, row.ended = max(last, row.first - 1), timezone.now()
        # A last reply that says another thing than what came of the action (250, and then a broken line) is no sign.
        fits = action.outcome in ("", outcome)
        row.outcome, row.reply = action.outcome or outcome or "done", action.reply or (badge if fits else "")
        row.save(update_fields=["last", "ended", "outcome", "reply"])
        live.transcript_changed(row.owner_id, row.pk)
        transcript_closed.send_robust(sender=Transcript, transcript=row)


def open_recording(*, owner: User, server: Server, origin: str = "app") -> Recording:
    """Begin to record one TCP connection of ``owner`` with ``server``."""
    return Recording(
        Conversation.objects.create(
            owner=owner,
            server=server,
            protocol=server.protocol,
            host=server.host,
            port=server.port,
            origin=origin,
            writer=writer().name,
        )
    )


def _storable(text: str) -> str:
    """What a column of text takes: no NUL, which somebody may type and PostgreSQL refuses, and 200 letters of it."""
    return text.replace("\0", "␀")[:200]


def _wait(future, scribe: Scribe) -> tuple[int, str, str]:
    try:
        return future.result(PATIENCE)
    except TimeoutError:
        log.warning("conversation %s: its lines wait for the database", scribe.pk)
        return scribe.last, scribe.outcome, scribe.badge

"""A letter's way out. It is sent once, visibly failed, or honestly uncertain, whichever process dies.

A run claims the letter by a conditional UPDATE and holds it by a lease, which it renews while it lives.
``data_started`` is committed before DATA is said. A lease that ran out before that means nothing was sent: queue
it again. One that ran out after means nobody knows (RFC 5321, 6.1): a person decides.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts import reach
from protocols.errors import Refused, WireError
from protocols.login import Limits
from protocols.smtp import client as smtp
from webmail import letters
from webmail.live import tell
from webmail.models import OutgoingMessage, OutgoingRecipient
from webmail.recording import record

State = OutgoingRecipient.State
log = logging.getLogger(__name__)
LEASE, RENEW = timedelta(seconds=60), 15.0
LIMITS = Limits(total=300, reply=1024 * 1024)
BACKOFF = (60, 300, 1800, 7200)  # seconds before each automatic retry after a 4xx or a lost line


def send(outgoing_id: int, tab: str = "") -> bool:
    """Send to the queued recipients; return whether somebody has it now. A letter in other hands is left alone."""
    outgoing = _claim(outgoing_id)
    if outgoing is None:
        return False
    tell(outgoing.person_id, "outgoing", outgoing_id)
    try:
        raw = letters.read(outgoing.raw)
        with _held(outgoing):
            answers = _speak(outgoing, raw, tab or outgoing.tab)
    except WireError as error:
        _failed(outgoing, error)
        answers = {}
    except Exception:
        # Whatever nobody thought of: the letter's state tells the truth all the same.
        log.exception("letter %s", outgoing_id)
        _failed(outgoing, WireError("the lab itself stumbled", cause="lab"))
        answers = {}
    else:
        _settle(outgoing, answers)
    tell(outgoing.person_id, "outgoing", outgoing_id)
    return outgoing.recipients.filter(state=State.SENT).exists()


def sweep() -> list[tuple[int, str]]:
    """Settle what dead workers left; return ``(id, tab)`` of letters to be sent now.

    Among them are letters whose task was lost with its broker before any worker had it.
    """
    now = timezone.now()
    for outgoing in OutgoingMessage.objects.exclude(claim="").filter(lease__lt=now):
        with transaction.atomic():
            if not _release(outgoing):
                continue
            after = State.UNCERTAIN if outgoing.data_started else State.QUEUED
            outgoing.recipients.filter(state=State.SENDING).update(state=after)
        tell(outgoing.person_id, "outgoing", outgoing.pk)
    queued = OutgoingMessage.objects.filter(
        claim="", recipients__state=State.QUEUED, made__lt=now - timedelta(seconds=10)
    )
    due = queued.filter(Q(next_try=None) | Q(next_try__lte=now)).distinct()
    return list(due.values_list("pk", "tab")[:200])


def copies_left() -> list[int]:
    """Letters that somebody got and of which no copy was begun: their worker died in between."""
    before = timezone.now() - LEASE
    sent = OutgoingMessage.objects.filter(claim="", copy=OutgoingMessage.Copy.WAITING, made__lt=before)
    return list(sent.filter(recipients__state=State.SENT).distinct().values_list("pk", flat=True)[:200])


@contextmanager
def _held(outgoing: OutgoingMessage) -> Iterator[None]:
    """Renew the lease every RENEW seconds, so that a dead worker's letter is known within LEASE."""
    done = threading.Event()

    def renew() -> None:
        rows = OutgoingMessage.objects.filter(pk=outgoing.pk, claim=outgoing.claim)
        while not done.wait(RENEW):
            try:
                rows.update(lease=timezone.now() + LEASE)
            except DatabaseError:
                log.warning("the lease of letter %s could not be renewed", outgoing.pk, exc_info=True)
            finally:
                connection.close()

    renewing = threading.Thread(target=renew, name=f"lease-{outgoing.pk}", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join(RENEW)


def _claim(outgoing_id: int) -> OutgoingMessage | None:
    claim, now = secrets.token_hex(8), timezone.now()
    with transaction.atomic():
        rows = OutgoingMessage.objects.filter(pk=outgoing_id, claim="").filter(
            Q(next_try=None) | Q(next_try__lte=now)
        )
        if not rows.update(claim=claim, lease=now + LEASE, data_started=None, next_try=None):
            return None
        waiting = OutgoingRecipient.objects.filter(outgoing=outgoing_id, state=State.QUEUED)
        if not waiting.update(state=State.SENDING, changed=now):
            OutgoingMessage.objects.filter(pk=outgoing_id).update(claim="", lease=None)
            return None
    rows = OutgoingMessage.objects.select_related("login__server", "login__person")
    return rows.get(pk=outgoing_id)


def _speak(outgoing: OutgoingMessage, raw: bytes, tab: str) -> dict[str, tuple[str, str]]:
    login = outgoing.login
    to = list(outgoing.recipients.filter(state=State.SENDING).values_list("address", flat=True))
    recording = record(login)
    try:
        with recording.transcript(gettext_noop("Send"), tab=tab, subject=outgoing.subject) as action:
            OutgoingMessage.objects.filter(pk=outgoing.pk).update(transcript=action.id)
            with smtp.connect(reach.address(login.server), recording.sink, LIMITS) as session:
                session.login(reach.credentials(login))
                replies = session.send(outgoing.sender, to, raw, on_data=lambda: _data_starts(outgoing))
                answers = {path: (str(reply.code), reply.text) for path, reply in replies.items()}
                # Known from here on: kept before QUIT, which a server may let hang.
                _settle(outgoing, answers)
    finally:
        recording.close()
    return answers


def _data_starts(outgoing: OutgoingMessage) -> None:
    now = timezone.now()
    mine = OutgoingMessage.objects.filter(pk=outgoing.pk, claim=outgoing.claim, lease__gt=now)
    if not mine.update(data_started=now, lease=now + LEASE):
        raise WireError("another run has this letter in hand")
    outgoing.data_started = now


def _settle(outgoing: OutgoingMessage, answers: dict[str, tuple[str, str]]) -> None:
    with transaction.atomic():
        if not _release(outgoing):
            _heard_after_all(outgoing, answers)
            return
        later = False
        for path, (code, words) in answers.items():
            later = _answered(outgoing, path, code, words) or later
        if later:
            _try_later(outgoing)


def _heard_after_all(outgoing: OutgoingMessage, answers: dict[str, tuple[str, str]]) -> None:
    """This run stood still until it was taken for dead, and then heard the server: what was uncertain is not."""
    mine = OutgoingMessage.objects.filter(pk=outgoing.pk, claim="", data_started=outgoing.data_started)
    if not outgoing.data_started or not mine.exists():
        return
    for path, (code, words) in answers.items():
        state = State.SENT if code.startswith("2") else State.FAILED
        row = outgoing.recipients.filter(address=path, state=State.UNCERTAIN)
        row.update(state=state, code=code, words=words, changed=timezone.now())


def _failed(outgoing: OutgoingMessage, error: WireError) -> None:
    """The session ended in an error: uncertain after DATA began, else queued again or failed."""
    with transaction.atomic():
        if not _release(outgoing):
            return
        rows = outgoing.recipients.filter(state=State.SENDING)
        kept = {
            "code": getattr(error, "code", ""),
            "words": error.text if isinstance(error, Refused) else "",
            "changed": timezone.now(),
            "trouble": {"key": error.key, "params": error.params},
        }
        if outgoing.data_started:
            rows.update(state=State.UNCERTAIN, **kept)
            return
        answers = getattr(error, "answers", {}) if isinstance(error, Refused) else {}
        later = [_answered(outgoing, path, code, words) for path, (code, words) in answers.items()]
        again = error.retry and outgoing.attempts < len(BACKOFF)
        left = rows.update(state=State.QUEUED if again else State.FAILED, **kept)
        if any(later) or (left and again):
            _try_later(outgoing)


def _answered(outgoing: OutgoingMessage, path: str, code: str, words: str) -> bool:
    """Keep the server's word on one recipient; return whether it will be tried again by itself."""
    again = code.startswith("4") and outgoing.attempts < len(BACKOFF)
    state = State.SENT if code.startswith("2") else State.QUEUED if again else State.FAILED
    row = outgoing.recipients.filter(address=path, state=State.SENDING)
    row.update(state=state, code=code, words=words, changed=timezone.now())
    return again


def _try_later(outgoing: OutgoingMessage) -> None:
    wait = timedelta(seconds=BACKOFF[min(outgoing.attempts, len(BACKOFF) - 1)])
    rows = OutgoingMessage.objects.filter(pk=outgoing.pk)
    rows.update(next_try=timezone.now() + wait, attempts=outgoing.attempts + 1)


def _release(outgoing: OutgoingMessage) -> bool:
    rows = OutgoingMessage.objects.filter(pk=outgoing.pk, claim=outgoing.claim).exclude(claim="")
    return bool(rows.update(claim="", lease=None))

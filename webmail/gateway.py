"""News: one IDLE (RFC 2177) for each person who has a Mail tab open, on their inbox."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts import reach
from protocols.errors import WireError
from protocols.imap import client as imap
from webmail import tasks
from webmail.connections import LIMITS
from webmail.models import Folder, MailTab
from webmail.recording import record

logger = logging.getLogger(__name__)
LOOK, STALE, TURN, GOODBYE = 1.0, timedelta(seconds=60), 20.0, 3.0
"""Seconds between looks at who is there; when a tab that says nothing is gone; seconds of one IDLE, and of the end."""


async def run(stop: asyncio.Event) -> None:
    """Listen for whoever has a Mail tab open, until ``stop`` is set."""
    listeners: dict[int, Listener] = {}
    while not stop.is_set():
        try:
            present = await sync_to_async(_present)()
            for person in [one for one in listeners if one not in present or not listeners[one].is_alive()]:
                listeners.pop(person).end.set()
            for person in present - set(listeners):
                listeners[person] = Listener(person)
                listeners[person].start()
        except Exception:  # a database that is away for a moment must not end the gateway
            logger.exception("could not look who is there")
        try:
            await asyncio.wait_for(stop.wait(), LOOK)
        except TimeoutError:
            continue
    for listener in listeners.values():
        listener.stop()
    await asyncio.to_thread(_wait_for, list(listeners.values()))


def _wait_for(listeners: list[Listener]) -> None:
    """Their connections are closed when they have ended; whom a server holds up longer ends with the process."""
    deadline = time.monotonic() + GOODBYE
    for listener in listeners:
        listener.join(max(0.0, deadline - time.monotonic()))


class Listener(threading.Thread):
    """One person's IDLE, in a thread of its own: IMAPClient blocks. Ends when told, or on an error after a rest."""

    def __init__(self, person_id: int) -> None:
        super().__init__(daemon=True, name=f"idle-{person_id}")
        self.person_id, self.end = person_id, threading.Event()
        self._session: imap.Session | None = None

    def stop(self) -> None:
        """End at once: a turn of IDLE would last until the server says something."""
        self.end.set()
        if session := self._session:
            session.close()

    def run(self) -> None:
        try:
            self._listen()
        except WireError as error:
            if self.end.is_set():
                return
            logger.info("no news for person %s: %s", self.person_id, error)
            self.end.wait(15)
        except Exception:  # the thread's end must be heard of
            logger.exception("listening for person %s ended", self.person_id)
            self.end.wait(15)
        finally:
            connection.close()

    def _listen(self) -> None:
        login = tasks.imap_login(self.person_id)
        folder = Folder.objects.filter(mailbox__login=login, special="inbox").first() if login else None
        if folder is None:
            self.end.wait(3)
            return
        recording = record(login)
        session = None
        try:
            with recording.transcript(gettext_noop("Wait for new mail"), quiet=True):
                session = self._session = imap.connect(reach.address(login.server), recording.sink, LIMITS)
                session.login(reach.credentials(login))
                session.select(folder.name, readonly=True)
            tasks.refresh_folder.delay(folder.pk, quiet=True)
            while not self.end.is_set():
                self._turn(session, recording, folder.pk)
        finally:
            if session is not None:
                session.close()
            recording.close()

    def _turn(self, session: imap.Session, recording: object, folder_id: int) -> None:
        with recording.transcript(gettext_noop("New mail"), quiet=True, aside=True) as action:
            if session.idle(TURN):
                action.news()
                tasks.refresh_folder.delay(folder_id, quiet=True)


def _present() -> set[int]:
    close_old_connections()
    fresh = MailTab.objects.filter(beat__gt=timezone.now() - STALE, person__is_active=True)
    return set(fresh.values_list("person_id", flat=True))

"""How far a file on its way is: counted, told to the page once a second, stopped by the person or by silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from webftp import warm
from webftp.live import send as tell
from webftp.models import Ticket

log = logging.getLogger(__name__)
EVERY = 1.0
"""Seconds between two words on how far a file is."""

STALLED = 300.0
"""Seconds that a browser may take, or bring, nothing at all."""


class Gone(Exception):
    """The browser went away, or the person pressed Stop."""


class Progress:
    """Counts, tells the page once a second how far the file is, and hears whether it is to stop.

    ``note`` is what the person has to be told whatever the end was (``wording``); ``stalled`` is called each second
    in which nothing moved.
    """

    def __init__(self, ticket: Ticket, quiet: bool) -> None:
        self._ticket, self.quiet = ticket, quiet or ticket.direction == "view"
        self.done, self.halted = 0, False
        self.note: dict[str, str] = {}
        self.stalled: Callable[[], None] = lambda: None
        self._telling: asyncio.Task | None = None
        self._patience: asyncio.Timeout | None = None

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Gone where nothing moved inside for STALLED seconds, and on ``halt``, whatever is waited for.

        It is one timer for the whole: one a chunk is dear.
        """
        if self.halted:
            raise Gone
        try:
            async with asyncio.timeout(STALLED) as patience:
                self._patience = patience
                try:
                    yield
                finally:
                    self._patience = None
        except TimeoutError as error:
            if patience.expired():
                raise Gone from error
            raise

    def halt(self) -> None:
        """Leave what is inside ``patience`` at once."""
        self.halted = True
        if self._patience and not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Progress:
        self._telling = asyncio.create_task(self._tell())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._telling:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def end(self, state: str, told: dict) -> None:
        """Write down how it ended."""
        await warm.database(self._write)(state=state, trouble=told, done=self.done)
        await self._news()

    async def _tell(self) -> None:
        before = 0
        while True:
            await asyncio.sleep(EVERY)
            if self.done == before:
                self.stalled()
            elif self._patience and not self.halted and not self._patience.expired():
                before = self.done
                self._patience.reschedule(asyncio.get_running_loop().time() + STALLED)
            if not self.quiet:
                await self._news_of_it()

    async def _news_of_it(self) -> None:
        try:
            if await warm.database(self._write)(done=self.done, size=self._ticket.size):
                self.halt()
        except DatabaseError:  # a busy database costs the figure, not the file
            log.warning("how far a transfer is could not be written down", exc_info=True)
        await self._news()

    def _write(self, **values) -> bool:
        row = Ticket.objects.filter(pk=self._ticket.pk)
        row.update(beat=timezone.now(), **values)
        # Somebody pressed Stop, was disabled, or it was taken for dead.
        over = Q(stop=True) | Q(person__is_active=False) | ~Q(state=Ticket.State.RUNNING)
        return row.filter(over).exists()

    async def _news(self) -> None:
        try:
            await tell(self._ticket.person_id, "transfer", self._ticket.pk)
        except Exception:  # a channel layer that is away costs the news, not the file
            log.warning("files tabs could not be told of a transfer", exc_info=True)

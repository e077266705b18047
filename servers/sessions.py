"""The conversations open at the lab's servers: counted, and ended when their person's login is closed."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error

from servers.authenticator import FRESH, Authenticator, Person

log = logging.getLogger("netlab.servers")

LOOPBACK = {"127.0.0.1", "::1"}

EVERY = 0.5
"""Seconds between two looks at who was disabled or deleted; with the roll's age, under 2 s in all."""

AT_LEAST = 10.0
"""Seconds between two looks while nobody is signed in."""


@dataclass(slots=True, eq=False)
class Session:
    """One open conversation. ``end(reason)`` says goodbye in its protocol's words and closes it; a ``guest`` is signed
    in without a login of their own."""

    protocol: str
    peer: str
    end: Callable[[str], None]
    person: Person | None = None
    guest: bool = False


class Sessions:
    """Every open conversation of the lab's servers: ``most`` in all, ``most_each`` from one address.

    This machine's own addresses may fill the lab: the rooms' connections, the whole class's, come from there.
    ``enter`` and ``leave`` may be called from any thread; ``end`` is called in the loop that watches.
    """

    def __init__(self, most: int = 8000, most_each: int = 1000) -> None:
        self._open: set[Session] = set()
        self._peers: Counter[str] = Counter()
        self._most, self._most_each = most, most_each
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, protocol: str, peer: str, end: Callable[[str], None]) -> Session | None:
        """Take a new conversation in; None where there are too many."""
        most_each = self._most if peer in LOOPBACK else self._most_each
        with self._lock:
            if len(self._open) >= self._most or self._peers[peer] >= most_each:
                return None
            session = Session(protocol, peer, end)
            self._open.add(session)
            self._peers[peer] += 1
            return session

    def leave(self, session: Session | None) -> None:
        """The conversation is over; saying so twice does no harm."""
        with self._lock:
            if session not in self._open or session is None:
                return
            self._open.discard(session)
            self._peers[session.peer] -= 1
            if self._peers[session.peer] <= 0:
                del self._peers[session.peer]

    def end_all(self, reason: str) -> None:
        """Say goodbye to everyone."""
        for session in self._all():
            session.end(reason)

    def _all(self) -> list[Session]:
        with self._lock:
            return list(self._open)

    async def watch(self, authenticator: Authenticator, gone: Callable[[str], None]) -> None:
        """End conversations of closed logins; call ``gone(home)`` for each deleted person. Never returns."""
        people: frozenset[int] = frozenset()
        while True:
            # With nobody signed in there is nobody to send away: then a look now and then is enough.
            hurry = any(session.person or session.guest for session in self._all())
            try:
                roll = await authenticator.roll(FRESH if hurry else AT_LEAST)
            except Error as error:
                log.warning("the database does not answer: %s", error)
                await asyncio.sleep(EVERY)
                continue
            for session in self._all():
                if session.person and not roll.may_stay(session.protocol, session.person):
                    session.end("your login was closed")
                elif session.guest and session.protocol in roll.shut:
                    session.end("this server was taken out of use")
            for pk in people - roll.people:
                gone(str(pk))
            people = roll.people
            await asyncio.sleep(EVERY)

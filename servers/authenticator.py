"""Who may sign in at the lab's servers, and whose an address is: the lab logins, looked at each second."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from cryptography.fernet import InvalidToken
from django.db import close_old_connections, connections

from accounts import names, secrets
from accounts.models import Login, SchoolClass, Server, User

log = logging.getLogger("netlab.servers")

Answer = TypeVar("Answer")

FRESH = 1.0
"""Seconds for which one look at the rows is believed."""

SECOND_LOOK = 0.0
"""A no is never believed from memory: the person may just have been made."""

REMEMBERED = 60.0
"""Seconds for which a failed try slows the next ones down."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a mailbox here; ``home`` names the folder, which a new user name does not move."""

    pk: int
    name: str
    addresses: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        return str(self.pk)


@dataclass(frozen=True, slots=True)
class _Entry:
    person: Person
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Roll:
    """One look at the rows. Addresses and domains are in lower case.

    ``shut`` are protocols whose server was taken out of use: guests, who have no login there, may not stay either.
    ``aliases`` are further mail domains; ``names`` all other names of the lab's servers, for the certificate.
    ``classes`` are the channels of classes on the lab's IRC server, with the pks of their teachers.
    """

    at: float = float("-inf")
    logins: Mapping[tuple[str, str], _Entry] = field(default_factory=dict)
    by_address: Mapping[tuple[str, str], _Entry] = field(default_factory=dict)
    mailboxes: Mapping[str, Person] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    postmasters: tuple[Person, ...] = ()
    people: frozenset[int] = frozenset()
    shut: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    any_sender: bool = False
    classes: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def entry(self, protocol: str, user: str) -> _Entry | None:
        """The login of ``user``: a user name, or an address of that person."""
        return self.logins.get((protocol, user)) or self.by_address.get((protocol, user.lower()))

    def may_stay(self, protocol: str, person: Person) -> bool:
        """Whether that person, signed in before, still has an open login there."""
        entry = self.logins.get((protocol, person.name))
        return entry is not None and entry.person.pk == person.pk


class Authenticator:
    """Asks the database in a thread of its own, so that the servers' loop never waits for it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "netlab-logins")
        self._looking = asyncio.Lock()
        self._roll = Roll()
        self._failures: dict[tuple[str, str], tuple[float, int]] = {}

    async def roll(self, age: float = FRESH) -> Roll:
        """Return a look at the rows not older than ``age`` seconds; ``django.db.Error`` where it fails."""
        oldest = time.monotonic() - age
        async with self._looking:  # who waited here while another looked takes that look, if it is new enough
            if self._roll.at < oldest:
                self._roll = await self.ask(_look)
            return self._roll

    async def ask(self, question: Callable[[], Answer]) -> Answer:
        """Run something that needs the database in the thread that has a connection to it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question)

    async def check(self, protocol: str, user: str, password: str, peer: str = "") -> Person | None:
        """Return who signs in with ``user`` (name or address); None, after a delay, for a no."""
        given = password.encode("utf-8", "surrogateescape")
        return await self.prove(protocol, user, lambda secret: hmac.compare_digest(secret, given), peer)

    async def prove(
        self, protocol: str, user: str, proof: Callable[[bytes], bool], peer: str = ""
    ) -> Person | None:
        """As ``check``, for APOP and CRAM-MD5: ``proof`` is told the secret and says whether it was known."""
        for age in (FRESH, SECOND_LOOK):
            entry = (await self.roll(age)).entry(protocol, user)
            if proof(_secret(entry)) and entry is not None:
                self._failures.pop((peer, user), None)
                return entry.person
        await asyncio.sleep(self._delay(peer, user))
        return None

    async def mailbox(self, address: str) -> Person | None:
        """Return whose ``address`` is, None if nobody's (or a disabled person's)."""
        for age in (FRESH, SECOND_LOOK):
            person = (await self.roll(age)).mailboxes.get(address.lower())
            if person is not None:
                return person
        return None

    async def close(self) -> None:
        """Close the thread and its database connection."""
        await self.ask(connections.close_all)
        self._thread.shutdown()

    def _delay(self, peer: str, user: str) -> float:
        """Half a second more for each failure of that name from that address, 5 at most."""
        now = time.monotonic()
        if len(self._failures) > 10_000:
            self._failures.clear()
        last, count = self._failures.get((peer, user), (now, 0))
        count = count + 1 if now - last < REMEMBERED else 1
        self._failures[(peer, user)] = (now, count)
        return min(5.0, 0.5 * count)


def _secret(entry: _Entry | None) -> bytes:
    """The secret of a login; where there is none that can be known, one that nobody can know."""
    secret = b""
    if entry is not None:
        try:
            secret = secrets.unseal(entry.sealed).encode("utf-8", "surrogateescape")
        except InvalidToken:
            log.error("the secret of %s was sealed with another key: set a new password", entry.person.name)
    return secret or os.urandom(32)


COLUMNS = (
    "server__protocol",
    "server__enabled",
    "user_name",
    "addresses",
    "sealed",
    "person_id",
    "person__is_active",
    "person__role",
)


def _look() -> Roll:
    close_old_connections()
    at = time.monotonic()
    rows = list(Server.objects.filter(lab=True))
    others = {row.protocol: row for row in rows}
    server = others.get("smtp")
    logins, by_address, mailboxes, closed, postmasters = {}, {}, {}, set(), {}
    # Values, not models: a thousand people's logins are read every second.
    for protocol, open_, name, owned, sealed, pk, active, role in Login.objects.filter(
        server__lab=True
    ).values_list(*COLUMNS):
        addresses = tuple(str(address).lower() for address in owned)
        if not active:
            closed.update(addresses)
            continue
        person = Person(pk, name, addresses)
        mailboxes.update(dict.fromkeys(addresses, person))
        if role == User.Role.ADMIN:
            postmasters[pk] = person
        if open_:
            entry = _Entry(person, bytes(sealed))
            logins[(protocol, name)] = entry
            by_address.update({(protocol, address): entry for address in addresses})
    return Roll(
        at=at,
        logins=logins,
        by_address=by_address,
        mailboxes=mailboxes,
        closed=frozenset(closed),
        postmasters=tuple(postmasters.values()),
        shut=frozenset(others) - {row.protocol for row in rows if row.enabled},
        people=frozenset(User.objects.values_list("pk", flat=True)),
        aliases=frozenset(str(alias).lower() for alias in server.aliases) if server else frozenset(),
        names=frozenset(str(alias).lower() for row in others.values() for alias in row.aliases),
        any_sender=bool(server and server.any_sender),
        classes=_classes(),
    )


def _classes() -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for name, pk, teacher in SchoolClass.objects.values_list("name", "pk", "teachers"):
        channel = names.class_channel(name, pk)
        found[channel] = found.get(channel, frozenset()) | ({teacher} if teacher else frozenset())
    return found

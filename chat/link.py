"""One person's connection to one network: it registers, enters the person's channels, and comes back when it breaks.

``run`` is its life as a task. What the server tells goes to ``heard`` (events become messages, stays and news); what
the person types comes in by ``say``.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts import reach, secrets
from accounts.models import Login
from chat import presence, shown
from chat.heard import Ear
from chat.models import NICK, Network, Window
from chat.recording import Recorded, in_thread
from chat.saying import Mouth
from protocols.errors import Refused, TooMuch, Unreachable, WireError
from protocols.irc import client
from protocols.irc.events import Failed, Identity, Said
from protocols.irc.registration import nick_for
from protocols.storable import storable

if TYPE_CHECKING:
    from chat.gateway import Gateway

log = logging.getLogger(__name__)
State = Network.State
FIRST_REST, LONGEST_REST = 1.0, 90.0
STEADY = 60.0
"""Seconds after which a connection counts as good, and the next break begins with the first rest again."""

PING_AFTER = 60.0
AGAIN = frozenset({"ERROR", "433", "437"})
"""Refusals that may be over in a while: the server closed the link, or somebody has the nick."""


class Link:
    """``person``, ``server`` and ``network`` are primary keys; ``session`` is None while there is no connection.

    ``windows`` are the person's by talk; ``keys`` those of channels that are being entered, by folded name.
    """

    def __init__(self, gateway: Gateway, row: Network) -> None:
        self.gateway, self.row = gateway, row
        self.person, self.server, self.network = row.person_id, row.server_id, row.pk
        self.session: client.Session | None = None
        self.recorded: Recorded | None = None
        self.ear, self.mouth = Ear(self), Mouth(self)
        self.windows: dict[int, Window] = {}
        self.keys: dict[str, str] = {}
        self.password = False
        self._now = asyncio.Event()
        self._rest = FIRST_REST
        self._heard = self._asked = 0.0
        self._parting = False

    @property
    def nick(self) -> str:
        return self.session.state.nick if self.session else self.row.nick or self.row.wanted_nick

    def fold(self, name: str) -> str:
        """``name`` as this server compares names."""
        return self.session.state.support.fold(name) if self.session else name.lower()

    def window(self, kind: str, name: str) -> Window | None:
        """The person's window on a channel or partner, open or not."""
        folded = self.fold(name)
        return next(
            (one for one in self.windows.values() if one.talk.kind == kind and one.talk.folded == folded),
            None,
        )

    async def run(self) -> None:
        """Connect, and connect again, until cancelled or refused for good."""
        while True:
            began = time.monotonic()
            error = await self._live()
            self._rest = FIRST_REST if time.monotonic() - began > STEADY else self._rest
            if not self.password and _wants_password(error):
                self.password = True
            elif isinstance(error, Refused) and error.code not in AGAIN and not error.retry:
                self.stand(State.REFUSED, words=f"{error.code} {error.text}")
                await self._rested(None)
            else:
                rest = self._rest * random.uniform(0.7, 1.3)  # noqa: S311 - no secret: a class must not come back as one
                self._rest = min(self._rest * 2, LONGEST_REST)
                words = f"{error.code} {error.text}" if isinstance(error, Refused) else ""
                trouble = {} if words else {"key": error.key, "params": error.params}
                self.stand(State.WAITING, words=words, trouble=trouble, rest=rest)
                await self._rested(rest)

    def hurry(self) -> None:
        """Connect now, not after the rest."""
        self._rest = FIRST_REST
        self._now.set()

    async def end(self, words: str = "") -> None:
        """Say goodbye (QUIT), so that the server closes; ``run`` must be cancelled after it."""
        if self.session and self.session.state.ready and not self._parting:
            self._parting = True
            with suppress(WireError, TimeoutError):
                await asyncio.wait_for(self.session.send("QUIT", *([words[:200]] if words else [])), 1)

    async def tick(self) -> None:
        """Looked after every few seconds: is the server there, is the nick free, is the transcript long."""
        session, now = self.session, time.monotonic()
        if session is None or not session.state.ready:
            return
        if now - max(self._heard, self._asked) > PING_AFTER:
            self._asked = now
            with suppress(WireError):
                await session.send("PING", "alive")
                if session.state.nick != self.row.wanted_nick:
                    self.ear.regain = True
                    await session.send("NICK", self.row.wanted_nick)
        if self.recorded and await self.recorded.turn_over():
            self.stand(State.ON)

    def stand(self, state: str, *, rest: float = 0.0, words: str = "", trouble: dict | None = None) -> None:
        """Store how the network stands, and tell the person's tabs."""
        row = self.row
        row.state, row.words, row.trouble = state, words[:500], trouble or {}
        row.nick = self.nick[:NICK] if state == State.ON else row.nick
        row.next_try = timezone.now() + timedelta(seconds=rest) if rest else None
        row.transcript = self.recorded.transcript if self.recorded else row.transcript
        row.rules = self._rules() if self.session else row.rules
        fields = ("state", "words", "trouble", "nick", "next_try", "transcript", "rules")
        values: dict[str, Any] = {field: getattr(row, field) for field in fields}
        self.gateway.writer.change(lambda: Network.objects.filter(pk=row.pk).update(**values) and None)
        self.gateway.writer.news(
            people=[self.person], network=shown.network(row) | {"says": ""}, trouble=row.trouble
        )

    async def _live(self) -> WireError:
        """One connection from its beginning to its end; return how it ended."""
        error: WireError = Unreachable("cancelled", cause="cancelled")
        try:
            self.stand(State.CONNECTING)
            login, self.windows = await in_thread(self._load)
            self.recorded = Recorded(login.person, login.server)
            await self.recorded.begin()
            error = await self._talk(login)
        except WireError as failure:
            error = failure
        except Exception:  # the connection of one person must not end the gateway
            log.exception("network %s stumbled", self.network)
            error = WireError("stumbled")
        finally:
            await _finish(self._over(error))
        return error

    async def _talk(self, login: Login) -> WireError:
        self.stand(State.REGISTERING)
        found = await client.connect(
            reach.address(login.server), self.recorded.sink, _identity(self.row, login, self.password)
        )
        self.session, events = found
        self._parting = False
        self._heard = time.monotonic()
        self.session.hear(self.ear.may_be_heard, self._hear)
        try:
            while True:
                for event in events:
                    if isinstance(event, Failed):
                        return event.error
                    await self.ear.hear(event)
                events = await self.session.read()
                self._heard = time.monotonic()
        except TooMuch as error:
            return error

    def _hear(self, said: Said) -> None:
        self._heard = time.monotonic()
        try:
            self.ear.hear_said(said)
        except Exception:  # we are inside the loop's reading: what stumbles here would end the connection
            log.exception("network %s stumbled over a line", self.network)

    async def enter_channels(self) -> None:
        """Registered: enter the channels that the person was in, a line for as many as it holds."""
        # Windows may have been made while the connection was.
        self.windows = await in_thread(presence.windows_of, self.network) | self.windows
        wanted = [one for one in self.windows.values() if one.joined and one.talk.kind == "channel"]
        self.ear.meanwhile.back = {one.talk.folded for one in wanted}
        keyed = sorted(wanted, key=lambda one: not one.sealed)
        names, keys = [one.talk.name for one in keyed], []
        for one in keyed:
            if one.sealed:
                keys.append(secrets.unseal(bytes(one.sealed)))
        for at in range(0, len(names), 8):
            piece = [",".join(names[at : at + 8]), ",".join(keys[at : at + 8])]
            with suppress(WireError):
                await self.session.send("JOIN", *[one for one in piece if one])

    async def _over(self, error: WireError) -> None:
        self.mouth.silence()
        if self.session:
            self.ear.gone()
            await self.session.close()
        self.session = None
        if self.recorded:
            with suppress(Exception):
                await self.recorded.end(error if error.params.get("cause") != "cancelled" else None)
        self.recorded = None

    async def _rested(self, seconds: float | None) -> None:
        self._now.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._now.wait(), seconds)

    def _load(self) -> tuple[Login, dict[int, Window]]:
        login = Login.objects.select_related("person", "server").get(
            person_id=self.person, server_id=self.server
        )
        rows = Window.objects.filter(network_id=self.network).select_related("talk")
        return login, {row.talk_id: row for row in rows}

    def _rules(self) -> dict[str, Any]:
        support = self.session.state.support
        rules = {
            "types": support.channel_types,
            "prefixes": "".join(support.prefixes.values()),
            "letters": "".join(support.prefixes),
            "casemapping": support.casemapping,
            "longest_nick": support.number("NICKLEN", 30),
        }
        return storable(rules)


async def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Do ``work`` to its end, also where we are told to stop meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _wants_password(error: WireError) -> bool:
    """464, or the words with which servers close the door on whoever has no password to say."""
    return isinstance(error, Refused) and (error.code == "464" or "password" in error.text.lower())


def _identity(row: Network, login: Login, password: bool) -> Identity:
    who = reach.credentials(login)
    real = login.person.display_name
    return Identity(row.wanted_nick, nick_for(login.user_name), real, who.user, who.secret, password)

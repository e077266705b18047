"""The network as the server knows it: who is here under which nick, which channels there are, who was here."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import Error

from protocols.irc.grammar import fold
from servers.authenticator import FRESH, SECOND_LOOK, Person
from servers.irc.channel import CASEMAPPING, Channel
from servers.irc.history import History
from servers.irc.line import Out
from servers.service import Service

if TYPE_CHECKING:
    from servers.irc.client import Client

VERSION = "netlab-irc-1"
ABOUT = "the lab's own server"
MOST_CHANNELS = 1000
MOST_TALKS = 500
LOOK_EVERY = 2.0
DEFAULT = "#lab"
DEFAULT_TOPIC = "Welcome to the lab. Say hello, and watch in the Wire what your words become."


@dataclass(frozen=True, slots=True)
class Gone:
    """Somebody who was here (WHOWAS)."""

    nick: str
    user: str
    host: str
    real: str
    account: str
    at: float = field(default_factory=time.time)


class Network:
    """One server, no links. Names are compared by ``key``; ``source`` is what stands before the server's lines.

    ``name`` is the server's own, ``about`` what it says it is, ``lasting`` the channel that is always there ("" for
    none).
    """

    def __init__(
        self, service: Service, *, name: str = "", about: str = ABOUT, lasting: str = DEFAULT
    ) -> None:
        self.service, self.about = service, about
        self.source = name or f"irc.{service.domain}"
        self.started = time.time()
        self.clients: dict[str, Client] = {}
        self.connections: set[Client] = set()
        self.channels: dict[str, Channel] = {}
        self.gone: deque[Gone] = deque(maxlen=200)
        self.registered = self.most = 0
        self._talks: OrderedDict[frozenset[str], History] = OrderedDict()
        self._names: tuple[float, dict[str, str]] = (-1.0, {})
        self._looking: asyncio.TimerHandle | None = None
        if lasting:
            channel = Channel(lasting, lasting=True, topic=DEFAULT_TOPIC, topic_by=self.source)
            channel.topic_at = channel.created
            self.channels[self.key(lasting)] = channel

    @staticmethod
    def key(name: str) -> str:
        """The form in which names are compared."""
        return fold(name, CASEMAPPING)

    def client(self, nick: str) -> Client | None:
        """Who is here under ``nick``."""
        return self.clients.get(self.key(nick))

    def channel(self, name: str) -> Channel | None:
        return self.channels.get(self.key(name))

    def enter(self, client: Client) -> None:
        """A connection was made; the first one begins the looking after them all."""
        self.connections.add(client)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)

    def leave(self, client: Client) -> None:
        self.connections.discard(client)
        if self.clients.get(self.key(client.nick)) is client:
            del self.clients[self.key(client.nick)]
        if client.registered:
            self.registered -= 1
            self.remember(client)

    def welcome(self, client: Client) -> None:
        """Registration has ended: count who is here, and the most there ever were (265, 266)."""
        client.registered = True
        self.registered += 1
        self.most = max(self.most, self.registered)

    def remember(self, client: Client) -> None:
        """For WHOWAS: a nick that is no longer used."""
        self.gone.appendleft(Gone(client.nick, client.user, client.host, client.real, client.account))

    def rename(self, client: Client, nick: str) -> None:
        """Give ``client`` its nick (for the first time, or another one)."""
        if self.clients.get(self.key(client.nick)) is client:
            del self.clients[self.key(client.nick)]
        client.nick = nick
        self.clients[self.key(nick)] = client

    def drop_if_empty(self, channel: Channel) -> None:
        """A channel without members is gone, but for those that last."""
        if not channel.members and not channel.lasting:
            self.channels.pop(self.key(channel.name), None)

    async def owner(self, nick: str) -> str:
        """The user name of the lab's person to whom ``nick`` belongs; "" where it is nobody's."""
        for age in (
            FRESH,
            SECOND_LOOK,
        ):  # a no is not believed from memory: the person may just have been made
            roll = await self.service.authenticator.roll(age)
            if self._names[0] != roll.at:
                names = {self.key(name): name for protocol, name in roll.logins if protocol == "irc"}
                self._names = (roll.at, names)
            if name := self._names[1].get(self.key(nick)):
                return name
        return ""

    async def is_admin(self, person: Person) -> bool:
        roll = await self.service.authenticator.roll()
        return any(person.pk == one.pk for one in roll.postmasters)

    async def teachers(self, channel: str) -> frozenset[int] | None:
        """The people who teach the class whose channel that is; None for a channel that is no class's."""
        authenticator = self.service.authenticator
        try:
            roll = await authenticator.roll()
        except (
            Error
        ):  # the database is away for a moment: people come in all the same, under what was known last
            roll = await authenticator.roll(float("inf"))
        return roll.classes.get(self.key(channel))

    def talk(self, one: str, other: str) -> History:
        """What two accounts have said to each other; the least used such histories are forgotten first."""
        pair = frozenset((one, other))
        history = self._talks.setdefault(pair, History())
        self._talks.move_to_end(pair)
        if len(self._talks) > MOST_TALKS:
            self._talks.popitem(last=False)
        return history

    def talks_of(self, account: str) -> Iterator[tuple[str, History]]:
        """With whom ``account`` has talked, and what."""
        for pair, history in self._talks.items():
            if account in pair:
                yield next(iter(pair - {account}), account), history

    def peers(self, client: Client, capability: str = "") -> set[Client]:
        """Everybody who shares a channel with ``client`` (and has ``capability``), without the client."""
        found = {member for channel in client.channels for member in channel.members}
        found.discard(client)
        return {one for one in found if capability in one.capabilities} if capability else found

    def tell(self, clients: Iterable[Client], out: Out) -> None:
        """Send one line to many; it is encoded once for each set of capabilities."""
        for client in list(clients):
            client.send(out)

    def _look(self) -> None:
        now = time.monotonic()
        for client in list(self.connections):
            client.look(now)
        self._looking = None
        if self.connections:
            self._looking = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)

"""A channel as all of our connections to its server see it: each event is heard once for each, and stored once.

Where the server gives messages an id (``msgid``), the first connection that brings one reports it. Where it does not,
one connection reports; when it goes, the next one takes over: what it had heard in the last seconds and the one
before had not reported is made up for, and what was reported already and still comes to it is passed over.
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, deque
from typing import Any

from chat.models import Message

REMEMBERED, WITNESSED = 4096, 64
HANDOVER = 5.0
"""Seconds in which one event may reach two connections, at most."""

Key = tuple[str, str, str, str]


class Shared:
    """``links`` are the connections in the channel, in the order in which they came; the first one reports."""

    def __init__(self, talk: int, name: str) -> None:
        self.talk, self.name = talk, name
        self.links: dict[Any, deque[tuple[float, Key, Message]]] = {}
        self.people: tuple[int, ...] = ()
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._told: deque[tuple[float, Key]] = deque(maxlen=WITNESSED)
        self._owed: Counter[Key] = Counter()
        self._owed_until = 0.0

    @property
    def reporter(self) -> Any:
        """The connection that reports, None where there is none."""
        return next(iter(self.links), None)

    def enter(self, link: Any) -> None:
        """A connection is in the channel."""
        self.links[link] = deque(maxlen=WITNESSED)
        self._count()

    def leave(self, link: Any) -> list[Message]:
        """A connection is gone; return what only its successor heard, to be stored."""
        if link not in self.links:
            return []
        was_reporter = self.reporter is link
        del self.links[link]
        self._count()
        return self._hand_over() if was_reporter and self.links else []

    def knows(self, msgid: str) -> bool:
        """Whether a message of that id was reported already."""
        return msgid != "" and msgid in self._ids

    def news(self, link: Any, message: Message) -> bool:
        """Whether ``message``, which ``link`` brings, is to be stored: True once for each event."""
        if message.msgid:
            if message.msgid in self._ids:
                return False
            self._ids[message.msgid] = None
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)
            return True
        now, key = time.monotonic(), _key(message)
        if self.reporter is not link:
            witnessed = self.links.get(link)
            if witnessed is not None:
                witnessed.append((now, key, message))
            return False
        if now < self._owed_until and self._owed[key] > 0:
            self._owed[key] -= 1
            return False
        self._told.append((now, key))
        return True

    def _hand_over(self) -> list[Message]:
        since = time.monotonic() - HANDOVER
        told = Counter(key for at, key in self._told if at > since)
        missing = []
        for at, key, message in self.links[self.reporter]:
            if at <= since:
                continue
            if told[key] > 0:
                told[key] -= 1
            else:
                missing.append(message)
                self._told.append((at, key))
        self._owed, self._owed_until = +told, time.monotonic() + HANDOVER
        return missing

    def _count(self) -> None:
        self.people = tuple(sorted({link.person for link in self.links}))


def _key(message: Message) -> Key:
    return message.kind, message.nick, message.other, message.text

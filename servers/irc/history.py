"""What was said lately, for CHATHISTORY: in memory, bounded, gone with the server (docs/decisions/irc-server.md)."""

from __future__ import annotations

from collections import deque

from servers.irc.line import Out, stamp

MOST = 1000
"""Messages kept of one channel, or between two people."""


class History:
    """Messages in the order in which they were said."""

    def __init__(self) -> None:
        self._said: deque[Out] = deque(maxlen=MOST)

    def __len__(self) -> int:
        return len(self._said)

    @property
    def newest(self) -> float:
        """When the latest message was said; 0 where there is none."""
        return self._said[-1].at if self._said else 0.0

    def add(self, out: Out) -> None:
        self._said.append(out)

    def latest(self, after: str, limit: int) -> list[Out]:
        """The latest messages, only those after ``after`` where it is not ``*``."""
        said = list(self._said)
        if after != "*":
            said = said[self._place(after, after=True) :]
        return said[-limit:]

    def before(self, word: str, limit: int) -> list[Out]:
        return list(self._said)[: self._place(word)][-limit:]

    def after(self, word: str, limit: int) -> list[Out]:
        return list(self._said)[self._place(word, after=True) :][:limit]

    def around(self, word: str, limit: int) -> list[Out]:
        said, place = list(self._said), self._place(word)
        begin = max(0, place - limit // 2)
        return said[begin : begin + limit]

    def between(self, one: str, other: str, limit: int) -> list[Out]:
        """Messages between the two, without them; the earlier ones where ``one`` is the earlier, else the later."""
        said = list(self._said)
        first, last = self._place(one, after=True), self._place(other)
        if first <= last and self._moment(one) <= self._moment(other):
            return said[first:last][:limit]
        return said[self._place(other, after=True) : self._place(one)][-limit:]

    def _place(self, word: str, *, after: bool = False) -> int:
        """Where ``timestamp=`` or ``msgid=`` stands: the first message at it (or after it)."""
        kind, _, value = word.partition("=")
        for place, out in enumerate(self._said):
            if kind == "msgid":
                if out.msgid == value:
                    return place + after
            elif stamp(out.at) > value or (not after and stamp(out.at) == value):
                return place
        return len(self._said) if kind != "msgid" or after else 0

    def _moment(self, word: str) -> str:
        kind, _, value = word.partition("=")
        if kind == "timestamp":
            return value
        return next((stamp(out.at) for out in self._said if out.msgid == value), "")

"""What the server says to one person: in its own window, and where the person typed what it answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chat import ignoring
from chat.whois import CODE as WHOIS
from chat.whois import Whois
from protocols.irc import events
from protocols.irc.events import Mark

if TYPE_CHECKING:
    from chat.heard import Ear

NEAR = 15.0
"""Seconds after a command in which the server's answers are shown where it was typed as well."""

GREETING = frozenset({"002", "003", "004", "250", "251", "252", "253", "254", "255", "265", "266"})
"""Numerics of the beginning that a person who did not ask has no use for (the dock shows and explains them)."""

QUIET = frozenset({"333", "329"})
"""Numerics that say when something was, beside what was asked for."""


class Answers:
    """For one ear."""

    def __init__(self, ear: Ear) -> None:
        self.ear, self.link = ear, ear.link
        self.whois = Whois(ear.link.fold)
        self._near, self._near_until = 0, 0.0

    def near(self, talk: int) -> None:
        """The person typed a command there."""
        self._near, self._near_until = talk, time.monotonic() + NEAR

    def far(self) -> None:
        """Nothing was asked lately: the connection is over."""
        self._near_until = 0.0

    def told(self, event: events.Told) -> None:
        """An answer, or a word of the server's."""
        if event.code == "433" and self.ear.regain:
            self.ear.regain = False  # our own quiet try to have the nick back: the person did not ask
            return
        self.link.mouth.refusal(event)
        if event.code in QUIET or (event.code in GREETING and time.monotonic() > self._near_until):
            return
        code, text = event.code, event.text
        if (who := self.whois.take(code, event.params)) is not None:
            code, text = WHOIS, who
        if text or code != WHOIS:
            self.tell(event.mark, code, text, near=self._place(event))

    def _place(self, event: events.Told) -> int:
        """Where an answer is shown besides the server's window: in the channel it names, or where one asked."""
        for word in event.params[:2]:
            channel = self.ear.shared.get(self.link.fold(word)) if event.refused else None
            if channel:
                return channel.talk
        return self._near if time.monotonic() < self._near_until else 0

    def tell(self, mark: Mark, code: str, text: str, nick: str = "", near: int | None = None) -> None:
        """Put words of the server's into its window, and ``near`` (0: nowhere, None: where a command was typed) too."""
        link = self.link
        window = link.window("server", "")
        if window is None:
            return
        message = self.ear.message(window.talk_id, mark, "told", nick, text)
        message.other = code
        place = self._near if near is None and time.monotonic() < self._near_until else near or 0
        extra = {"near": place} if place and place != window.talk_id else {}
        link.gateway.writer.message(message, (link.person,), **extra)

    def invited(self, event: events.Invited) -> None:
        """Somebody is invited, perhaps we."""
        words = f"{event.source.nick} → {event.channel}"
        self.tell(event.mark, "INVITE", words, event.source.nick)
        if event.own and not ignoring.ignores(self.link, event.source.nick):
            frame = {"told": "invited", "network": self.link.network, "n": event.source.nick}
            self.ear.news((self.link.person,), **frame, channel=event.channel)

    def listed(self, event: events.Listed) -> None:
        """The list of channels is whole."""
        rows = sorted(event.channels, key=lambda row: (-row[1], row[0]))
        self.ear.news(
            (self.link.person,), told="list", network=self.link.network, rows=rows[:2000], cut=event.cut
        )

    def acked(self, event: events.Acked) -> None:
        """The server took what was said."""
        self.link.mouth.acked(event)

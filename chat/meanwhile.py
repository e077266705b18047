"""What was said in a channel while the person's connection was broken, asked of a server that keeps it.

IRCv3 draft/chathistory. Only a connection that comes back asks, for the channels it was in when it broke: who left
on purpose, or comes for the first time, reads what is said from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chat.models import Message, Stay, Window
from chat.recording import in_thread
from protocols.irc.events import Said

if TYPE_CHECKING:
    from chat.heard import Ear

CAPABILITY = "draft/chathistory"
AT_ONCE, MOST = 100, 1_000
"""Messages of one answer, where the server names no number of its own, and of all answers for one channel."""

AGAIN = '{"told":"again"}'


class Meanwhile:
    """For one ear. ``back`` are the channels (folded) that the connection enters because it was in them."""

    def __init__(self, ear: Ear) -> None:
        self.back: set[str] = set()
        self._ear = ear
        self._heard: dict[str, int] = {}

    async def ask(self, key: str, window: Window) -> None:
        """The channel ``key`` is entered again: ask for what was said since its last message was heard."""
        session = self._ear.link.session
        if key not in self.back or session is None or CAPABILITY not in session.state.caps:
            return
        self.back.discard(key)
        since = await in_thread(last_heard, window.pk)
        if since is not None:
            self._heard[key] = 0
            self._say(window.talk.name, since)

    def heard(self, key: str, event: Said) -> Message | None:
        """One message of the server's history; None where nobody asked for it, or it cannot be told from others."""
        if key not in self._heard or not event.mark.msgid:
            return None
        ear, channel = self._ear, self._ear.shared[key]
        message = ear.spoken(channel.talk, event)
        message.at = datetime.fromtimestamp(event.mark.at, UTC)
        self._heard[key] += 1
        if self._heard[key] % self._at_once() == 0 and self._heard[key] < MOST:
            self._say(channel.name, message.at)
        return message

    def is_first(self, key: str) -> bool:
        """Whether the message that was heard last is the oldest one."""
        return self._heard.get(key) == 1

    def _say(self, channel: str, since: datetime) -> None:
        moment = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        words = ("AFTER", channel, f"timestamp={moment}", str(self._at_once()))
        self._ear.link.mouth.later("CHATHISTORY", *words)

    def _at_once(self) -> int:
        session = self._ear.link.session
        return (session.state.support.number("CHATHISTORY", AT_ONCE) if session else 0) or AT_ONCE


def last_heard(window: int) -> datetime | None:
    """When the last message was said that the window's person was there for; None where they never were."""
    stay = Stay.objects.filter(window_id=window).exclude(last=None).order_by("-last").first()
    if stay is None:
        return None
    rows = Message.objects.filter(talk__windows=window, pk__gte=stay.first, pk__lte=stay.last)
    return rows.order_by("-pk").values_list("at", flat=True).first()


def read_from(window: int, talk: int, msgid: str) -> Callable[[], None]:
    """A change: the person reads the message ``msgid``, whoever of us fetched it, and what came after it."""

    def change() -> None:
        found = Message.objects.filter(talk_id=talk, msgid=msgid).values_list("pk", flat=True).first()
        if found:
            Stay.objects.filter(window_id=window, last=None, first__gt=found).update(first=found)

    return change

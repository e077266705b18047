"""What was said in a channel while the person's connection was broken, asked of a server that keeps it.

IRCv3 draft/chathistory. Only a connection that comes back asks, for the channels it was in when it broke: who left
on purpose, or comes for the first time, reads what is said from then on, also where others fetch what they missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(slots=True)
class Gap:
    """What a person missed of a channel: said after ``since``, stored after the message ``last``.

    ``heard`` counts what the server told of it.
    """

    since: datetime
    last: int
    heard: int = 0


class Meanwhile:
    """For one ear. ``back`` are the channels (folded) that the connection enters because it was in them."""

    def __init__(self, ear: Ear) -> None:
        self.back: set[str] = set()
        self._ear = ear
        self._gaps: dict[str, Gap] = {}

    async def look_back(self, key: str, window: Window) -> None:
        """The channel ``key`` is being entered: where that is again, find what was heard there last."""
        session = self._ear.link.session
        if key not in self.back or session is None or CAPABILITY not in session.state.caps:
            return
        self.back.discard(key)
        gap = await in_thread(gap_of, window.pk)
        if gap is not None:
            self._gaps[key] = gap

    def ask(self, key: str, window: Window) -> None:
        """It was entered: ask for what was missed."""
        if key in self._gaps:
            self._say(window.talk.name, self._gaps[key].since)

    def forget(self, key: str) -> None:
        """The channel was left."""
        self._gaps.pop(key, None)

    def heard(self, key: str, event: Said) -> Message | None:
        """One message of the server's history; None where nobody asked for it, or it cannot be told from others."""
        gap = self._gaps.get(key)
        if gap is None or not event.mark.msgid:
            return None
        ear, channel = self._ear, self._ear.shared[key]
        message = ear.spoken(channel.talk, event)
        message.at = datetime.fromtimestamp(event.mark.at, UTC)
        gap.heard += 1
        if gap.heard % self._at_once() == 0 and gap.heard < MOST:
            self._say(channel.name, message.at)
        return message

    def missed(self, key: str, message: Message) -> bool:
        """Whether the connection asked for what it missed, and ``message`` is of that."""
        return key in self._gaps and self._gaps[key].since <= message.at

    def first(self, key: str) -> Gap | None:
        """The gap, where the message that was heard last is the oldest one of it."""
        gap = self._gaps.get(key)
        return gap if gap and gap.heard == 1 else None

    def _say(self, channel: str, since: datetime) -> None:
        moment = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        words = ("AFTER", channel, f"timestamp={moment}", str(self._at_once()))
        self._ear.link.mouth.later("CHATHISTORY", *words)

    def _at_once(self) -> int:
        session = self._ear.link.session
        return (session.state.support.number("CHATHISTORY", AT_ONCE) if session else 0) or AT_ONCE


def gap_of(window: int) -> Gap | None:
    """What the window's person misses since the last message that they were there for.

    None where they never were, or left the network on purpose since.
    """
    stay = Stay.objects.filter(window_id=window).exclude(last=None).order_by("-last", "-first").first()
    if stay is None or stay.left:
        return None
    rows = Message.objects.filter(talk__windows=window, pk__gte=stay.first, pk__lte=stay.last)
    at = rows.order_by("-pk").values_list("at", flat=True).first()
    return Gap(at, stay.last) if at else None


def read_from(window: int, gap: Gap, oldest: Message) -> Callable[[], None]:
    """A change: what was said since ``oldest`` and stored in the gap, by whoever heard or fetched it, is theirs."""

    def change() -> None:
        stay = Stay.objects.filter(window_id=window, last=None).first()
        if stay is None:
            return
        rows = Message.objects.filter(talk_id=oldest.talk_id, pk__gt=gap.last, pk__lt=stay.first)
        first = last = 0
        for pk, at in rows.order_by("pk").values_list("pk", "at"):
            if at >= oldest.at:
                first, last = first or pk, pk
            elif first:  # others fetched what was said before
                Stay.objects.create(window_id=window, first=first, last=last)
                first = 0
        if first:
            Stay.objects.filter(pk=stay.pk).update(first=first)

    return change


def keep_from_others(message: Message, networks: list[int]) -> Callable[[], None]:
    """A change: ``message``, stored just now, is for those who missed it (``networks``) and for nobody who came since.

    Whoever is in the channel and did not ask was not there when it was said: their stay has a gap where it stands.
    """

    def change() -> None:
        place = message.pk
        if place is None:
            return  # it was there already
        stays = Stay.objects.filter(window__talk_id=message.talk_id, last=None, first__lte=place)
        for stay in stays.exclude(window__network_id__in=networks):
            if stay.first < place:
                Stay.objects.create(window_id=stay.window_id, first=stay.first, last=place - 1)
            Stay.objects.filter(pk=stay.pk).update(first=place + 1)

    return change

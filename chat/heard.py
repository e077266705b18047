"""What a connection's server tells becomes messages of talks, stays in channels, and news for the person's tabs.

What concerns a channel goes through its ``Shared``, so that it is stored once, whoever of us brings it. What concerns
the person alone (queries, the server's answers) is stored in talks of their own. Here is what is said;
``channels`` has who comes and goes and what a channel is like, ``answers`` what the server says.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chat import ignoring, meanwhile, presence
from chat.answers import Answers
from chat.channels import Channels
from chat.guarded import without_secret
from chat.meanwhile import Meanwhile
from chat.models import NICK, Message, Network, Window
from chat.recording import in_thread
from chat.shared import Shared
from protocols.irc import events
from protocols.irc.events import Event, Mark
from protocols.irc.grammar import format_ctcp, is_nick
from protocols.storable import storable

if TYPE_CHECKING:
    from chat.link import Link

MOST_QUERIES = 200
MOST_SKEW = 300.0
"""Seconds by which a server's clock may differ from ours before ours is believed."""

CTCP_ANSWERS = {"VERSION": "netlab", "SOURCE": "netlab", "CLIENTINFO": "ACTION CLIENTINFO PING TIME VERSION"}


class Ear:
    """Hears for one link. ``shared`` are the channels that it is in, by folded name, ``wished`` is a nick that the
    person asked for and has not got yet, ``regain`` says that we try ourselves to have theirs back."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.regain = False
        self.wished = ""
        self.shared: dict[str, Shared] = {}
        self.meanwhile = Meanwhile(self)
        self.channels, self.answers = Channels(self), Answers(self)
        self._answered = 0.0
        self._hands: dict[type, Callable[[Any], Any]] = {
            events.Said: self._said, events.Ready: self._ready, events.Acked: self.answers.acked,
            events.Joined: self.channels.joined, events.Left: self.channels.left,
            events.Renamed: self.channels.renamed, events.Topic: self.channels.topic,
            events.Modes: self.channels.modes, events.Members: self.channels.members,
            events.Told: self.answers.told, events.Listed: self.answers.listed,
            events.Invited: self.answers.invited,
        }  # fmt: skip

    async def hear(self, event: Event) -> None:
        """Take one event."""
        work = self._hands[event.__class__](event)
        if work is not None:
            await work

    def may_be_heard(self, said: events.Said) -> bool:
        """Whether ``said`` is said in a channel, so that nothing has to be waited for to hear it."""
        return said.manner not in ("ctcp", "reply") and self._channel(said) is not None

    def hear_said(self, said: events.Said) -> None:
        """Take words for which ``may_be_heard`` is True."""
        self._said(said)

    def gone(self) -> None:
        """The connection is over: the person is in no channel any more, and wants back into all of them."""
        self.answers.far()
        self.link.gateway.forget_nick(self.link)
        for key in list(self.shared):
            self.channels.out(key, joined=True)

    def own_words(self, target: str, text: str, kind: str) -> None:
        """The server took words of ours and does not echo them: they are heard here instead."""
        link = self.link
        channel = self.shared.get(link.fold(target))
        message = self.message(0, Mark(time.time()), kind, link.nick, without_secret(target, text, own=True))
        message.person_id = link.person
        if channel:
            self.share(channel, message)
        elif (query := link.window("query", target)) is not None:
            message.talk_id = query.talk_id
            link.gateway.writer.message(message, (link.person,))

    # -- what is said ---------------------------------------------------------------------------------------

    def _said(self, event: events.Said) -> Any:
        channel = self._channel(event)
        if event.mark.batch == "chathistory":
            return self._said_meanwhile(channel, event) if channel else None
        if event.manner in ("ctcp", "reply"):
            return self._ctcp(event)
        if channel is not None:
            if not channel.knows(event.mark.msgid):
                self.share(channel, self.spoken(channel.talk, event))
            return None
        return self._said_alone(event)

    def _channel(self, event: events.Said) -> Shared | None:
        fold, session = self.link.fold, self.link.session
        found = self.shared.get(fold(event.target))
        if found is None and session is not None:
            found = self.shared.get(fold(session.state.support.channel_of(event.target)))
        return found

    def spoken(self, talk: int, event: events.Said) -> Message:
        """Words said in a channel, as they are stored."""
        text = without_secret(event.target, event.text, own=event.own)
        message = self.message(talk, event.mark, event.manner, event.source.nick, text)
        message.person_id = self.link.gateway.person_of(self.link, event.source.nick)
        return message

    def _said_meanwhile(self, channel: Shared, event: events.Said) -> None:
        """What the server kept for us: stored where none of us heard it, and ours to read from here on."""
        key = self.link.fold(channel.name)
        message = self.meanwhile.heard(key, event) if event.manner not in ("ctcp", "reply") else None
        window = self.link.windows.get(channel.talk)
        if message is None or window is None:
            return
        keeper = self.link.gateway.writer
        if channel.news(self.link, message):
            readers = [one for one in channel.links if one.ear.meanwhile.missed(key, message)]
            keeper.message(message, tuple({one.person for one in readers}))
            keeper.change(meanwhile.keep_from_others(message, [one.network for one in readers]))
        if gap := self.meanwhile.first(key):
            keeper.change(meanwhile.read_from(window.pk, gap, message))
            keeper.news(people=[self.link.person], frame=meanwhile.AGAIN)

    async def _said_alone(self, event: events.Said) -> None:
        """A query's words, or a notice of the server's."""
        link, source = self.link, event.source
        partner = event.target if event.own else source.nick
        if not partner:
            return  # a server that names nobody: there is no talk to put it in, and the transcript has it
        if not event.own and event.manner == "notice" and not link.window("query", partner):
            text = without_secret(event.target, event.text, source=str(source))
            near = 0 if ignoring.ignores(link, source.nick) else None
            self.answers.tell(event.mark, "NOTICE", text, source.nick, near)
            return
        window = await self._query(partner)
        text = without_secret(event.target, event.text, own=event.own, source=str(source))
        if window is None:
            self.answers.tell(event.mark, "PRIVMSG", text, source.nick)
            return
        message = self.message(window.talk_id, event.mark, event.manner, source.nick, text)
        message.person_id = link.person if event.own else link.gateway.person_of(link, source.nick)
        link.gateway.writer.message(message, (link.person,))

    def _ctcp(self, event: events.Said) -> Any:
        words = f"CTCP {event.command} {event.text}".strip()
        if event.manner == "reply" and event.command == "PING":
            words = f"CTCP PING {_distance(event.text)}".strip()
        if ignoring.ignores(self.link, event.source.nick):
            return None
        if not event.own:
            self.answers.tell(event.mark, "CTCP", words, event.source.nick)
        now = time.monotonic()
        if event.manner == "reply" or event.own or now - self._answered < 1.0:
            return None
        self._answered = now  # one answer a second: whoever asks more is flooding
        answer = {"PING": event.text, "TIME": datetime.now(UTC).isoformat(timespec="seconds")} | CTCP_ANSWERS
        if event.command not in answer or not is_nick(event.source.nick, NICK):
            return None
        text = format_ctcp(event.command, answer[event.command][:200])
        return self.link.session.send("NOTICE", event.source.nick, text)

    async def _ready(self, event: events.Ready) -> None:
        from_now = self.link
        from_now.gateway.know_nick(from_now)
        from_now.stand(Network.State.ON)
        await from_now.enter_channels()

    # -- what the others are told ---------------------------------------------------------------------------

    def tell_window(self, window: Window) -> None:
        """Tell the person's tabs how a window stands."""
        link = self.link
        link.gateway.writer.news(people=[link.person], window=window.pk)

    def tell_members(self, talk: int, to: dict[str, Any]) -> None:
        """Tell who is in a channel: to one socket, or to a person's."""
        window = self.link.windows.get(talk)
        room = self.link.session.state.room(window.talk.name) if window and self.link.session else None
        if room is None:
            return
        rows = [[one.signs, one.nick, one.away] for one in room.members.values()]
        frame = {"told": "members", "c": talk, "members": rows, "flags": room.flags, "topic": room.topic}
        self.link.gateway.writer.news(**to, frame=_frame(frame))

    def share(self, channel: Shared, message: Message, **extra: Any) -> None:
        """Store ``message`` of ``channel`` and tell its people, where no other connection did."""
        message.talk_id = channel.talk
        if channel.news(self.link, message):
            self.link.gateway.writer.message(message, channel.people, **extra)

    def news(self, people: tuple[int, ...], **frame: Any) -> None:
        """Tell people's tabs something that is not stored."""
        self.link.gateway.writer.news(people=people, frame=_frame(frame))

    def message(self, talk: int, mark: Mark, kind: str, nick: str, text: str, host: str = "") -> Message:
        """A message as it is stored, dated by the server's clock where that can be believed."""
        at = mark.at if abs(mark.at - time.time()) < MOST_SKEW else time.time()
        return Message(
            talk_id=talk,
            at=datetime.fromtimestamp(at, UTC),
            kind=kind,
            nick=storable(nick[:NICK]),
            host=storable(host[:200]),
            text=storable(text),
            msgid=mark.msgid,
        )

    # -- windows --------------------------------------------------------------------------------------------

    async def _query(self, partner: str) -> Window | None:
        """The window of a query; None where there are too many already (somebody floods us with nicks)."""
        window = self.link.window("query", partner)
        if window is not None and window.open:
            return window
        queries = sum(1 for one in self.link.windows.values() if one.talk.kind == "query")
        if window is None and queries >= MOST_QUERIES:
            return None
        if ignoring.ignores(self.link, partner):
            return window or await self.open_query(partner, opened=False)
        return await self.open_query(partner)

    async def open_query(self, partner: str, opened: bool = True) -> Window:
        """Open a query's window, made where there is none; the person's tabs are told. ``opened`` False: make only."""
        link = self.link
        window = await in_thread(
            presence.query_window, link.network, link.server, partner, link.fold(partner), opened
        )
        self.link.windows[window.talk_id] = window
        if opened:
            self.tell_window(window)
        return window


def _distance(token: str) -> str:
    """How long a CTCP PING was on its way, there and back, from the milliseconds that ``/ping`` put into it."""
    passed = (
        time.time() * 1000 - int(token) if token.isascii() and token.isdigit() and len(token) < 15 else -1
    )
    return f"{passed:.0f} ms" if 0 <= passed < 3_600_000 else token


def _frame(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

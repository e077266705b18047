"""What a connection's server tells becomes messages of talks, stays in channels, and news for the person's tabs.

What concerns a channel goes through its ``Shared``, so that it is stored once, whoever of us brings it. What concerns
the person alone (queries, the server's answers) is stored in talks of their own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chat import ignoring, meanwhile, presence, writer
from chat.meanwhile import Meanwhile
from chat.models import NAME, NICK, Message, Network, Talk, Window
from chat.recording import in_thread
from chat.shared import Shared
from chat.whois import CODE as WHOIS
from chat.whois import Whois
from protocols.irc import events
from protocols.irc.events import Event, Mark
from protocols.irc.grammar import format_ctcp, is_nick
from protocols.irc.services import secret_words
from protocols.storable import storable

if TYPE_CHECKING:
    from chat.link import Link

MOST_QUERIES = 200
MOST_SKEW = 300.0
"""Seconds by which a server's clock may differ from ours before ours is believed."""

NEAR = 15.0
"""Seconds after a command in which the server's answers are shown where it was typed as well."""

GREETING = frozenset({"002", "003", "004", "250", "251", "252", "253", "254", "255", "265", "266"})
"""Numerics of the beginning that a person who did not ask has no use for (the dock shows and explains them)."""

QUIET = frozenset({"333", "329"})
"""Numerics that say when something was, beside what was asked for."""

CTCP_ANSWERS = {"VERSION": "netlab", "SOURCE": "netlab", "CLIENTINFO": "ACTION CLIENTINFO PING TIME VERSION"}


class Ear:
    """Hears for one link. ``near`` is the talk where the person typed the last command, ``wished`` a nick
    that they asked for and have not got yet."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.regain = False
        self.wished = ""
        self.shared: dict[str, Shared] = {}
        self.meanwhile = Meanwhile(self)
        self.whois = Whois(link.fold)
        self._near, self._near_until = 0, 0.0
        self._answered = 0.0
        self._hands: dict[type, Callable[[Any], Any]] = {
            events.Said: self._said, events.Joined: self._joined, events.Left: self._left,
            events.Renamed: self._renamed, events.Topic: self._topic, events.Modes: self._modes,
            events.Members: self._members, events.Told: self._told, events.Acked: self._acked,
            events.Ready: self._ready, events.Listed: self._listed, events.Invited: self._invited,
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

    def near(self, talk: int) -> None:
        """The person typed a command there."""
        self._near, self._near_until = talk, time.monotonic() + NEAR

    def gone(self) -> None:
        """The connection is over: the person is in no channel any more, and wants back into all of them."""
        self._near_until = 0.0
        self.link.gateway.forget_nick(self.link)
        for key in list(self.shared):
            self._out(key, joined=True)

    def own_words(self, target: str, text: str, kind: str) -> None:
        """The server took words of ours and does not echo them: they are heard here instead."""
        link = self.link
        channel = self.shared.get(link.fold(target))
        message = self._message(0, Mark(time.time()), kind, link.nick, without_secret(target, text, own=True))
        message.person_id = link.person
        if channel:
            self._share(channel, message)
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
                self._share(channel, self.spoken(channel.talk, event))
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
        message = self._message(talk, event.mark, event.manner, event.source.nick, text)
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
            self._tell(event.mark, "NOTICE", text, source.nick, near)
            return
        window = await self._query(partner)
        text = without_secret(event.target, event.text, own=event.own, source=str(source))
        if window is None:
            self._tell(event.mark, "PRIVMSG", text, source.nick)
            return
        message = self._message(window.talk_id, event.mark, event.manner, source.nick, text)
        message.person_id = link.person if event.own else link.gateway.person_of(link, source.nick)
        link.gateway.writer.message(message, (link.person,))

    def _ctcp(self, event: events.Said) -> Any:
        words = f"CTCP {event.command} {event.text}".strip()
        if event.manner == "reply" and event.command == "PING":
            words = f"CTCP PING {_distance(event.text)}".strip()
        if ignoring.ignores(self.link, event.source.nick):
            return None
        if not event.own:
            self._tell(event.mark, "CTCP", words, event.source.nick)
        now = time.monotonic()
        if event.manner == "reply" or event.own or now - self._answered < 1.0:
            return None
        self._answered = now  # one answer a second: whoever asks more is flooding
        answer = {"PING": event.text, "TIME": datetime.now(UTC).isoformat(timespec="seconds")} | CTCP_ANSWERS
        if event.command not in answer or not is_nick(event.source.nick, NICK):
            return None
        text = format_ctcp(event.command, answer[event.command][:200])
        return self.link.session.send("NOTICE", event.source.nick, text)

    # -- who comes and goes ---------------------------------------------------------------------------------

    async def _ready(self, event: events.Ready) -> None:
        from_now = self.link
        from_now.gateway.know_nick(from_now)
        from_now.stand(Network.State.ON)
        await from_now.enter_channels()

    def _joined(self, event: events.Joined) -> Any:
        if event.own:
            return self._enter(event)
        channel = self.shared[self.link.fold(event.channel)]
        nick = event.source.nick
        message = self._message(channel.talk, event.mark, "join", nick, "", host=_host(event.source))
        self._share(channel, message, m=[["+", "", nick]])
        return None

    async def _enter(self, event: events.Joined) -> None:
        link, key = self.link, self.link.fold(event.channel)
        window = await in_thread(
            presence.channel_window, link.network, link.server, event.channel, key, link.keys.pop(key, "")
        )
        await self.meanwhile.look_back(key, window)
        window.joined = window.inside = window.open = True
        link.windows[window.talk_id] = window
        channel = link.gateway.shared(link.server, window.talk_id, key, event.channel)
        channel.enter(link)
        self.shared[key] = channel
        link.gateway.writer.change(writer.entered(window.pk))
        message = self._message(
            channel.talk, event.mark, "join", event.source.nick, "", host=_host(event.source)
        )
        message.person_id = link.person
        self.tell_window(window)
        self._share(channel, message, m=[["+", "", event.source.nick]])
        self.meanwhile.ask(key, window)

    def _left(self, event: events.Left) -> None:
        for name in event.channels:
            key = self.link.fold(name)
            channel = self.shared.get(key)
            if channel is None:
                continue
            by = event.by.nick if event.by else event.source.nick
            message = self._message(
                channel.talk, event.mark, event.way, by, without_secret("#", event.text, source=by)
            )
            message.other = event.source.nick[:NAME] if event.by else ""
            message.host = _host(event.source)
            message.person_id = self.link.gateway.person_of(self.link, by)
            extra = {"m": [["-", event.source.nick]]} | ({"b": event.mark.batch} if event.mark.batch else {})
            self._share(channel, message, **extra)
            if event.own:
                self._out(key, joined=False, opened=event.way == "kick")
        if event.way == "quit" and self.link.fold(event.source.nick) == self.link.fold(
            self.link.row.wanted_nick
        ):
            self.regain = True
            self.link.mouth.later("NICK", self.link.row.wanted_nick)

    def _out(self, key: str, *, joined: bool, opened: bool = True) -> None:
        channel = self.shared.pop(key)
        self.meanwhile.forget(key)
        window = self.link.windows.get(channel.talk)
        for message in channel.leave(self.link):
            self.link.gateway.writer.message(message, channel.people)
        if window is None:
            return
        window.inside, window.joined, window.open = False, joined, opened
        purpose = not self.link.row.wanted
        self.link.gateway.writer.change(writer.left(window.pk, joined=joined, opened=opened, purpose=purpose))
        self.tell_window(window)

    def _renamed(self, event: events.Renamed) -> None:
        link = self.link
        if event.own:
            self.regain = False
            link.gateway.know_nick(link)
            if self.wished and link.fold(event.nick) == link.fold(self.wished):
                link.gateway.wish_nick(link, event.nick)
            link.stand(Network.State.ON)
        old, new = event.source.nick, event.nick
        for name in event.channels:
            channel = self.shared.get(link.fold(name))
            if channel:
                message = self._message(channel.talk, event.mark, "nick", old, "")
                message.other = new[:NAME]
                self._share(channel, message, m=[["=", old, new]])

    # -- what a channel is like -----------------------------------------------------------------------------

    def _topic(self, event: events.Topic) -> None:
        channel = self.shared.get(self.link.fold(event.channel))
        if channel is None:
            return
        talk, text = channel.talk, storable(event.text)
        if event.source is not None:
            message = self._message(talk, event.mark, "topic", event.source.nick, text)
            self._share(channel, message, topic=text)
        if channel.reporter is self.link:
            self.link.gateway.writer.change(lambda: Talk.objects.filter(pk=talk).update(topic=text) and None)
            if event.source is None:
                self._news(channel.people, told="topic", c=talk, topic=text)

    def _modes(self, event: events.Modes) -> None:
        channel = self.shared.get(self.link.fold(event.channel))
        room = self.link.session.state.room(event.channel)
        if channel is None or room is None:
            return
        if event.source is None:
            self._news((self.link.person,), told="flags", c=channel.talk, flags=room.flags)
            return
        fold, prefixes = self.link.fold, self.link.session.state.support.prefixes
        nicks = [change.argument for change in event.changes if change.letter in prefixes]
        members = [room.members[fold(nick)] for nick in nicks if fold(nick) in room.members]
        # A channel's key is a password: it is kept sealed with the window and in no message.
        shown = [
            replace(one, argument="•••") if one.letter == "k" and one.argument else one
            for one in event.changes
        ]
        words = " ".join(str(change) for change in shown)
        message = self._message(channel.talk, event.mark, "mode", event.source.nick, words)
        moved = [["+", one.signs, one.nick] for one in members]
        self._share(channel, message, m=moved, flags=room.flags)

    def _members(self, event: events.Members) -> None:
        channel = self.shared.get(self.link.fold(event.channel))
        if channel is None:
            return
        if not event.nick:
            self.tell_members(channel.talk, {"people": [self.link.person]})
        elif channel.reporter is self.link:
            room = self.link.session.state.room(event.channel)
            member = room and room.members.get(self.link.fold(event.nick))
            if member:
                self._news(channel.people, told="away", c=channel.talk, n=member.nick, away=member.away)

    # -- what the server says -------------------------------------------------------------------------------

    def _told(self, event: events.Told) -> None:
        if event.code == "433" and self.regain:
            self.regain = False  # our own quiet try to have the nick back: the person did not ask
            return
        self.link.mouth.refusal(event)
        if event.code in QUIET or (event.code in GREETING and time.monotonic() > self._near_until):
            return
        code, text = event.code, event.text
        if (who := self.whois.take(code, event.params)) is not None:
            code, text = WHOIS, who
        if text or code != WHOIS:
            self._tell(event.mark, code, text, near=self._place(event))

    def _place(self, event: events.Told) -> int:
        """Where an answer is shown besides the server's window: in the channel it names, or where one asked."""
        for word in event.params[:2]:
            channel = self.shared.get(self.link.fold(word)) if event.refused else None
            if channel:
                return channel.talk
        return self._near if time.monotonic() < self._near_until else 0

    def _tell(self, mark: Mark, code: str, text: str, nick: str = "", near: int | None = None) -> None:
        link = self.link
        window = link.window("server", "")
        if window is None:
            return
        message = self._message(window.talk_id, mark, "told", nick, text)
        message.other = code
        place = self._near if near is None and time.monotonic() < self._near_until else near or 0
        extra = {"near": place} if place and place != window.talk_id else {}
        link.gateway.writer.message(message, (link.person,), **extra)

    def _invited(self, event: events.Invited) -> None:
        words = f"{event.source.nick} → {event.channel}"
        self._tell(event.mark, "INVITE", words, event.source.nick)
        if event.own and not ignoring.ignores(self.link, event.source.nick):
            frame = {"told": "invited", "network": self.link.network, "n": event.source.nick}
            self._news((self.link.person,), **frame, channel=event.channel)

    def _listed(self, event: events.Listed) -> None:
        rows = sorted(event.channels, key=lambda row: (-row[1], row[0]))
        self._news(
            (self.link.person,), told="list", network=self.link.network, rows=rows[:2000], cut=event.cut
        )

    def _acked(self, event: events.Acked) -> None:
        self.link.mouth.acked(event)

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

    def _share(self, channel: Shared, message: Message, **extra: Any) -> None:
        message.talk_id = channel.talk
        if channel.news(self.link, message):
            self.link.gateway.writer.message(message, channel.people, **extra)

    def _news(self, people: tuple[int, ...], **frame: Any) -> None:
        self.link.gateway.writer.news(people=people, frame=_frame(frame))

    def _message(self, talk: int, mark: Mark, kind: str, nick: str, text: str, host: str = "") -> Message:
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


def without_secret(target: str, text: str, *, own: bool = False, source: str = "") -> str:
    """``text`` as it may be stored: what is secret in words to a service (NickServ), or of one, is taken out."""
    lead = f":{source} PRIVMSG {target} :" if source and not own else f"PRIVMSG {target} :"
    raw = f"{lead}{text}".encode("utf-8", "surrogateescape")
    at = lead.encode("utf-8", "surrogateescape").find(b"PRIVMSG")
    found = secret_words(raw, at, from_client=own)
    if found is None:
        return text
    return raw[len(lead.encode()) : found.start].decode("utf-8", "replace") + "•••"


def _distance(token: str) -> str:
    """How long a CTCP PING was on its way, there and back, from the milliseconds that ``/ping`` put into it."""
    passed = (
        time.time() * 1000 - int(token) if token.isascii() and token.isdigit() and len(token) < 15 else -1
    )
    return f"{passed:.0f} ms" if 0 <= passed < 3_600_000 else token


def _host(source: Any) -> str:
    return f"{source.user}@{source.host}" if source.host else ""


def _frame(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

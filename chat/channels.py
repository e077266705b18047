"""What happens in the channels of one connection: who comes and goes, the topic, the modes, the people."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chat import presence, writer
from chat.guarded import without_secret
from chat.models import NAME, Network, Talk
from chat.recording import in_thread
from protocols.irc import events
from protocols.storable import storable

if TYPE_CHECKING:
    from chat.heard import Ear


class Channels:
    """For one ear, which keeps the channels themselves (``shared``) and tells what comes of it."""

    def __init__(self, ear: Ear) -> None:
        self.ear, self.link = ear, ear.link

    # -- who comes and goes ---------------------------------------------------------------------------------

    def joined(self, event: events.Joined) -> Any:
        """Somebody came in; we ourselves: the channel is ours to hear from here on."""
        if event.own:
            return self._enter(event)
        channel = self.ear.shared[self.link.fold(event.channel)]
        nick = event.source.nick
        message = self.ear.message(channel.talk, event.mark, "join", nick, "", host=_host(event.source))
        self.ear.share(channel, message, m=[["+", "", nick]])
        return None

    async def _enter(self, event: events.Joined) -> None:
        link, key = self.link, self.link.fold(event.channel)
        window = await in_thread(
            presence.channel_window, link.network, link.server, event.channel, key, link.keys.pop(key, "")
        )
        await self.ear.meanwhile.look_back(key, window)
        window.joined = window.inside = window.open = True
        link.windows[window.talk_id] = window
        channel = link.gateway.shared(link.server, window.talk_id, key, event.channel)
        channel.enter(link)
        self.ear.shared[key] = channel
        link.gateway.writer.change(writer.entered(window.pk))
        message = self.ear.message(
            channel.talk, event.mark, "join", event.source.nick, "", host=_host(event.source)
        )
        message.person_id = link.person
        self.ear.tell_window(window)
        self.ear.share(channel, message, m=[["+", "", event.source.nick]])
        self.ear.meanwhile.ask(key, window)

    def left(self, event: events.Left) -> None:
        """Somebody went: by themselves, thrown out, or off the network."""
        for name in event.channels:
            key = self.link.fold(name)
            channel = self.ear.shared.get(key)
            if channel is None:
                continue
            by = event.by.nick if event.by else event.source.nick
            message = self.ear.message(
                channel.talk, event.mark, event.way, by, without_secret("#", event.text, source=by)
            )
            message.other = event.source.nick[:NAME] if event.by else ""
            message.host = _host(event.source)
            message.person_id = self.link.gateway.person_of(self.link, by)
            extra = {"m": [["-", event.source.nick]]} | ({"b": event.mark.batch} if event.mark.batch else {})
            self.ear.share(channel, message, **extra)
            if event.own:
                self.out(key, joined=False, opened=event.way == "kick")
        if event.way == "quit" and self.link.fold(event.source.nick) == self.link.fold(
            self.link.row.wanted_nick
        ):
            self.ear.regain = True
            self.link.mouth.later("NICK", self.link.row.wanted_nick)

    def out(self, key: str, *, joined: bool, opened: bool = True) -> None:
        """The person is not in the channel ``key`` any more; ``joined``: and wants back."""
        channel = self.ear.shared.pop(key)
        self.ear.meanwhile.forget(key)
        window = self.link.windows.get(channel.talk)
        for message in channel.leave(self.link):
            self.link.gateway.writer.message(message, channel.people)
        if window is None:
            return
        window.inside, window.joined, window.open = False, joined, opened
        purpose = not self.link.row.wanted
        self.link.gateway.writer.change(writer.left(window.pk, joined=joined, opened=opened, purpose=purpose))
        self.ear.tell_window(window)

    def renamed(self, event: events.Renamed) -> None:
        """Somebody has another nick."""
        link = self.link
        if event.own:
            self.ear.regain = False
            link.gateway.know_nick(link)
            if self.ear.wished and link.fold(event.nick) == link.fold(self.ear.wished):
                link.gateway.wish_nick(link, event.nick)
            link.stand(Network.State.ON)
        old, new = event.source.nick, event.nick
        for name in event.channels:
            channel = self.ear.shared.get(link.fold(name))
            if channel:
                message = self.ear.message(channel.talk, event.mark, "nick", old, "")
                message.other = new[:NAME]
                self.ear.share(channel, message, m=[["=", old, new]])

    # -- what a channel is like -----------------------------------------------------------------------------

    def topic(self, event: events.Topic) -> None:
        """The topic is another, or was told on entering."""
        channel = self.ear.shared.get(self.link.fold(event.channel))
        if channel is None:
            return
        talk, text = channel.talk, storable(event.text)
        if event.source is not None:
            message = self.ear.message(talk, event.mark, "topic", event.source.nick, text)
            self.ear.share(channel, message, topic=text)
        if channel.reporter is self.link:
            self.link.gateway.writer.change(lambda: Talk.objects.filter(pk=talk).update(topic=text) and None)
            if event.source is None:
                self.ear.news(channel.people, told="topic", c=talk, topic=text)

    def modes(self, event: events.Modes) -> None:
        """Modes changed, or were told."""
        channel = self.ear.shared.get(self.link.fold(event.channel))
        room = self.link.session.state.room(event.channel)
        if channel is None or room is None:
            return
        if event.source is None:
            self.ear.news((self.link.person,), told="flags", c=channel.talk, flags=room.flags)
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
        message = self.ear.message(channel.talk, event.mark, "mode", event.source.nick, words)
        moved = [["+", one.signs, one.nick] for one in members]
        self.ear.share(channel, message, m=moved, flags=room.flags)

    def members(self, event: events.Members) -> None:
        """The list of people is whole, or one of them is away or back."""
        channel = self.ear.shared.get(self.link.fold(event.channel))
        if channel is None:
            return
        if not event.nick:
            self.ear.tell_members(channel.talk, {"people": [self.link.person]})
        elif channel.reporter is self.link:
            room = self.link.session.state.room(event.channel)
            member = room and room.members.get(self.link.fold(event.nick))
            if member:
                self.ear.news(channel.people, told="away", c=channel.talk, n=member.nick, away=member.away)


def _host(source: Any) -> str:
    return f"{source.user}@{source.host}" if source.host else ""

"""A client's connection as a value that lines are fed to: who we are, where we are, who is there with us.

Knowledge only (sans I/O): ``feed`` takes one line of the server's and returns Events; what must be answered at once
(PONG, CAP, the next nick) collects in ``out``. Every table has a bound: a hostile server costs memory that is known.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from protocols.errors import Refused
from protocols.irc.events import (
    Acked,
    Event,
    Failed,
    Identity,
    Invited,
    Joined,
    Left,
    Listed,
    Mark,
    Member,
    Members,
    Modes,
    Ready,
    Renamed,
    Room,
    Said,
    Told,
    Topic,
)
from protocols.irc.grammar import Message, Source, format_message
from protocols.irc.heard import mark_of, parsed, said_to_all, source_of, spoken
from protocols.irc.registration import Registration
from protocols.irc.support import Support, parse_modes

MOST_ROOMS, MOST_MEMBERS, MOST_BATCHES, MOST_LISTED = 500, 20_000, 64, 5_000
_ABOUT = re.compile(r"4\d\d|5\d\d|3(?:01|24|29|31|32|33|41|67|68)")
_PREFIXED = {"353", "319"}


class Connection:
    """``nick`` is ours; ``rooms`` the channels we are in, by folded name; ``caps`` what was granted."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.support = Support()
        self.rooms: dict[str, Room] = {}
        self.out: list[bytes] = []
        self.ready = False
        self.user = self.host = ""
        self._registration = Registration(identity)
        self._batches: dict[str, tuple[str, str]] = {}
        self._listed: list[tuple[str, int, str]] | None = None
        self._ended = False
        self._nick = ""
        self._mark = Mark()
        self._handlers: dict[str, Callable[[Message], list[Event]]] = {
            "PRIVMSG": self._said, "NOTICE": self._said, "JOIN": self._join, "PART": self._part,
            "QUIT": self._quit, "KICK": self._kick, "NICK": self._rename, "TOPIC": self._topic,
            "MODE": self._mode, "PING": self._ping, "PONG": self._pong, "ERROR": self._error,
            "BATCH": self._batch, "AWAY": self._away, "ACK": self._ack, "CHGHOST": self._chghost,
            "INVITE": self._invite, "TAGMSG": self._nothing, "ACCOUNT": self._nothing, "SETNAME": self._nothing,
            "CAP": self._nothing, "AUTHENTICATE": self._nothing, "001": self._welcome, "005": self._support,
            "324": self._modes_told, "331": self._topic_told, "332": self._topic_told, "333": self._nothing,
            "329": self._nothing, "353": self._names, "366": self._names_end, "321": self._list_begin,
            "322": self._list_row, "323": self._list_end,
        }  # fmt: skip

    @property
    def nick(self) -> str:
        """Ours, or the one that we ask for."""
        return self._nick or self._registration.nick

    @property
    def caps(self) -> set[str]:
        """The capabilities that the server granted."""
        return self._registration.caps

    @property
    def source(self) -> str:
        """``nick!user@host`` as the server puts it before our lines; "" while it is unknown."""
        return f"{self.nick}!{self.user}@{self.host}" if self.host else ""

    def begin(self) -> None:
        """Put the first line into ``out``."""
        self.out += self._registration.begin()

    def give_up_cap(self) -> None:
        """The server was silent about capabilities."""
        if not self.ready:
            self.out += self._registration.give_up_cap()

    def is_me(self, nick: str) -> bool:
        """Whether ``nick`` is ours, as this server compares."""
        return nick == self.nick or self.support.fold(nick) == self.support.fold(self.nick)

    def room(self, name: str) -> Room | None:
        """The channel ``name``, where we are in it."""
        return self.rooms.get(self.support.fold(name))

    def feed(self, raw: bytes) -> list[Event]:
        """Take a line (its ending may be there); return what it tells.

        NUL stands in no message (RFC 2812 2.3.1); a server that says one is understood without it.
        """
        if b"\0" in raw:
            raw = raw.replace(b"\0", b"")
        said = self.said_to_all(raw)
        if said is not None:
            return [said]
        message = parsed(raw.rstrip(b"\r\n"))
        if message is None or self._ended:
            return []
        self._mark = self._marked(message)
        events = [] if self.ready and message.command != "CAP" else self._register(message)
        handler = self._handlers.get(message.command, self._told)
        found = handler(message)
        # What a server answers to our label, it took: an echo, an answer, or a refusal that says so itself.
        label = self._mark.label
        if label and not any(isinstance(event, Acked | Told) for event in found):
            found.append(Acked(label=label))
        return [*found, *events]

    def said_to_all(self, raw: bytes) -> Said | None:
        """What somebody else says in ``raw``, where that changes nothing here; None where ``feed`` must be asked."""
        said = said_to_all(raw) if self.ready and not self._ended and b"\0" not in raw else None
        return said if said is not None and not self.is_me(said.source.nick) else None

    def _register(self, message: Message) -> list[Event]:
        self.out += self._registration.feed(message)
        failure = self._registration.failure
        if failure is not None and not self._ended:
            self._ended = True
            return [Failed(failure)]
        if self._registration.done and not self.ready:
            self.ready = True
            return [Ready(self.nick, self.identity.nick)]
        return []

    def _marked(self, message: Message) -> Mark:
        tags = message.tags
        if not tags:
            return Mark(time.time())
        return mark_of(tags, *self._batches.get(tags.get("batch", ""), ("", "")))

    def _said(self, message: Message) -> list[Event]:
        return [spoken(message, self._mark, self.is_me(source_of(message.source).nick))]

    def _join(self, message: Message) -> list[Event]:
        who, name = message.who, message.param(0)
        own, key = self.is_me(who.nick), self.support.fold(name)
        if own:
            self.user, self.host = who.user, who.host
            if len(self.rooms) < MOST_ROOMS:
                self.rooms[key] = Room(name)
                self.out.append(format_message("MODE", name))
        room = self.rooms.get(key)
        if room is None:
            return []
        if len(room.members) < MOST_MEMBERS:
            room.members.setdefault(self.support.fold(who.nick), Member(who.nick))
        return [Joined(who, name, own, self._mark)]

    def _part(self, message: Message) -> list[Event]:
        return self._gone(message.who, message.param(0), "part", message.param(1), None)

    def _kick(self, message: Message) -> list[Event]:
        whom = Source(message.param(1))
        return self._gone(whom, message.param(0), "kick", message.param(2), message.who)

    def _gone(self, who: Source, name: str, way: str, text: str, by: Source | None) -> list[Event]:
        room = self.room(name)
        if room is None:
            return []
        own = self.is_me(who.nick)
        room.members.pop(self.support.fold(who.nick), None)
        if own:
            del self.rooms[self.support.fold(name)]
        return [Left(who, (room.name,), way, text, own, self._mark, by)]  # type: ignore[arg-type]

    def _quit(self, message: Message) -> list[Event]:
        who, key = message.who, self.support.fold(message.nick)
        rooms = tuple(room.name for room in self.rooms.values() if room.members.pop(key, None))
        own = self.is_me(who.nick)
        return [Left(who, rooms, "quit", message.param(0), own, self._mark)] if rooms or own else []

    def _rename(self, message: Message) -> list[Event]:
        who, nick = message.who, message.param(0)
        old, new, rooms = self.support.fold(who.nick), self.support.fold(nick), []
        for room in self.rooms.values():
            member = room.members.pop(old, None)
            if member:
                member.nick = nick
                room.members[new] = member
                rooms.append(room.name)
        own = self.is_me(who.nick)
        if own:
            self._nick = nick
        return [Renamed(who, nick, tuple(rooms), own, self._mark)]

    def _topic(self, message: Message) -> list[Event]:
        return self._topic_of(message.param(0), message.param(1), message.who)

    def _topic_told(self, message: Message) -> list[Event]:
        text = message.param(2) if message.command == "332" else ""
        return self._topic_of(message.param(1), text, None) or self._told(message)

    def _topic_of(self, name: str, text: str, who: Source | None) -> list[Event]:
        room = self.room(name)
        if room is None:
            return []
        room.topic = text
        return [Topic(room.name, text, who, self._mark)]

    def _mode(self, message: Message) -> list[Event]:
        room = self.room(message.param(0))
        if room is None:
            return self._told(message)
        changes = tuple(parse_modes(message.params[1:], self.support))
        for change in changes:
            self._change(room, change.add, change.letter, change.argument)
        return [Modes(room.name, changes, message.who, self._mark)]

    def _modes_told(self, message: Message) -> list[Event]:
        room = self.room(message.param(1))
        if room is None:
            return self._told(message)
        changes = tuple(parse_modes(message.params[2:], self.support))
        room.modes = {change.letter: change.argument for change in changes if change.add}
        return [Modes(room.name, changes, None, self._mark)]

    def _change(self, room: Room, add: bool, letter: str, argument: str) -> None:
        sign = self.support.prefixes.get(letter)
        if sign is not None:
            member = room.members.get(self.support.fold(argument))
            if member:
                signs = set(member.signs) - {sign} | ({sign} if add else set())
                member.signs = "".join(one for one in self.support.prefixes.values() if one in signs)
        elif letter in self.support.lists:
            return
        elif add:
            room.modes[letter] = argument
        else:
            room.modes.pop(letter, None)

    def _names(self, message: Message) -> list[Event]:
        room = self.room(message.param(2))
        if room is None:
            return self._told(message)
        room.listing = set() if room.listing is None else room.listing
        for word in message.param(3).split():
            signs, name = self.support.split_prefixes(word)
            nick = name.partition("!")[0]
            key = self.support.fold(nick)
            room.listing.add(key)
            if key in room.members:
                room.members[key].signs = signs
            elif len(room.members) < MOST_MEMBERS:
                room.members[key] = Member(nick, signs)
        return []

    def _names_end(self, message: Message) -> list[Event]:
        room = self.room(message.param(1))
        if room is None:
            return self._told(message)
        if room.listing is not None:
            room.members = {key: member for key, member in room.members.items() if key in room.listing}
            room.listing = None
        return [Members(room.name)]

    def _away(self, message: Message) -> list[Event]:
        key, away, events = self.support.fold(message.nick), bool(message.params), []
        for room in self.rooms.values():
            member = room.members.get(key)
            if member:
                member.away = away
                events.append(Members(room.name, member.nick))
        return list(events)

    def _list_begin(self, message: Message) -> list[Event]:
        self._listed = []
        return []

    def _list_row(self, message: Message) -> list[Event]:
        self._listed = [] if self._listed is None else self._listed
        count = message.param(2)
        number = int(count) if count.isascii() and count.isdigit() and len(count) < 9 else 0
        if len(self._listed) <= MOST_LISTED:
            self._listed.append((message.param(1), number, message.param(3)))
        return []

    def _list_end(self, message: Message) -> list[Event]:
        rows, self._listed = self._listed or [], None
        label = [Acked(label=self._mark.label)] if self._mark.label else []
        return [Listed(tuple(rows[:MOST_LISTED]), len(rows) > MOST_LISTED), *label]

    def _invite(self, message: Message) -> list[Event]:
        nick = message.param(0)
        return [Invited(message.who, nick, message.param(1), self.is_me(nick), self._mark)]

    def _ping(self, message: Message) -> list[Event]:
        self.out.append(format_message("PONG", message.param(-1)))
        return []

    def _pong(self, message: Message) -> list[Event]:
        return [Acked(token=message.param(-1))]

    def _ack(self, message: Message) -> list[Event]:
        return [Acked(label=self._mark.label)]

    def _error(self, message: Message) -> list[Event]:
        self._ended = True
        return [Failed(Refused("ERROR", message.param(-1)))]

    def _batch(self, message: Message) -> list[Event]:
        name = message.param(0)
        if name.startswith("+") and len(self._batches) < MOST_BATCHES:
            outer, label = self._batches.get(message.tags.get("batch", ""), ("", ""))
            kind = message.param(1)
            kind = outer if kind == "labeled-response" else kind
            self._batches[name[1:]] = (kind, message.tags.get("label", "") or label)
            self._mark = Mark()  # the label answers for the lines inside
            return []
        _, label = self._batches.pop(name[1:], ("", ""))
        return [Acked(label=label)] if label else []

    def _chghost(self, message: Message) -> list[Event]:
        if self.is_me(message.nick):
            self.user, self.host = message.param(0), message.param(1)
        return []

    def _welcome(self, message: Message) -> list[Event]:
        self._nick = message.param(0)
        return self._told(message)

    def _support(self, message: Message) -> list[Event]:
        self.support = self.support.with_tokens(message.params[1:-1])
        return []

    def _nothing(self, message: Message) -> list[Event]:
        return []

    def _told(self, message: Message) -> list[Event]:
        """Numerics have our nick first; what is left names a channel or a nick where they are about one."""
        params = message.params[1:] if message.numeric else message.params
        refused = message.numeric and message.command[0] in "45" and message.command != "422"
        about = params[0] if len(params) > 1 and _ABOUT.fullmatch(message.command) else ""
        if message.command == "396" and params:
            self.host = params[0]
        return [Told(message.command, tuple(params), about, refused, self._mark)]

"""What each line of an IRC conversation means, told with the connection's state in mind (RFC 2812, IRCv3).

No sentence repeats what people said: their words may be folded for the reader (``grammar.talk``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from protocols.catalog import Entry
from protocols.irc import details
from protocols.irc.commands import cap_subcommands, commands, ctcp
from protocols.irc.grammar import Message, parse_ctcp, parse_message
from protocols.irc.replies import numerics, outcome
from protocols.irc.services import is_service
from protocols.irc.support import Support
from protocols.line import Line, Note, Outcome

NEXT: dict[str, tuple[str, ...]] = {
    "connected": ("CAP LS 302", "PASS", "NICK", "USER"),
    "negotiating": ("CAP REQ", "AUTHENTICATE", "NICK", "USER", "CAP END"),
    "signing-in": ("AUTHENTICATE",),
    "registered": ("JOIN", "LIST", "WHOIS", "PRIVMSG", "QUIT"),
    "joined": ("PRIVMSG", "NAMES", "TOPIC", "MODE", "PART", "QUIT"),
    "bye": (),
}
_SPLIT = re.compile(r"([\w-]{1,63}(?:\.[\w-]{1,63})+) ([\w-]{1,63}(?:\.[\w-]{1,63})+)", re.ASCII)
_HEARD = re.compile(rb"(?:@[^ ]* )?:[^ !]+![^ ]+ (?:PRIVMSG|NOTICE|TAGMSG) ")
_KEPT_TOKENS = ("CASEMAPPING", "CHANMODES", "CHANTYPES", "PREFIX")
MOST_KEPT = 200


class Explainer:
    """Told every guarded line in order; ``state`` and ``restore`` carry it over a block's border."""

    STATES = ("connected", "negotiating", "signing-in", "registered", "joined", "bye")

    def __init__(self) -> None:
        self._state = "connected"
        self._nick = ""
        self._channels: list[str] = []
        self._batches: dict[str, str] = {}
        self._mechanism = ""
        self._support = Support()

    def state(self) -> dict[str, Any]:
        """Return what has to be known to go on from here."""
        return {
            "state": self._state,
            "nick": self._nick,
            "channels": list(self._channels),
            "batches": dict(self._batches),
            "mechanism": self._mechanism,
            "tokens": {key: self._support.tokens[key] for key in _KEPT_TOKENS if key in self._support.tokens},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        self._state, self._nick = str(state["state"]), str(state["nick"])
        self._channels, self._batches = list(state["channels"]), dict(state["batches"])
        self._mechanism = str(state["mechanism"])
        self._support = Support().with_tokens(f"{key}={value}" for key, value in state["tokens"].items())

    def feed(self, line: Line) -> Note:
        """Return what ``line`` means, here and now."""
        if line.kind == "binary":
            return replace(self._note("irc.binary", size=line.size), known=False)
        if not line.raw.strip() and not line.hidden:
            return self._note("irc.empty")
        message = parse_message(details.whole(line))
        if message is None:
            return replace(self._note("irc.hidden" if line.hidden else "irc.none"), known=bool(line.hidden))
        note = self._client(line, message) if line.speaker == "C" else self._server(line, message)
        return replace(note, details=(*note.details, *details.tags(message, self._batches)))

    def passes(self, line: Line) -> bool:
        """Whether ``line`` is talk from the server: it changes no state and is no reply, so whoever only keeps
        the state need not feed it."""
        return line.speaker == "S" and not line.hidden and _HEARD.match(line.raw) is not None

    def _note(self, key: str, entry: Entry | None = None, **params: str | int) -> Note:
        return Note(key, params, entry.refs if entry else (), state=self._state, next=NEXT[self._state])

    # What the client says

    def _client(self, line: Line, message: Message) -> Note:
        entry = commands().get(message.command)
        if entry is None:
            key = "irc.numeric.client" if message.numeric else "irc.command.unknown"
            return replace(self._note(key, verb=message.command), known=False)
        special = _CLIENT.get(message.command)
        note = special(self, line, message, entry) if special else None
        return note or self._plain(line, message, entry)

    def _plain(self, line: Line, message: Message, entry: Entry) -> Note:
        note = self._note(f"irc.commands.{entry.key}", entry)
        if line.hidden:
            note = replace(note, details=(Note("irc.secret", {"size": details.hidden(line)}),))
        return note

    def _cap(self, line: Line, message: Message, entry: Entry) -> Note | None:
        sub = message.param(0).upper()
        found = cap_subcommands().get(sub)
        if found is None:
            return None
        if sub in ("LS", "REQ") and self._state == "connected":
            self._state = "negotiating"
        if sub == "END":
            self._state = "connected" if not self._registered else self._state
        note = self._note(f"irc.cap_subcommands.{sub}", found)
        return replace(note, details=details.capabilities(message.param(-1)) if sub == "REQ" else ())

    def _authenticate(self, line: Line, message: Message, entry: Entry) -> Note:
        word = message.param(0)
        if not line.hidden and word not in ("+", "*"):
            self._mechanism, self._state = word.upper(), "signing-in"
            return self._note("irc.authenticate.begin", entry, mechanism=self._mechanism)
        if word == "*":
            return self._note("irc.authenticate.cancel", entry)
        if word == "+":
            return self._note("irc.authenticate.empty", entry)
        user = line.hidden[0].user if line.hidden else ""
        key = "irc.authenticate.secret" if user else "irc.authenticate.piece"
        return self._note(key, entry, user=user, size=details.hidden(line))

    def _pass(self, line: Line, message: Message, entry: Entry) -> Note | None:
        if not line.hidden:
            return None
        return self._note("irc.pass.tls" if line.tls else "irc.pass", entry, size=details.hidden(line))

    def _nickname(self, line: Line, message: Message, entry: Entry) -> Note | None:
        if not message.params:
            return None
        key = "irc.nick.change" if self._registered else "irc.nick"
        if not self._registered:
            self._nick = message.param(0)
        return self._note(key, entry, nick=message.param(0))

    def _user(self, line: Line, message: Message, entry: Entry) -> Note | None:
        if len(message.params) < 4:
            return None
        return self._note("irc.user", entry, user=message.param(0), name=message.param(3))

    def _join(self, line: Line, message: Message, entry: Entry) -> Note | None:
        if message.param(0) == "0":
            return self._note("irc.join.0", entry)
        if not message.params:
            return None
        key = "irc.join.key" if line.hidden else "irc.join"
        return self._note(key, entry, channel=message.param(0).replace(",", ", "))

    def _talk(self, line: Line, message: Message, entry: Entry) -> Note | None:
        target = message.param(0)
        if len(message.params) < 2 or not target:
            return None
        verb = "notice" if message.command == "NOTICE" else "privmsg"
        if line.hidden and is_service(target.split(",")[0]):
            note = self._note("irc.service", entry, service=target, size=details.hidden(line))
        else:
            note = self._note(f"irc.{verb}.{self._place(target)}", entry, target=target.replace(",", ", "))
        return self._said(note, message, "ask" if verb == "privmsg" else "answer")

    def _said(self, note: Note, message: Message, way: str) -> Note:
        """The same message, CTCP told as such, its formatting named."""
        found = parse_ctcp(message.param(-1))
        if found is None:
            return replace(note, details=(*note.details, *details.formatting(message.param(-1))))
        entry = ctcp().get(found[0])
        what = (
            Note(f"irc.ctcp.{entry.key}", {}, entry.refs)
            if entry
            else Note("irc.ctcp.unknown", {"verb": found[0]})
        )
        return replace(note, details=(Note(f"irc.ctcp.{way}", {"verb": found[0]}), what, *note.details))

    def _place(self, target: str) -> str:
        if self._support.is_channel(target) or self._support.is_channel(target.lstrip("~&@%+")):
            return "channel"
        return "service" if is_service(target) else "person"

    def _topic(self, line: Line, message: Message, entry: Entry) -> Note | None:
        if not message.params:
            return None
        way = "ask" if len(message.params) == 1 else ("set" if message.param(1) else "clear")
        return self._note(f"irc.topic.{way}", entry, channel=message.param(0))

    def _mode(self, line: Line, message: Message, entry: Entry) -> Note | None:
        if not message.params:
            return None
        target = message.param(0)
        place = "channel" if self._support.is_channel(target) else "user"
        way = "ask" if len(message.params) == 1 else "set"
        note = self._note(f"irc.mode.{place}.{way}", entry, target=target)
        return replace(note, details=details.modes(message.params[1:], self._support, place))

    def _about(self, line: Line, message: Message, entry: Entry) -> Note | None:
        """PART, KICK, INVITE, WHOIS and the like: their table's meaning, with whom it is about."""
        if not message.params:
            return None
        note = self._plain(line, message, entry)
        names = [details.named("channel" if self._support.is_channel(word) else _ABOUT[message.command], word)
                 for word in message.params[: 2 if message.command in ("KICK", "INVITE") else 1]]  # fmt: skip
        return replace(note, details=(*names, *note.details))

    def _quit(self, line: Line, message: Message, entry: Entry) -> Note:
        self._state = "bye"
        return self._plain(line, message, entry)

    def _away(self, line: Line, message: Message, entry: Entry) -> Note:
        return self._note("irc.away.set" if message.param(0) else "irc.away.back", entry)

    # What the server says

    def _server(self, line: Line, message: Message) -> Note:
        if message.numeric:
            return self._numeric(line, message)
        entry = commands().get(message.command)
        if entry is None:
            return replace(self._note("irc.command.unknown", verb=message.command), known=False)
        special = _SERVER.get(message.command)
        found = special(self, message, entry) if special else None
        return found or self._note(f"irc.commands.{entry.key}", entry)

    @property
    def _registered(self) -> bool:
        return self._state in ("registered", "joined")

    def _mine(self, nick: str) -> bool:
        return self._support.fold(nick) == self._support.fold(self._nick)

    def _numeric(self, line: Line, message: Message) -> Note:
        code = message.command
        entry = numerics().get(code)
        self._move(code, message)
        how = outcome(code)
        if entry is None:
            note = self._note("irc.numeric.refused" if how == "refused" else "irc.numeric.unknown", code=code)
            return replace(note, known=False, outcome=how, badge=code, details=details.unnamed(message))
        note = self._numeric_note(code, message, entry)
        more = details.parameters(entry, message)
        if code == "005":
            more = details.tokens(message)
        elif code in ("324", "221"):
            start = 2 if code == "324" else 1
            place = "channel" if code == "324" else "user"
            more = (*more, *details.modes(message.params[start:], self._support, place))
        elif code == "353":
            more = (*more, *details.names(message, self._support))
        name = Note("irc.name", {"code": code, "name": entry.name})
        return replace(note, outcome=how, badge=code, details=(name, *more))

    def _numeric_note(self, code: str, message: Message, entry: Entry) -> Note:
        special = f"irc.numeric.{code}"
        if special not in details.sentences():
            return self._note(f"irc.numerics.{code}", entry)
        # People's own words (a topic, an away message) stay out of the sentence.
        names = [*entry.facts.get("params", ()), "", ""]
        told = ["" if name == "words" else message.param(place) for place, name in enumerate(names[:2], 1)]
        return self._note(special, entry, nick=self._nick or message.param(0), first=told[0], second=told[1])

    def _move(self, code: str, message: Message) -> None:
        if code == "001":
            self._state, self._nick = "registered", message.param(0)
        elif code == "005":
            self._support = self._support.with_tokens(message.params[1:])
        elif code in ("903", "904", "905", "906", "907", "902") and self._state == "signing-in":
            self._state = "negotiating"

    def _server_cap(self, message: Message, entry: Entry) -> Note | None:
        sub = message.param(1).upper()
        found = cap_subcommands().get(sub)
        if found is None:
            return None
        key = f"irc.cap.server.{sub}" if sub in ("LS", "LIST") else f"irc.cap_subcommands.{sub}"
        note = replace(self._note(key, found), details=details.capabilities(message.param(-1)))
        how: Outcome = {"ACK": "done", "NAK": "refused"}.get(sub, "")  # type: ignore[assignment]
        return replace(note, outcome=how, badge=sub if how else "")

    def _challenge(self, message: Message, entry: Entry) -> Note:
        key = "irc.authenticate.go" if message.param(0) == "+" else "irc.authenticate.challenge"
        return replace(self._note(key, entry), outcome="go-on", badge="AUTHENTICATE")

    def _joined(self, message: Message, entry: Entry) -> Note:
        channel = message.param(0)
        if self._mine(message.nick):
            if channel not in self._channels:
                self._channels = [*self._channels, channel][-MOST_KEPT:]
            self._state = "joined"
            return self._note("irc.joined.you", entry, channel=channel)
        note = self._note("irc.joined", entry, nick=message.nick, channel=channel)
        account = message.param(1)
        return (
            replace(note, details=(details.named("account", account),)) if account not in ("", "*") else note
        )

    def _left(self, message: Message, entry: Entry) -> Note:
        channel = message.param(0)
        if self._mine(message.nick):
            self._leave(channel)
            return self._note("irc.left.you", entry, channel=channel)
        return self._note("irc.left", entry, nick=message.nick, channel=channel)

    def _kicked(self, message: Message, entry: Entry) -> Note:
        channel, nick = message.param(0), message.param(1)
        if self._mine(nick):
            self._leave(channel)
            return self._note("irc.kicked.you", entry, nick=message.nick, channel=channel)
        return self._note("irc.kicked", entry, by=message.nick, nick=nick, channel=channel)

    def _leave(self, channel: str) -> None:
        self._channels = [
            one for one in self._channels if self._support.fold(one) != self._support.fold(channel)
        ]
        if not self._channels and self._state == "joined":
            self._state = "registered"

    def _has_quit(self, message: Message, entry: Entry) -> Note:
        if self._mine(message.nick):
            self._state = "bye"
            return self._note("irc.quit.you", entry)
        # RFC 2812 3.1.7: where two servers lose each other, their names are the reason that everybody is given.
        if split := _SPLIT.fullmatch(message.param(0)):
            return self._note("irc.quit.split", entry, nick=message.nick, one=split[1], other=split[2])
        return self._note("irc.quit", entry, nick=message.nick)

    def _renamed(self, message: Message, entry: Entry) -> Note:
        new = message.param(0)
        if self._mine(message.nick):
            self._nick = new
            return self._note("irc.renamed.you", entry, nick=new)
        return self._note("irc.renamed", entry, old=message.nick, nick=new)

    def _heard(self, message: Message, entry: Entry) -> Note | None:
        target = message.param(0)
        verb = "notice" if message.command == "NOTICE" else "privmsg"
        if "!" not in message.source:
            return self._note(f"irc.heard.server.{verb}", entry)
        if self._mine(message.nick):
            note = self._note("irc.heard.echo", entry, target=target)
        elif self._place(target) == "channel":
            note = self._note(f"irc.heard.{verb}.channel", entry, nick=message.nick, target=target)
        else:
            note = self._note(f"irc.heard.{verb}.you", entry, nick=message.nick)
        return self._said(note, message, "ask" if verb == "privmsg" else "answer")

    def _tags_only(self, message: Message, entry: Entry) -> Note:
        return self._note("irc.tagmsg", entry, nick=message.nick, target=message.param(0))

    def _topic_set(self, message: Message, entry: Entry) -> Note:
        key = "irc.topic.changed" if message.param(1) else "irc.topic.cleared"
        return self._note(key, entry, nick=message.nick, channel=message.param(0))

    def _mode_set(self, message: Message, entry: Entry) -> Note:
        target = message.param(0)
        place = "channel" if self._support.is_channel(target) else "user"
        note = self._note(f"irc.mode.{place}.changed", entry, nick=message.nick, target=target)
        return replace(note, details=details.modes(message.params[1:], self._support, place))

    def _ping(self, message: Message, entry: Entry) -> Note:
        return self._note("irc.ping", entry)

    def _pong(self, message: Message, entry: Entry) -> Note:
        return self._note("irc.pong", entry)

    def _error(self, message: Message, entry: Entry) -> Note:
        self._state = "bye"
        return replace(self._note("irc.error", entry), outcome="", badge="ERROR")

    def _standard(self, message: Message, entry: Entry) -> Note:
        kind = message.command
        note = self._note(f"irc.standard.{kind}", entry, verb=message.param(0), code=message.param(1))
        how: Outcome = "refused" if kind == "FAIL" else ""
        return replace(note, outcome=how, badge=kind, details=(details.named("text", message.param(-1)),))

    def _batch(self, message: Message, entry: Entry) -> Note | None:
        word = message.param(0)
        if word.startswith("+"):
            self._batches = dict([*self._batches.items(), (word[1:], message.param(1))][-20:])
            note = self._note("irc.batch.begin", entry, kind=message.param(1))
            return replace(note, details=details.batch(message.param(1)))
        kind = self._batches.pop(word[1:], "")
        return self._note("irc.batch.end", entry, kind=kind or "?")

    def _about_someone(self, message: Message, entry: Entry) -> Note | None:
        """INVITE, ACCOUNT, AWAY, CHGHOST, SETNAME, KILL, WALLOPS: who did it, and with what."""
        verb = message.command.lower()
        value = message.param(0)
        if verb == "invite":
            verb = "invite.you" if self._mine(value) else "invite"
        elif verb == "account" and value == "*":
            verb = "account.out"
        elif verb == "away" and not value:
            verb = "away.back"
        return self._note(
            f"irc.about.{verb}", entry, nick=message.nick or "?", value=value, second=message.param(1)
        )


_ABOUT = {
    "PART": "channel", "KICK": "nick", "INVITE": "nick", "WHOIS": "nick", "WHOWAS": "nick", "WHO": "mask",
    "NAMES": "channel", "LIST": "channel", "ISON": "nicks", "USERHOST": "nicks", "MONITOR": "nicks", "KILL": "nick",
    "CHATHISTORY": "subject", "HELP": "subject", "STATS": "letter", "OPER": "name",
}  # fmt: skip
_CLIENT: dict[str, Callable[[Explainer, Line, Message, Entry], Note | None]] = {
    "CAP": Explainer._cap,
    "AUTHENTICATE": Explainer._authenticate,
    "PASS": Explainer._pass,
    "NICK": Explainer._nickname,
    "USER": Explainer._user,
    "JOIN": Explainer._join,
    "PRIVMSG": Explainer._talk,
    "NOTICE": Explainer._talk,
    "TOPIC": Explainer._topic,
    "MODE": Explainer._mode,
    "QUIT": Explainer._quit,
    "AWAY": Explainer._away,
    **dict.fromkeys(_ABOUT, Explainer._about),
}
_SERVER: dict[str, Callable[[Explainer, Message, Entry], Note | None]] = {
    "CAP": Explainer._server_cap,
    "AUTHENTICATE": Explainer._challenge,
    "JOIN": Explainer._joined,
    "PART": Explainer._left,
    "KICK": Explainer._kicked,
    "QUIT": Explainer._has_quit,
    "NICK": Explainer._renamed,
    "PRIVMSG": Explainer._heard,
    "NOTICE": Explainer._heard,
    "TAGMSG": Explainer._tags_only,
    "TOPIC": Explainer._topic_set,
    "MODE": Explainer._mode_set,
    "PING": Explainer._ping,
    "PONG": Explainer._pong,
    "ERROR": Explainer._error,
    "BATCH": Explainer._batch,
    **dict.fromkeys(("FAIL", "WARN", "NOTE"), Explainer._standard),
    **dict.fromkeys(
        ("INVITE", "ACCOUNT", "AWAY", "CHGHOST", "SETNAME", "KILL", "WALLOPS"), Explainer._about_someone
    ),
}

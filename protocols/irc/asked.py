"""What the client's lines mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from protocols.catalog import Entry
from protocols.irc import details
from protocols.irc.commands import cap_subcommands, commands
from protocols.irc.grammar import Message
from protocols.irc.services import is_service
from protocols.irc.standing import Standing
from protocols.line import Line, Note


class Asked(Standing):
    """The client's half of the explainer."""

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


_ABOUT = {
    "PART": "channel", "KICK": "nick", "INVITE": "nick", "WHOIS": "nick", "WHOWAS": "nick", "WHO": "mask",
    "NAMES": "channel", "LIST": "channel", "ISON": "nicks", "USERHOST": "nicks", "MONITOR": "nicks", "KILL": "nick",
    "CHATHISTORY": "subject", "HELP": "subject", "STATS": "letter", "OPER": "name",
}  # fmt: skip
_CLIENT: dict[str, Callable[[Asked, Line, Message, Entry], Note | None]] = {
    "CAP": Asked._cap,
    "AUTHENTICATE": Asked._authenticate,
    "PASS": Asked._pass,
    "NICK": Asked._nickname,
    "USER": Asked._user,
    "JOIN": Asked._join,
    "PRIVMSG": Asked._talk,
    "NOTICE": Asked._talk,
    "TOPIC": Asked._topic,
    "MODE": Asked._mode,
    "QUIT": Asked._quit,
    "AWAY": Asked._away,
    **dict.fromkeys(_ABOUT, Asked._about),
}

"""What the server's lines mean."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from protocols.catalog import Entry
from protocols.irc import details
from protocols.irc.commands import cap_subcommands, commands
from protocols.irc.grammar import Message
from protocols.irc.replies import numerics, outcome
from protocols.irc.standing import Standing
from protocols.line import Line, Note, Outcome

_SPLIT = re.compile(r"([\w-]{1,63}(?:\.[\w-]{1,63})+) ([\w-]{1,63}(?:\.[\w-]{1,63})+)", re.ASCII)
MOST_KEPT = 200


class Answered(Standing):
    """The server's half of the explainer."""

    def _server(self, line: Line, message: Message) -> Note:
        if message.numeric:
            return self._numeric(line, message)
        entry = commands().get(message.command)
        if entry is None:
            return replace(self._note("irc.command.unknown", verb=message.command), known=False)
        special = _SERVER.get(message.command)
        found = special(self, message, entry) if special else None
        return found or self._note(f"irc.commands.{entry.key}", entry)

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


_SERVER: dict[str, Callable[[Answered, Message, Entry], Note | None]] = {
    "CAP": Answered._server_cap,
    "AUTHENTICATE": Answered._challenge,
    "JOIN": Answered._joined,
    "PART": Answered._left,
    "KICK": Answered._kicked,
    "QUIT": Answered._has_quit,
    "NICK": Answered._renamed,
    "PRIVMSG": Answered._heard,
    "NOTICE": Answered._heard,
    "TAGMSG": Answered._tags_only,
    "TOPIC": Answered._topic_set,
    "MODE": Answered._mode_set,
    "PING": Answered._ping,
    "PONG": Answered._pong,
    "ERROR": Answered._error,
    "BATCH": Answered._batch,
    **dict.fromkeys(("FAIL", "WARN", "NOTE"), Answered._standard),
    **dict.fromkeys(
        ("INVITE", "ACCOUNT", "AWAY", "CHGHOST", "SETNAME", "KILL", "WALLOPS"), Answered._about_someone
    ),
}

"""What each line of a POP3 conversation means, told with the session's state in mind (RFC 1939)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocols.catalog import Entry
from protocols.line import Line, Note
from protocols.pop3.commands import capabilities, commands
from protocols.pop3.grammar import Command, Reply, many_lines, parse_command, parse_reply
from protocols.pop3.replies import codes, outcome, replies
from protocols.sasl import decoded, readable

NEXT: dict[str, tuple[str, ...]] = {
    "authorization": ("CAPA", "STLS", "USER", "APOP", "AUTH", "QUIT"),
    "user": ("PASS", "QUIT"),
    "transaction": ("STAT", "LIST", "UIDL", "TOP", "RETR", "DELE", "RSET", "NOOP", "QUIT"),
    "update": (),
}
_SAID = {"RETR", "DELE", "LIST", "UIDL"}
_NUMBERS = re.compile(r"(\d+)\s+(\S+)")


class Explainer:
    """Told every guarded line in order; ``state`` and ``restore`` carry it over a block's border."""

    STATES = ("authorization", "user", "transaction", "update")

    def __init__(self) -> None:
        self._state = "authorization"
        self._waiting: list[list[str]] = []
        self._greeted = False
        self._many = ""
        self._user = ""
        self._marked = 0

    def state(self) -> dict[str, Any]:
        """Return what has to be known to go on from here."""
        return {
            "state": self._state,
            "waiting": [list(one) for one in self._waiting],
            "greeted": self._greeted,
            "many": self._many,
            "user": self._user,
            "marked": self._marked,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        self._state, self._waiting = str(state["state"]), [list(one) for one in state["waiting"]]
        self._greeted, self._many = bool(state["greeted"]), str(state["many"])
        self._user, self._marked = str(state["user"]), int(state["marked"])

    def feed(self, line: Line) -> Note:
        """Return what ``line`` means, here and now."""
        if line.kind == "binary":
            return replace(self._note("pop3.binary", size=line.size), known=False)
        if line.kind == "body":
            return self._body(line)
        return self._client(line) if line.speaker == "C" else self._server(line)

    def _note(self, key: str, entry: Entry | None = None, **params: str | int) -> Note:
        return Note(key, params, entry.refs if entry else (), state=self._state, next=NEXT[self._state])

    def _body(self, line: Line) -> Note:
        head, blank, _ = line.raw.partition(b"\r\n\r\n")
        fields = sum(not part[:1].isspace() and b":" in part for part in head.split(b"\r\n"))
        return self._note("pop3.body" if blank else "pop3.body.headers", size=line.size, fields=fields)

    def _client(self, line: Line) -> Note:
        if self._waiting and self._waiting[-1][0] == "AUTH" and self._waiting[-1][1]:
            return self._answer(line)
        command = parse_command(line.raw)
        argument = (
            "?" if command.verb == "AUTH" and line.hidden and not command.argument else command.argument
        )
        self._waiting.append([command.verb, "" if command.verb == "PASS" else argument[:300]])
        entry = commands().get(command.verb)
        if entry is None:
            return replace(self._note("pop3.command.unknown", verb=command.verb or "?"), known=False)
        return replace(self._command(line, command, entry), details=self._misplaced(command, entry))

    def _command(self, line: Line, command: Command, entry: Entry) -> Note:
        words = command.argument.split()
        if command.verb == "PASS":
            size = sum(span.length for span in line.hidden)
            return self._note("pop3.command.PASS", entry, user=self._user or "?", size=size)
        if command.verb in ("USER", "APOP") and words:
            self._user = words[0]
            return self._note(f"pop3.command.{command.verb}", entry, user=words[0])
        if command.verb == "AUTH" and words:
            self._user = line.hidden[0].user if line.hidden else self._user
            return self._note("pop3.command.AUTH", entry, mechanism=words[0].upper())
        if command.verb == "TOP" and len(words) > 1:
            return self._note("pop3.command.TOP", entry, number=words[0], lines=words[1])
        if command.verb in _SAID and words:
            return self._note(f"pop3.command.{command.verb}", entry, number=words[0])
        if command.verb == "QUIT" and self._state == "transaction":
            return self._note("pop3.command.QUIT", entry, marked=self._marked)
        return self._note(f"pop3.commands.{command.verb}", entry)

    def _misplaced(self, command: Command, entry: Entry) -> tuple[Note, ...]:
        now = "AUTHORIZATION" if self._state in ("authorization", "user") else self._state.upper()
        allowed = entry.facts["states"]
        if now in allowed or len(self._waiting) > 1:
            return ()
        return (Note("pop3.misplaced", {"verb": command.verb, "state": now, "allowed": ", ".join(allowed)}),)

    def _answer(self, line: Line) -> Note:
        auth = commands()["AUTH"]
        if line.raw.strip() == b"*":
            return self._note("pop3.auth.cancel", auth)
        if line.hidden:
            span = line.hidden[0]
            self._user = span.user or self._user
            return self._note("pop3.auth.secret", auth, user=self._user or "?", size=span.length)
        self._user = readable(decoded(line.raw)) or line.text
        return self._note("pop3.auth.user", auth, user=self._user)

    def _server(self, line: Line) -> Note:
        if self._many:
            return self._row(line)
        if line.raw == b".":
            return self._note("pop3.dot", commands()["RETR"])
        reply = parse_reply(line.raw)
        if reply is None:
            return replace(self._note("pop3.reply.none"), known=False, outcome="refused")
        asked = self._asked(reply)
        key, params = self._meaning(reply, asked)
        self._move(reply, asked)
        note = self._note(key, replies()[reply.status], **params)
        details: tuple[Note, ...] = ()
        if found := codes().get(reply.code):
            details = (Note(f"pop3.response_codes.{reply.code}", {}, found.refs, badge=reply.code),)
        how = outcome(reply.status, reply.code)
        return replace(note, outcome=how, badge=line.text[: len(reply.status)], details=details)

    def _row(self, line: Line) -> Note:
        verb, entry = self._many, commands()[self._many]
        if line.raw == b".":
            self._many = ""
            return self._note("pop3.dot.list", entry, verb=verb)
        word = line.text.split(" ")[0].upper()
        if verb == "CAPA" and word in capabilities():
            return self._note(f"pop3.capabilities.{word}", capabilities()[word])
        found = _NUMBERS.match(line.text)
        if verb in ("LIST", "UIDL") and found:
            return self._note(f"pop3.row.{verb}", entry, number=found[1], value=found[2])
        known = verb != "CAPA"
        return replace(self._note("pop3.row", entry, verb=verb, text=line.text), known=known)

    def _asked(self, reply: Reply) -> Command:
        if not self._greeted:
            self._greeted = True
            return Command("greeting")
        if not self._waiting:
            return Command("")
        return Command(*(self._waiting[0] if reply.status == "+" else self._waiting.pop(0)))

    def _meaning(self, reply: Reply, asked: Command) -> tuple[str, dict[str, str | int]]:
        if reply.status == "+":
            return "pop3.reply.asks", {"text": readable(decoded(reply.text.encode())) or "…"}
        if asked.verb == "greeting":
            stamp = "<" in reply.text and reply.status == "+OK"
            return ("pop3.greeting.apop" if stamp else f"pop3.greeting.{reply.status}"), {}
        if reply.status == "-ERR":
            special = f"pop3.refused.{asked.verb}"
            return (special if asked.verb in _REFUSED else "pop3.replies.-ERR"), {}
        found = _NUMBERS.match(reply.text)
        if asked.verb == "STAT" and found:
            return "pop3.done.STAT", {"count": found[1], "size": found[2]}
        if asked.verb in ("LIST", "UIDL") and asked.argument and found:
            return f"pop3.row.{asked.verb}", {"number": found[1], "value": found[2]}
        if asked.verb in _DONE:
            return f"pop3.done.{asked.verb}", {"user": self._user or "?", "number": asked.argument or "?"}
        return "pop3.replies.+OK", {}

    def _move(self, reply: Reply, asked: Command) -> None:
        good, verb = reply.status == "+OK", asked.verb
        if not good:
            if verb == "PASS":
                self._state = "authorization"
            return
        if many_lines(asked) and verb not in ("RETR", "TOP"):
            self._many = verb
        if verb == "USER":
            self._state = "user"
        elif verb in ("PASS", "APOP") or (verb == "AUTH" and asked.argument):
            self._state, self._marked = "transaction", 0
        elif verb == "QUIT":
            self._state = "update"
        elif verb == "STLS":
            self._state, self._user = "authorization", ""
        elif verb in ("DELE", "RSET"):
            self._marked = self._marked + 1 if verb == "DELE" else 0


_DONE = {
    "USER", "PASS", "APOP", "AUTH", "STLS", "CAPA", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP", "QUIT",
    "UTF8", "LANG",
}  # fmt: skip
_REFUSED = {"USER", "PASS", "APOP", "AUTH", "RETR", "TOP", "DELE", "LIST", "UIDL", "STLS"}

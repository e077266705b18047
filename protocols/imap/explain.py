"""What each line of an IMAP conversation means, told with the session's state in mind."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocols import catalog
from protocols.imap import details
from protocols.imap.commands import Entry, commands
from protocols.imap.grammar import STATUS, Command, Reply, parse_command, parse_reply
from protocols.imap.replies import codes, outcome, responses
from protocols.imap.syntax import LITERAL, decode_name
from protocols.line import Line, Note

NEXT: dict[str, tuple[str, ...]] = {
    "not-authenticated": ("CAPABILITY", "STARTTLS", "LOGIN", "AUTHENTICATE", "LOGOUT"),
    "authenticated": ("SELECT", "EXAMINE", "LIST", "STATUS", "CREATE", "APPEND", "IDLE", "LOGOUT"),
    "selected": ("FETCH", "SEARCH", "STORE", "COPY", "MOVE", "EXPUNGE", "CLOSE", "IDLE", "LOGOUT"),
    "logout": (),
}
_NAMED = ("SELECT", "EXAMINE", "CREATE", "DELETE", "SUBSCRIBE", "UNSUBSCRIBE", "STATUS", "APPEND")
_NUMBERED = ("FETCH", "STORE", "COPY", "MOVE")
_WAITING = 100


class Explainer:
    """Told every guarded line in order; ``state`` and ``restore`` carry it over a block's border."""

    STATES = ("not-authenticated", "authenticated", "selected", "logout")

    def __init__(self) -> None:
        self._state = self.STATES[0]
        self._greeting = True
        self._waiting: list[list[str]] = []  # [tag, name, what it is about], oldest first
        self._open = {"C": "", "S": ""}  # the command or response that a literal interrupts
        self._mailbox = ""

    def state(self) -> dict[str, Any]:
        """Return what has to be known to go on from here."""
        return {"state": self._state, "greeting": self._greeting, "mailbox": self._mailbox,
                "waiting": [list(one) for one in self._waiting], "open": dict(self._open)}  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        self._state, self._greeting = str(state["state"]), bool(state["greeting"])
        self._waiting, self._open = [list(one) for one in state["waiting"]], dict(state["open"])
        self._mailbox = str(state["mailbox"])

    def feed(self, line: Line) -> Note:
        """Return what ``line`` means, here and now."""
        note = self._told(line)
        return replace(note, state=self._state, next=self._next())

    def _next(self) -> tuple[str, ...]:
        return ("DONE",) if self._doing() == "IDLE" else NEXT[self._state]

    def _told(self, line: Line) -> Note:
        side = "C" if line.speaker == "C" else "S"
        if line.kind == "body":
            return self._body(line, self._open[side])
        begun, self._open[side] = self._open[side], ""
        if begun:
            self._open[side] = begun if LITERAL.search(line.raw) else ""
            return Note("imap.rest", {"name": begun})
        if line.kind == "binary":
            return Note("imap.binary", {"size": line.size})
        return self._client(line) if side == "C" else self._server(line)

    def _body(self, line: Line, begun: str) -> Note:
        key = f"imap.body.{begun}" if begun in ("APPEND", "FETCH", "LOGIN") else "imap.body"
        return Note(key, {"size": line.size, "name": begun or "?"})

    def _doing(self) -> str:
        return self._waiting[-1][1] if self._waiting else ""

    # The client

    def _client(self, line: Line) -> Note:
        word = line.raw.strip().upper()
        if self._doing() == "IDLE" and word == b"DONE":
            return Note("imap.done", {}, commands()["IDLE"].refs)
        if self._doing() == "AUTHENTICATE":
            return self._answer(line)
        command = parse_command(line.raw)
        if command is None:
            return Note("imap.secret" if line.hidden else "imap.command.none", {}, known=bool(line.hidden))
        if command.name not in commands() and command.tag.upper() in commands():
            return Note(
                "imap.command.no-tag", {"name": command.tag.upper()}, commands()[command.tag.upper()].refs
            )
        return self._command(line, command)

    def _answer(self, line: Line) -> Note:
        refs = commands()["AUTHENTICATE"].refs
        if line.raw.strip() == b"*":
            return Note("imap.auth.cancel", {}, refs)
        if line.hidden:
            span = line.hidden[0]
            return Note("imap.auth.secret", {"user": span.user or "?", "size": span.length}, refs)
        if not line.raw.strip():
            return Note("imap.auth.empty", {}, refs)
        return Note("imap.auth.user", {"user": _base64(line.raw.decode("latin-1")) or "?"}, refs)

    def _command(self, line: Line, command: Command) -> Note:
        about = self._about(line, command)
        self._waiting = [*self._waiting, [command.tag, command.name, about]][-_WAITING:]
        self._open["C"] = command.name if LITERAL.search(line.raw) else ""
        entry = commands().get(command.name)
        if entry is None:
            return Note("imap.command.unknown", {"name": command.name}, known=False)
        key = f"imap.command.{command.name}"
        told = self._details(command)
        if about and key in catalog.phrases("imap"):
            return Note(key, {"about": about}, entry.refs, details=told)
        return Note(entry.key, {}, entry.refs, details=told)

    def _about(self, line: Line, command: Command) -> str:
        words = command.arguments
        if command.name == "LOGIN":
            user = line.hidden[0].user if line.hidden else details.word(words[0]) if words else ""
            return "" if user.startswith("{") else user
        if not words or isinstance(words[0], tuple):
            return ""
        if command.name in _NAMED:
            return "" if details.word(words[0]).startswith("{") else decode_name(words[0].text.encode())
        if command.name in _NUMBERED or command.name == "AUTHENTICATE":
            return details.word(words[0]).upper()
        return ""

    def _details(self, command: Command) -> tuple[Note, ...]:
        words = command.arguments
        uid = (Note("imap.uid", {}, commands()["UID"].refs, badge="UID"),) if command.uid else ()
        if command.name == "FETCH":
            return uid + details.items(details.flat(words[1:]))
        if command.name == "SEARCH":
            return uid + details.keys(details.flat(words))
        if command.name == "STORE":
            return uid + details.flags(details.flat(words[2:]))
        if command.name == "APPEND":
            listed = [one for one in words if isinstance(one, tuple)]
            return details.flags(details.flat(listed))
        if command.name in ("COPY", "MOVE") and len(words) > 1:
            return (*uid, Note("imap.into", {"about": decode_name(details.word(words[1]).encode())}))
        return uid

    # The server

    def _server(self, line: Line) -> Note:
        reply = parse_reply(line.raw)
        if reply is None:
            return Note("imap.reply.none", {}, known=False)
        if reply.tag == "+":
            return self._go_on(reply)
        if reply.name in STATUS:
            return self._greet(reply) if self._greeting else self._status(reply)
        self._open["S"] = reply.name if LITERAL.search(line.raw) else ""
        return self._data(reply)

    def _go_on(self, reply: Reply) -> Note:
        doing, refs = self._doing(), responses()["+"].refs
        if doing == "AUTHENTICATE" and (asked := _base64(reply.text)):
            return Note("imap.go.asks", {"text": asked}, refs, "go-on", "+")
        key = {"AUTHENTICATE": "imap.go.auth", "IDLE": "imap.go.idle"}.get(doing, "imap.go.literal")
        return Note(key, {}, refs, "go-on", "+")

    def _greet(self, reply: Reply) -> Note:
        self._greeting = False
        self._state = {"PREAUTH": "authenticated", "BYE": "logout"}.get(reply.name, self._state)
        name = reply.name if reply.name in ("OK", "PREAUTH", "BYE") else "BYE"
        entry = responses()[name]
        return Note(f"imap.greeting.{name}", {}, entry.refs, outcome(name), reply.name, self._code(reply))

    def _status(self, reply: Reply) -> Note:
        if reply.tag == "*":
            return self._untagged(reply)
        refs = responses()[reply.name].refs if reply.name in responses() else ()
        said = next((one for one in self._waiting if one[0] == reply.tag), None)
        result, told = outcome(reply.name, reply.code), self._code(reply)
        if said is None:
            return Note("imap.tagged.stranger", {"tag": reply.tag}, refs, result, reply.name, told)
        self._waiting.remove(said)
        if reply.name == "OK":
            self._move(said[1], said[2], reply)
        elif said[1] in ("SELECT", "EXAMINE") and self._state == "selected":
            # A SELECT that fails leaves no mailbox open (RFC 3501 6.3.1).
            self._state, self._mailbox = "authenticated", ""
        key = f"imap.tagged.{reply.name}.{said[1]}"
        if key not in catalog.phrases("imap"):
            key = f"imap.tagged.{reply.name if reply.name in ('OK', 'NO', 'BAD') else 'BAD'}"
        params = {"name": said[1], "tag": reply.tag, "about": said[2] or "?"}
        return Note(key, params, refs, result, reply.name, told)

    def _untagged(self, reply: Reply) -> Note:
        entry = codes().get(reply.code)
        if reply.name == "BYE":
            self._state = "logout"
            return Note("imap.bye", {}, responses()["BYE"].refs, "", "BYE", self._code(reply))
        badge = outcome(reply.name, reply.code) if reply.name != "OK" else ""
        key = f"imap.code.{reply.code}"
        told = self._code(reply)
        if reply.code and key in catalog.phrases("imap"):
            inner = told[0].details if told else ()
            return Note(
                key, {"value": reply.values or "?"}, entry.refs if entry else (), badge, reply.name, inner
            )
        if entry:
            return Note(entry.key, {}, entry.refs, badge, reply.name, told)
        return Note(f"imap.untagged.{reply.name}", {}, responses()[reply.name].refs, badge, reply.name, told)

    def _code(self, reply: Reply) -> tuple[Note, ...]:
        if not reply.code:
            return ()
        entry = codes().get(reply.code)
        words = reply.values.strip("()").split()
        inner: tuple[Note, ...] = ()
        if reply.code == "CAPABILITY":
            inner = details.capabilities(words)
        elif reply.code == "PERMANENTFLAGS":
            inner = details.flags(word for word in words if word != "\\*")
        if entry:
            return (Note(entry.key, {}, entry.refs, badge=reply.code, details=inner),)
        key = f"imap.code.{reply.code}"
        if key in catalog.phrases("imap"):
            return (Note(key, {"value": reply.values or "?"}, badge=reply.code),)
        return (Note("imap.code", {"word": reply.code}, badge=reply.code, known=False),)

    def _move(self, name: str, about: str, reply: Reply) -> None:
        if name in ("LOGIN", "AUTHENTICATE"):
            self._state = "authenticated"
        elif name in ("SELECT", "EXAMINE"):
            self._state, self._mailbox = "selected", about
        elif name in ("CLOSE", "UNSELECT"):
            self._state, self._mailbox = "authenticated", ""
        elif name == "LOGOUT":
            self._state = "logout"

    def _data(self, reply: Reply) -> Note:
        entry = responses().get(reply.name)
        key, params = self._sentence(reply, entry)
        if not key:
            return Note("imap.data.unknown", {"name": reply.name}, known=False)
        return Note(key, params, entry.refs if entry else (), "", reply.name, self._data_details(reply))

    def _sentence(self, reply: Reply, entry: Entry | None) -> tuple[str, dict[str, str | int]]:
        params: dict[str, str | int] = {"number": reply.number or 0, "count": len(reply.data)}
        if reply.name in ("LIST", "LSUB") and reply.data:
            params["about"] = decode_name(details.word(reply.data[-1]).encode())
        elif reply.name == "STATUS" and reply.data:
            params["about"] = decode_name(details.word(reply.data[0]).encode())
        idle = f"imap.idle.{reply.name}"
        if self._doing() == "IDLE" and idle in catalog.phrases("imap"):
            return idle, params
        key = f"imap.data.{reply.name}"
        if key in catalog.phrases("imap") and (
            reply.data or reply.number is not None or reply.name == "SEARCH"
        ):
            return (
                (key, params)
                if "about" in params or reply.name not in _ABOUT
                else (entry.key if entry else "", {})
            )
        return (entry.key, {}) if entry else ("", {})

    def _data_details(self, reply: Reply) -> tuple[Note, ...]:
        words = details.flat(reply.data)
        if reply.name == "FETCH":
            return details.fetched(reply.data)
        if reply.name == "FLAGS":
            return details.flags(words)
        if reply.name in ("CAPABILITY", "ENABLED"):
            return details.capabilities(words)
        if reply.name in ("LIST", "LSUB") and reply.data and isinstance(reply.data[0], tuple):
            return details.attributes(details.flat(reply.data[0]))
        if reply.name == "STATUS" and isinstance(reply.data[-1:], tuple) and reply.data:
            last = reply.data[-1]
            pairs = details.flat(last) if isinstance(last, tuple) else []
            known = [f"imap.status.{name.upper()}" for name in pairs[::2]]
            return tuple(
                Note(key, {"value": value})
                for key, value in zip(known, pairs[1::2], strict=False)
                if key in catalog.phrases("imap")
            )
        return ()


_ABOUT = ("LIST", "LSUB", "STATUS")


def _base64(text: str) -> str:
    try:
        found = base64.b64decode(text.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return found if found.isprintable() else ""

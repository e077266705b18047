"""What each line of an SMTP conversation means, told with the session's state in mind."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocols.catalog import Entry
from protocols.line import Line, Note
from protocols.smtp.commands import commands, extensions, mechanisms, parameters
from protocols.smtp.grammar import Command, Reply, parse_command, parse_reply
from protocols.smtp.replies import codes, enhanced, outcome

NEXT: dict[str, tuple[str, ...]] = {
    "connected": ("EHLO", "HELO", "QUIT"),
    "greeted": ("STARTTLS", "AUTH", "MAIL", "VRFY", "NOOP", "QUIT"),
    "mail": ("RCPT", "RSET", "QUIT"),
    "rcpt": ("RCPT", "DATA", "RSET", "QUIT"),
    "data": (".",),
    "bye": (),
}


class Explainer:
    """Told every guarded line in order; ``state`` and ``restore`` carry it over a block's border."""

    STATES = ("connected", "greeted", "mail", "rcpt", "data", "bye")

    def __init__(self) -> None:
        self._state = "connected"
        self._waiting: list[str] = []
        self._greeting = True
        self._signed_in = ""

    def state(self) -> dict[str, Any]:
        """Return what has to be known to go on from here."""
        return {
            "state": self._state,
            "waiting": self._waiting,
            "greeting": self._greeting,
            "signed_in": self._signed_in,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        self._state, self._waiting = str(state["state"]), list(state["waiting"])
        self._greeting, self._signed_in = bool(state["greeting"]), str(state["signed_in"])

    def feed(self, line: Line) -> Note:
        """Return what ``line`` means, here and now."""
        if line.kind == "binary":
            return self._note("smtp.binary", size=line.size)
        if line.kind == "body":
            return self._body(line)
        return self._client(line) if line.speaker == "C" else self._server(line)

    def _note(self, key: str, entry: Entry | None = None, **params: str | int) -> Note:
        refs = entry.refs if entry else ()
        return Note(key, params, refs, state=self._state, next=NEXT[self._state])

    def _body(self, line: Line) -> Note:
        head, blank, _ = line.raw.partition(b"\r\n\r\n")
        fields = sum(b":" in part for part in head.split(b"\r\n"))
        if not blank and not line.raw.startswith(b"\r\n") and fields:
            return self._note("smtp.body.no-blank-line", size=line.size)
        return self._note("smtp.body", size=line.size, fields=fields)

    def _client(self, line: Line) -> Note:
        if self._state == "data":
            return self._dot()
        if self._waiting and self._waiting[-1].startswith("AUTH"):
            return self._auth_answer(line)
        command = parse_command(line.raw)
        self._waiting.append(
            "AUTH " + command.argument[:20].upper() if command.verb == "AUTH" else command.verb
        )
        entry = commands().get(command.verb)
        if entry is None:
            return replace(self._note("smtp.command.unknown", verb=command.verb or "?"), known=False)
        return self._command(line, command, entry)

    def _dot(self) -> Note:
        self._waiting.append(".")
        self._state = "greeted"
        return self._note("smtp.dot", commands()["DATA"])

    def _auth_answer(self, line: Line) -> Note:
        if line.raw.strip() == b"*":
            return self._note("smtp.auth.cancel", commands()["AUTH"])
        if line.hidden:
            span = line.hidden[0]
            self._signed_in = span.user or self._signed_in
            return self._note("smtp.auth.secret", commands()["AUTH"], size=span.length, user=span.user)
        self._signed_in = _base64(line.text) or line.text
        return self._note("smtp.auth.user", commands()["AUTH"], user=self._signed_in)

    def _command(self, line: Line, command: Command, entry: Entry) -> Note:
        details = _parameters(command)
        if command.verb == "AUTH":
            details = _mechanisms(command.argument.split(" ")[:1])
        if command.verb in ("MAIL", "RCPT") and command.path is not None:
            null = command.verb == "MAIL" and not command.path
            key = "smtp.command.MAIL.null" if null else f"smtp.command.{command.verb}"
            note = self._note(key, entry, path=command.path)
        elif command.verb in ("EHLO", "HELO"):
            note = self._note(f"smtp.command.{command.verb}", entry, name=command.argument or "?")
        elif command.verb == "AUTH" and line.hidden:
            self._signed_in = line.hidden[0].user
            mechanism = command.argument.split(" ")[0].upper()
            note = self._note(
                "smtp.command.AUTH.initial", entry, mechanism=mechanism, user=line.hidden[0].user
            )
        else:
            note = self._note(f"smtp.commands.{command.verb}", entry)
        return replace(note, details=(*note.details, *details))

    def _server(self, line: Line) -> Note:
        reply = parse_reply(line.raw)
        if reply is None:
            return replace(self._note("smtp.reply.none"), known=False, outcome="refused")
        entry = codes().get(reply.code)
        asked = self._asked(reply)
        key, params = self._meaning(reply, asked)
        if reply.last:
            self._move(reply, asked)
        note = self._note(key, entry, **params)
        return replace(
            note,
            outcome=outcome(reply.code),
            badge=line.text[:4].rstrip() if not reply.last else str(reply.code),
            details=self._details(reply, entry) + _offered(key, reply),
            known=entry is not None or key.startswith("smtp.reply.digits"),
        )

    def _asked(self, reply: Reply) -> str:
        if self._greeting:
            if reply.last:
                self._greeting = False
            return "greeting"
        if not self._waiting:
            return ""
        going_on = not reply.last or reply.code == 334
        return self._waiting[0] if going_on else self._waiting.pop(0)

    def _meaning(self, reply: Reply, asked: str) -> tuple[str, dict[str, str | int]]:
        verb = asked.split(" ")[0]
        if verb == "EHLO" and reply.code == 250:
            word = reply.text.split(" ")[0].upper()
            if word in extensions():
                return f"smtp.extensions.{word}", {}
            return "smtp.reply.EHLO", {"name": reply.text}
        if verb == "AUTH" and reply.code == 334:
            return "smtp.reply.334.asks", {"text": _base64(reply.text) or "…"}
        if verb == "AUTH" and reply.code == 235:
            return "smtp.reply.235.you", {"user": self._signed_in or "?"}
        if reply.code == 503 and (wanted := self._missing(verb)):
            return f"smtp.reply.503.{wanted}", {}
        special = f"smtp.reply.{reply.code}.{verb}"
        if special in _SPECIAL:
            return special, {}
        if reply.code in codes():
            table = (
                "reply_codes_rare"
                if "note" in codes()[reply.code].facts and reply.code in _RARE
                else "reply_codes"
            )
            return f"smtp.{table}.{reply.code}", {}
        return f"smtp.reply.digits.{reply.code // 100}", {"code": reply.code}

    def _missing(self, verb: str) -> str:
        if verb in ("RCPT", "DATA") and self._state in ("connected", "greeted"):
            return "no-mail"
        if verb == "DATA" and self._state == "mail":
            return "no-rcpt"
        if verb == "MAIL" and self._state in ("mail", "rcpt"):
            return "nested-mail"
        return "no-hello" if verb == "MAIL" and self._state == "connected" else ""

    def _move(self, reply: Reply, asked: str) -> None:
        verb, good = asked.split(" ")[0], reply.code < 400
        if reply.code in (221, 421):
            self._state = "bye"
        elif verb in ("EHLO", "HELO", "RSET") and good:
            self._state = "greeted" if verb != "RSET" or self._state != "connected" else "connected"
        elif verb == "STARTTLS" and good:
            # Everything said before is forgotten (RFC 3207 4.2).
            self._state, self._signed_in = "connected", ""
        elif verb == "DATA" and reply.code == 354:
            self._state = "data"
        elif verb in ("MAIL", "RCPT") and good:
            self._state = verb.lower()

    def _details(self, reply: Reply, entry: Entry | None) -> tuple[Note, ...]:
        if reply.code == 334 or (reply.code == 250 and not reply.enhanced and not entry):
            return ()
        first, second = divmod(reply.code // 10, 10)
        notes = [Note(f"smtp.digit.first.{first}"), Note(f"smtp.digit.second.{second}")]
        if reply.enhanced and (found := enhanced().get("X" + reply.enhanced[1:])):
            notes.append(
                Note(f"smtp.enhanced_status.codes.{found.key}", {}, found.refs, badge=reply.enhanced)
            )
        return tuple(notes)


def _parameters(command: Command) -> tuple[Note, ...]:
    found = parameters()
    return tuple(
        Note(
            f"smtp.mail_rcpt_parameters.{found[name].key}",
            refs=found[name].refs,
            badge=f"{name}={value}" if value else name,
        )
        for name, value in command.parameters
        if name in found
    )


def _mechanisms(names: list[str]) -> tuple[Note, ...]:
    known = [(name.upper(), mechanisms().get(name.upper())) for name in names]
    return tuple(
        Note(f"smtp.sasl_mechanisms.{entry.key}", refs=entry.refs, badge=name)
        for name, entry in known
        if entry
    )


def _offered(key: str, reply: Reply) -> tuple[Note, ...]:
    """What the words after an extension's keyword say: AUTH's mechanisms, SIZE's bytes."""
    words = reply.text.split()[1:]
    if key == "smtp.extensions.AUTH":
        return _mechanisms(words)
    if key == "smtp.extensions.SIZE" and words and words[0].isdigit():
        return (Note("smtp.extension.SIZE.bytes", {"size": int(words[0][:18])}, badge=words[0]),)
    return ()


_SPECIAL = {
    "smtp.reply.250.MAIL", "smtp.reply.250.RCPT", "smtp.reply.250..", "smtp.reply.250.RSET",
    "smtp.reply.550.RCPT", "smtp.reply.553.MAIL", "smtp.reply.220.STARTTLS", "smtp.reply.450.RCPT",
    "smtp.reply.250.HELO", "smtp.reply.250.NOOP", "smtp.reply.550..",
}  # fmt: skip
_RARE = {253, 453, 458, 459, 523, 524, 525}


def _base64(text: str) -> str:
    try:
        return base64.b64decode(text.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""

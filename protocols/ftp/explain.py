"""What each line of FTP's control connection means, told with the session's state in mind (RFC 959)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocols.catalog import Entry
from protocols.ftp import answered, asked
from protocols.ftp.commands import commands
from protocols.ftp.grammar import Command, Reply, parse_command, parse_reply
from protocols.ftp.replies import codes, outcome
from protocols.line import Line, Note

NEXT: dict[str, tuple[str, ...]] = {
    "connected": (),
    "greeted": ("USER", "AUTH", "FEAT", "SYST", "HELP", "QUIT"),
    "user": ("PASS", "ACCT", "QUIT"),
    "signed-in": (
        "PWD",
        "CWD",
        "TYPE",
        "PASV",
        "EPSV",
        "PORT",
        "SIZE",
        "MLST",
        "MKD",
        "DELE",
        "RNFR",
        "QUIT",
    ),
    "transfer": ("ABOR", "STAT"),
    "bye": (),
}
READY = ("LIST", "MLSD", "NLST", "RETR", "STOR", "APPE", "REST")
"""What may come once it is agreed where the data connection goes."""

LOGIN = ("USER", "PASS", "ACCT", "ADAT", "AUTH")


class Explainer:
    """Told every guarded line in order; ``state`` and ``restore`` carry it over a block's border."""

    STATES = ("connected", "greeted", "user", "signed-in", "transfer", "bye")

    def __init__(self) -> None:
        self._state = "connected"
        self._waiting: list[list[str]] = []
        self._open: list[Any] = []
        self._user = ""
        self._data = ""
        self._half: list[str] = []
        self._set: dict[str, str] = {}

    def state(self) -> dict[str, Any]:
        """Return what has to be known to go on from here."""
        return {
            "state": self._state,
            "waiting": [list(one) for one in self._waiting],
            "open": list(self._open),
            "user": self._user,
            "data": self._data,
            "half": list(self._half),
            "set": dict(self._set),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        self._state, self._waiting = str(state["state"]), [list(one) for one in state["waiting"]]
        self._open, self._user, self._data = list(state["open"]), str(state["user"]), str(state["data"])
        self._half, self._set = list(state["half"]), dict(state["set"])

    def feed(self, line: Line) -> Note:
        """Return what ``line`` means, here and now."""
        if line.kind == "binary":
            return replace(self._note("ftp.binary", size=line.size), known=False)
        return self._client(line) if line.speaker == "C" else self._server(line)

    def _note(self, key: str, entry: Entry | None = None, **params: str | int) -> Note:
        ahead = NEXT[self._state]
        if self._state == "signed-in" and self._half[:1] == ["RNFR"]:
            ahead = ("RNTO",)
        elif self._state == "signed-in" and self._data:
            ahead = READY
        return Note(key, params, entry.refs if entry else (), state=self._state, next=ahead)

    # The client

    def _client(self, line: Line) -> Note:
        command = parse_command(line.raw)
        entry = commands().get(command.verb)
        if entry is None and line.hidden:
            self._waiting.append(["", ""])
            return self._note("ftp.hidden", commands()["PASS"], size=line.hidden[0].length)
        secret = command.verb in asked.SECRET
        self._waiting.append([command.verb, "" if secret else command.argument[:300]])
        if entry is None:
            return replace(self._note("ftp.command.unknown", verb=command.verb or "?"), known=False)
        if command.verb == "USER":
            self._user = command.argument
        key, params, details = asked.meaning(command, line, self._user, self._half)
        note = self._note(key, entry, **params)
        return replace(note, details=(*details, *self._misplaced(command, entry)))

    def _misplaced(self, command: Command, entry: Entry) -> tuple[Note, ...]:
        """What this command lacks; nothing is said where an answer is still on its way."""
        if len(self._waiting) > 1 or self._state == "connected":
            return ()
        wrong, verb = "", command.verb
        if verb == "PASS" and self._state != "user":
            wrong = "no-user"
        elif verb == "RNTO" and self._half[:1] != ["RNFR"]:
            wrong = "no-rnfr"
        elif verb in answered.TRANSFERS and self._state == "signed-in" and not self._data:
            wrong = "no-data"
        elif self._state in ("greeted", "user") and asked.needs_sign_in(entry):
            wrong = "not-signed-in"
        return (Note(f"ftp.misplaced.{wrong}", {"verb": verb}),) if wrong else ()

    # The server

    def _server(self, line: Line) -> Note:
        reply = parse_reply(line.raw)
        if self._open and (reply is None or reply.code != self._open[0] or not reply.last):
            return self._row(line, reply)
        if reply is None:
            return replace(self._note("ftp.reply.none"), known=False, outcome="refused")
        opened, self._open = bool(self._open), []
        command = self._asked(reply)
        if not reply.last:
            return self._begin(line, reply, command)
        entry = codes().get(reply.code)
        about = answered.About(reply, command, self._user, self._state, self._data, tuple(self._half), opened)
        key, params, details = answered.meaning(about)
        details += self._manner(reply, command)
        self._move(reply, command)
        note = self._note(key, entry, **params)
        told = (*details, *answered.digits(reply.code))
        return replace(note, outcome=outcome(reply.code), badge=str(reply.code), details=told)

    def _manner(self, reply: Reply, command: Command) -> tuple[Note, ...]:
        """How the bytes of a transfer that begins go."""
        if reply.code not in (125, 150):
            return ()
        notes = [Note(f"ftp.transfer.{self._data}")] if self._data else []
        if command.verb not in answered.LISTS and self._set.get("TYPE", "A")[:1] == "A":
            notes.append(Note("ftp.transfer.ascii"))
        return (*notes, *([Note("ftp.transfer.protected")] if self._set.get("PROT") == "P" else []))

    def _asked(self, reply: Reply) -> Command:
        if self._state == "connected":
            return Command("greeting")
        at = 0
        if reply.code in (211, 212, 213) and ["STAT"] in [one[:1] for one in self._waiting]:
            at = [one[0] for one in self._waiting].index(
                "STAT"
            )  # answered while a transfer goes on (RFC 959 4.1.3)
        if not self._waiting or reply.code == 421:
            return Command("")
        going_on = not reply.last or reply.code < 200
        return Command(*(self._waiting[at] if going_on else self._waiting.pop(at)))

    def _begin(self, line: Line, reply: Reply, command: Command) -> Note:
        self._open = [reply.code, command.verb, command.argument]
        kind = answered.listed(reply.code, command)
        params: dict[str, str | int] = {"verb": command.verb or "?", "code": reply.code, "text": reply.text}
        note = self._note(f"ftp.open.{kind}", codes().get(reply.code), **params)
        return replace(
            note, outcome=outcome(reply.code), badge=line.text[:3], details=answered.digits(reply.code)
        )

    def _row(self, line: Line, reply: Reply | None) -> Note:
        ours = reply is not None and reply.code == self._open[0]
        text = reply.text if reply and ours else line.text
        key, params, details, entry = answered.row(self._open[0], Command(*self._open[1:3]), text)
        note = self._note(key, entry, **params)
        return replace(note, details=details, badge=line.text[:3] if ours else "")

    def _move(self, reply: Reply, command: Command) -> None:
        verb, code, good = command.verb, reply.code, 200 <= reply.code < 300
        if code in (221, 421) or (verb == "greeting" and code >= 400):
            self._state, self._waiting = "bye", [] if code == 421 else self._waiting
        elif verb == "greeting":
            self._state = "greeted" if good else "connected"
        elif verb in LOGIN or verb == "REIN":
            self._sign_in(verb, code)
        elif verb in answered.TRANSFERS:
            self._transfer(code)
        elif verb in ("RNFR", "REST", "RANG") and code == 350:
            self._half = [verb, command.argument]
        elif verb == "RNTO":
            self._half = []
        elif good:
            self._agree(command, reply)

    def _sign_in(self, verb: str, code: int) -> None:
        if code in (230, 232) or (code == 202 and verb in ("PASS", "ACCT")):
            self._state = "signed-in"
        elif code in (331, 332, 336):
            self._state = "user"
        elif (code == 220 and verb == "REIN") or (code == 234 and verb == "AUTH"):
            # Whoever had signed in has to do it again (RFC 959 4.1.1, RFC 4217 4).
            self._state, self._user, self._data, self._half, self._set = "greeted", "", "", [], {}
        elif code >= 400 and self._state == "user":
            self._state = "greeted"

    def _transfer(self, code: int) -> None:
        if code < 200:
            self._state = "transfer"
            return
        self._state = "signed-in" if self._state == "transfer" else self._state
        self._data, self._half = "", []  # each transfer has its own connection, and REST is for one only

    def _agree(self, command: Command, reply: Reply) -> None:
        verb = command.verb
        if verb in ("PASV", "EPSV", "LPSV") and reply.code in (227, 228, 229):
            self._data = "passive"
        elif verb in ("PORT", "EPRT", "LPRT"):
            self._data = "active"
        elif verb in ("TYPE", "MODE", "STRU", "PROT"):
            self._set[verb] = command.argument.upper()[:8]

"""What a console shows: every line as it crosses the wire, at once, with what it means beside it.

Transcripts fold a letter into one line; who types one sees each line of it. So the screen cuts lines by itself and
asks the protocol's framer, guard and explainer, fed the same bytes, what each of them is. No I/O here.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from accounts.secrets import fingerprint
from console.upgrade import Upgrade
from protocols import catalog
from protocols.events import Closed, Crossed, Event, Secured
from protocols.imap.syntax import LITERAL
from protocols.line import Line, Note, Speaker
from protocols.wire import event_line
from transcripts import blocks, shown

SHOWN = 4096
"""Bytes of a line that are shown; the rest is counted."""
MOST_REVEALED = 200
MOST_PIECES = 200
"""Pieces of one line: each is an element of the page, and binary could make thousands of them."""
# What a terminal would obey, and what turns the direction of writing: shown as an escape, never as itself.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]+"
)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]")

Item = dict[str, Any]


class Screen:
    """Fed a connection's events in order; ``take`` returns what is new to show, as JSON-able values."""

    def __init__(self, protocol: str, language: str = "en") -> None:
        self.protocol, self._language = protocol, language
        known = catalog.knowledge(protocol)
        self._framer, self._guard, self._explainer = (
            known.framer(),
            known.guard(fingerprint),
            known.explainer(),
        )
        self._tails: dict[Speaker, _Tail] = {"C": _Tail(), "S": _Tail()}
        self.upgrade = Upgrade(protocol)
        self._note = Note("", state=known.states[0] if known.states else "")
        self._number, self._began, self._tls = 0, 0.0, False
        self._literal, self._head = 0, True
        self.overhear: Callable[[Line], None] | None = None
        self._hidden: OrderedDict[int, str] = OrderedDict()
        self.lines = self.heard = 0

    def take(self, event: Event) -> list[Item]:
        """Return the lines that ``event`` completed."""
        self._began = self._began or event.at
        if isinstance(event, Crossed):
            return self._crossed(event.speaker, event.raw, event.at)
        items = self._rest(event.at) if isinstance(event, Closed) else []
        self._tls = self._tls or isinstance(event, Secured)
        if line := event_line(event):
            items.append(self._item(line, blocks.explain(None, line), event.at))
        return items

    def partial(self) -> Item | None:
        """Return the line that the server has begun and not ended, None where there is none."""
        tail = self._tails["S"]
        return {"who": "S", "pieces": _pieces(bytes(tail.kept)), "cut": tail.cut} if tail.size else None

    def hint(self) -> Item:
        """Return where the conversation stands: its state, what may come next, and what the server waits for."""
        return {"state": self._note.state, "next": list(self._note.next), "waits": self._waits()}

    @property
    def quiet(self) -> bool:
        """Whether the server has spoken and no answer of its is outstanding."""
        return self.heard > 0 and not self._explainer.state().get("waiting")

    @property
    def inside(self) -> bool:
        """Whether a typed line is text of a letter or a literal, and no command whatever it says."""
        return self._literal > 0 or self._note.state == "data"

    def reveal(self, number: int) -> str:
        """Return what was hidden in line ``number``, typed in this very console; "" where nothing was."""
        return self._hidden.get(number, "")

    def _waits(self) -> str:
        if self._literal > 0:
            return self._said(Note("imap.waits.literal", {"left": self._literal}))
        key = f"{self.protocol}.waits.{self._note.state}"
        return self._said(Note(key)) if key in catalog.phrases(self.protocol) else ""

    def _crossed(self, who: Speaker, raw: bytes, at: float) -> list[Item]:
        items: list[Item] = []
        tail = self._tails[who]
        for piece in _cut(raw):
            if who == "C" and self._literal > 0:
                self._literal -= len(piece)
            framed = [self._explained(line, at) for line in self._framer.feed(who, piece)]
            tail.take(piece)
            whole = piece.endswith(b"\n")
            items += self._shown(who, framed, tail if whole else None, at)
            if whole:
                tail.clear()
                self.lines += 1
                self.heard += who == "S"
        return items

    def _explained(self, line: Line, at: float) -> tuple[Line, Note, Line]:
        known = self._guard.feed(replace(line, at=at, tls=self._tls, origin="typed"))
        note = blocks.explain(self._explainer, known)
        if note.state or note.next:
            self._note = note
        if self.overhear:
            self.overhear(known)
        if line.speaker == "S":
            self.upgrade.hear(known, note)
        elif self.protocol == "imap" and (found := LITERAL.search(line.raw)) and line.kind == "text":
            self._literal = int(found[1][:9])
        return known, note, line

    def _shown(self, who: Speaker, framed: list[Any], tail: _Tail | None, at: float) -> list[Item]:
        """A line of the wire is shown with the note of the line that ends in it; a body's note stands by itself."""
        lines = [row for row in framed if row[0].kind != "body"]
        inside = [self._plain(who, tail, at, framed)] if tail is not None and not lines else []
        bodies = [self._told(line, note, at) for line, note, _ in framed if line.kind == "body"]
        if tail is None or not lines:
            return [*inside, *bodies]
        known, note, original = lines[-1]
        if original.raw[:SHOWN] != bytes(tail.kept):
            return [*bodies, self._plain(who, tail, at, framed, note)]
        self._head = True
        item = self._item(known, note, at)
        if known.hidden:
            self._keep(item["id"], original.text)
        return [*bodies, item]

    def _plain(
        self, who: Speaker, tail: _Tail, at: float, framed: list[Any], note: Note | None = None
    ) -> Item:
        """A line of the wire that is part of a body, or begins with one (IMAP's literals)."""
        raw, end = bytes(tail.kept), tail.end
        line = Line(who, raw, "body", end, tail.size, at=at, tls=self._tls)
        item = self._item(line, note or self._within(who, raw), at)
        if any(known.hidden for known, _, _ in framed):
            self._keep(item["id"], line.text)
            item |= {"pieces": [["hidden", tail.size]], "cut": 0}
        return item

    def _within(self, who: Speaker, raw: bytes) -> Note:
        """What a typed line inside a letter is (RFC 5322 section 2.1)."""
        if self.protocol != "smtp" or who != "C":
            return Note("")
        head = self._head
        if not raw.strip():
            self._head = False
            return Note("smtp.body.blank" if head else "smtp.body.line")
        verbs = {str(row["command"]) for row in catalog.tables("smtp")["commands"]}
        if raw.strip().upper().decode("latin-1") in verbs:
            return Note("smtp.body.command", outcome="later")
        if head and not _FIELD.match(raw):
            self._head = False
            return Note("smtp.body.no-header", outcome="later")
        return Note("smtp.body.line")

    def _told(self, line: Line, note: Note, at: float) -> Item:
        item = self._item(replace(line, raw=b"", end=b"", hidden=()), note, at)
        return item | {"kind": "note", "cut": 0}

    def _item(self, line: Line, note: Note, at: float) -> Item:
        self._number += 1
        event = line.kind == "event"
        return {
            "id": self._number,
            "who": line.speaker,
            "kind": line.kind,
            "at": f"{max(0.0, at - self._began):.3f}",
            "tls": line.tls,
            "pieces": [["text", self._said(note)]] if event else _spans(line),
            "end": {b"\r\n": "CR LF", b"\n": "LF"}.get(line.end, ""),
            "size": line.size,
            "cut": max(0, line.cut + max(0, len(line.raw) - SHOWN)),
            "badge": note.badge if note.badge and line.text.startswith(note.badge) else "",
            "outcome": note.outcome,
            "text": "" if event else self._said(note),
            "known": note.known,
            "details": [text for detail in note.details if (text := self._said(detail))],
            "refs": shown.refs(note.refs),
        }

    def _said(self, note: Note) -> str:
        if not note.key:
            return ""
        try:
            return catalog.say(note, self._language)
        except (KeyError, IndexError, ValueError):
            return ""

    def _keep(self, number: int, text: str) -> None:
        self._hidden[number] = text[:SHOWN]
        while len(self._hidden) > MOST_REVEALED:
            self._hidden.popitem(last=False)

    def _rest(self, at: float) -> list[Item]:
        """The connection ended: what was begun and never ended is shown as well."""
        framed = [self._explained(line, at) for line in self._framer.close()]
        items: list[Item] = []
        for who, tail in self._tails.items():
            mine = [row for row in framed if row[0].speaker == who]
            items += self._shown(who, mine, tail if tail.size else None, at)
            tail.clear()
        return items


class _Tail:
    """A line that has begun: its first SHOWN bytes and the count of all."""

    def __init__(self) -> None:
        self.kept, self.size, self._last = bytearray(), 0, b""
        self.end = b""

    @property
    def cut(self) -> int:
        return max(0, self.size - SHOWN)

    def take(self, piece: bytes) -> None:
        before = piece[-2:-1] or self._last
        self.size += len(piece)
        self.kept += piece[: max(0, SHOWN + 2 - len(self.kept))]
        self._last = piece[-1:] or self._last
        if piece.endswith(b"\n"):
            self.end = b"\r\n" if before == b"\r" else b"\n"
            if len(self.kept) == self.size:
                del self.kept[len(self.kept) - len(self.end) :]
        del self.kept[SHOWN:]

    def clear(self) -> None:
        self.kept.clear()
        self.size, self._last, self.end = 0, b"", b""


def _cut(raw: bytes) -> list[bytes]:
    pieces = raw.split(b"\n")
    return [*(piece + b"\n" for piece in pieces[:-1]), *([pieces[-1]] if pieces[-1] else [])]


def _spans(line: Line) -> list[list[Any]]:
    pieces, at = [], 0
    for span in line.hidden:
        pieces += _pieces(line.raw[at : span.start])
        pieces.append(["hidden", span.length])
        at = span.start
    return [*pieces, *_pieces(line.raw[at : max(at, SHOWN)])]


def _pieces(raw: bytes) -> list[list[Any]]:
    """Cut text at what a terminal would obey: ``["text", ...]`` and ``["control", "\\x1b"]``."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    pieces: list[list[Any]] = []
    at = 0
    for found in _CONTROL.finditer(text):
        if len(pieces) >= MOST_PIECES:
            rest = _CONTROL.sub(lambda one: "".join(map(_escape, one[0])), text[at:])
            return [*pieces, ["control", rest]]
        if found.start() > at:
            pieces.append(["text", text[at : found.start()]])
        pieces.append(["control", "".join(_escape(sign) for sign in found[0])])
        at = found.end()
    return [*pieces, ["text", text[at:]]] if text[at:] else pieces


def _escape(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"

"""One conversation on its way into the database: bytes become guarded, numbered, explained lines in blocks."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from django.utils import timezone

from accounts.secrets import fingerprint
from protocols.events import Closed, Crossed, DataClosed, Event, Foretold, Secured
from protocols.line import Line, Note
from protocols.storable import storable
from protocols.wire import event_line, sample_line
from transcripts import blocks, seen
from transcripts.models import Block, Sighting


class Part(NamedTuple):
    """A block on its way: the number of its first line, the explainer's state before it, its lines packed."""

    first: int
    state: dict[str, Any]
    lines: list[str]


WORST = {"refused": 2, "later": 1}
MOST_KINDS = 5_000
"""Kinds of lines that are looked up in the tables for one conversation."""


class Scribe:
    """Owned by the writer's thread. ``last`` is the number of the last line taken, ``saved`` of the last stored."""

    def __init__(self, pk: int, protocol: str, origin: str) -> None:
        self.pk, self.origin = pk, origin
        known = blocks.knowledge(protocol)
        self._framer: Any = known.framer() if known else None
        self._guard: Any = known.guard(fingerprint) if known else None
        self._explainer: Any = known.explainer() if known else None
        self._state = self._stands_at()
        self._passes: Any = getattr(self._explainer, "passes", None)
        self._block: list[str] = []
        self._full: list[Part] = []
        self.saved_at = 0.0
        self._last = known.states[-1] if known and known.states else ""
        self._bytes, self._size = 0, 0
        self._tls = self._deaf = False
        self.last = self.saved = 0
        self.ended = self._end_told = False
        self.outcome, self.badge = "", ""
        self._protocol = protocol
        self._looked: set[tuple[Any, ...]] = set()
        self._seen: set[str] = set()
        self._unkept: dict[str, int] = {}

    def take(self, event: Event) -> None:
        """Frame, guard, number and explain what ``event`` brings. After a fault no byte is kept any more:
        what the guard cannot follow it cannot hide."""
        if self._deaf:
            return
        try:
            self._take(event)
        except Exception as error:
            self.deafen(type(error).__name__, getattr(event, "at", 0.0))

    def deafen(self, why: str, at: float) -> None:
        """Say that recording stopped here, and why."""
        self._deaf = True
        told = json.dumps({"event": "closed", "by": "-", "error": f"recording stopped: {why}"}).encode()
        self._add(Line("-", told, "event", b"", 0, at=at))

    def end(self) -> None:
        """The connection is over; what had begun and never ended becomes lines."""
        if self.ended:
            return
        self.ended = True
        if not self._deaf:
            for line in self._framer.close():
                self._said(line, timezone.now().timestamp())

    def fresh(self) -> None:
        """An action begins: its outcome is that of the replies from here on."""
        self.outcome, self.badge = "", ""

    @property
    def dirty(self) -> bool:
        return self.saved < self.last or (self.ended and not self._end_told)

    def unsaved(self) -> list[Block]:
        """The blocks that are not stored as they are now."""
        parts = [*self._full, Part(self.last - len(self._block) + 1, self._state, self._block)]
        return [
            Block(
                conversation_id=self.pk,
                first=part.first,
                last=part.first + len(part.lines) - 1,
                state=part.state,
                payload=blocks.pack(part.lines),
            )
            for part in parts
            if part.lines
        ]

    def sightings(self) -> list[Sighting]:
        """The entries of the reference that were met and are not stored yet, each with the line that met it first."""
        return [Sighting(conversation_id=self.pk, key=key, line=line) for key, line in self._unkept.items()]

    def stands(self) -> tuple[Any, ...]:
        """What its row says of it: lines, size, whether it has ended; and its key."""
        return self.last, self._size, self.ended, self.pk

    def kept(self, there: bool) -> None:
        """All of it is stored; or (not ``there``) it was deleted under our hands, and nothing more is kept."""
        if not there:
            self._deaf, self._block = True, []
        self._full.clear()
        self._unkept.clear()
        self.saved, self._end_told, self.saved_at = self.last, self.ended, time.monotonic()

    def _take(self, event: Event) -> None:
        if isinstance(event, Crossed):
            for line in self._framer.feed(event.speaker, event.raw):
                self._said(line, event.at)
            return
        if isinstance(event, Foretold):
            self._guard.expect(event.names)
            return
        if isinstance(event, Closed):
            self.end()
        self._tls = self._tls or isinstance(event, Secured)
        sample = sample_line(event, tls=self._tls) if isinstance(event, DataClosed) else None
        for line in (sample, event_line(event, tls=self._tls)):
            if line:
                self._add(line)

    def _said(self, line: Line, at: float) -> None:
        """Number, date and guard a line. By hand, for ``replace`` takes longer than all the rest of it."""
        number = self.last + 1
        whole = Line(
            line.speaker, line.raw, line.kind, line.end, line.size, line.hidden, line.at or at, number, self._tls,
            self.origin,
        )  # fmt: skip
        self._add(self._guard.feed(whole))

    def _add(self, line: Line) -> None:
        if len(self._block) >= blocks.MOST_LINES or self._bytes > blocks.MOST_BYTES:
            self._full.append(Part(self.last - len(self._block) + 1, self._state, self._block))
            self._block, self._bytes, self._state = [], 0, self._stands_at()
        self.last += 1
        line = line if line.number == self.last else replace(line, number=self.last)
        self._block.append(blocks.pack_line(line))
        self._bytes += len(line.raw) + 80
        self._size += len(line.raw) + 80
        if self._passes and self._passes(line):
            return
        note = blocks.explain(self._explainer, line)
        self._see(line, note)
        goodbye = self.badge and self._last and note.state == self._last and note.outcome == "done"
        if goodbye:
            return
        if note.outcome and note.badge and WORST.get(note.outcome, 0) >= WORST.get(self.outcome, 0):
            self.outcome, self.badge = note.outcome, note.badge

    def _stands_at(self) -> dict[str, Any]:
        """The explainer's state, a copy: it lists what waits for an answer, and goes on with that list."""
        return storable(self._explainer.state()) if self._explainer else {}

    def _see(self, line: Line, note: Note) -> None:
        """Remember, the first time, which entries of the reference ``line`` is about."""
        kind = (line.speaker, note.key, note.badge, *(detail.key for detail in note.details))
        if kind in self._looked or len(self._looked) > MOST_KINDS:
            return
        self._looked.add(kind)
        with suppress(Exception):  # an index that stumbles costs the reference, never the line
            for key in seen.entries(self._protocol, line, note) - self._seen:
                self._seen.add(key)
                self._unkept[key] = line.number

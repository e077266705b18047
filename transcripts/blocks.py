"""Lines as they lie in a block, and read back, each with what it means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from protocols import catalog
from protocols.line import Hidden, Line, Note
from protocols.wire import explain_event
from transcripts.models import Block, Conversation

MOST_LINES = 200
MOST_BYTES = 256 * 1024


def pack(lines: list[str]) -> bytes:
    """Return the payload of a block: JSON of lines that ``pack_line`` gave."""
    return f"[{','.join(lines)}]".encode()


def pack_line(line: Line) -> str:
    """Return ``line`` as JSON; bytes stand as Latin-1."""
    return json.dumps(_values(line), separators=(",", ":"))


class Reading:
    """Reads a conversation on and on. Lines that came since the last time are explained from there, not from
    the start of their block: who follows a conversation asks at every handful of lines."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._known = knowledge(conversation.protocol)
        self._block = self._upto = 0
        self._explainer: Any = None

    def read(self, first: int, last: int | None = None) -> Iterator[tuple[Line, Note]]:
        """Yield the saved lines ``first`` to ``last`` (None: to the end), each with its Note."""
        blocks = Block.objects.filter(conversation=self._conversation, last__gte=first).order_by("first")
        if last is not None:
            blocks = blocks.filter(first__lte=last)
        for block in blocks:
            values = json.loads(bytes(block.payload))
            if block.pk != self._block or first <= self._upto:
                self._begin(block)
            for line in map(_line, values[self._upto + 1 - block.first :]):
                if last is not None and line.number > last:
                    return
                note = explain(self._explainer, line)
                self._upto = line.number
                if line.number >= first:
                    yield line, note

    def _begin(self, block: Block) -> None:
        self._block, self._upto = block.pk, block.first - 1
        self._explainer = self._known.explainer() if self._known and block.state else None
        if self._explainer:
            self._explainer.restore(block.state)


def read(conversation: Conversation, first: int, last: int | None = None) -> Iterator[tuple[Line, Note]]:
    """Yield the saved lines ``first`` to ``last`` (None: to the end), each with its Note."""
    return Reading(conversation).read(first, last)


def knowledge(protocol: str) -> catalog.Knowledge | None:
    """Return what is known of ``protocol``; None where its room in ``protocols`` is not built yet."""
    try:
        return catalog.knowledge(protocol)
    except (ImportError, KeyError):
        return None


def explain(explainer: Any, line: Line) -> Note:
    """Return what ``line`` means; what an explainer stumbles over is said to be unknown, never a lost page."""
    if line.kind in ("event", "data") or explainer is None:
        return explain_event(line)
    try:
        return explainer.feed(line)
    except Exception:
        return Note("", known=False)


def _values(line: Line) -> dict[str, Any]:
    values: dict[str, Any] = {
        "n": line.number,
        "s": line.speaker,
        "r": line.raw.decode("latin-1"),
        "t": line.at,
    }
    values |= {"k": line.kind, "e": line.end.decode("latin-1"), "z": line.size, "o": line.origin}
    if line.tls:
        values["x"] = 1
    if line.hidden:
        values["h"] = [[h.start, h.length, h.kind, h.user, h.fingerprint] for h in line.hidden]
    return values


def _line(values: dict[str, Any]) -> Line:
    return Line(
        speaker=values["s"],
        raw=values["r"].encode("latin-1"),
        kind=values["k"],
        end=values["e"].encode("latin-1"),
        size=values["z"],
        hidden=tuple(Hidden(*span) for span in values.get("h", ())),
        at=values["t"],
        number=values["n"],
        tls=bool(values.get("x")),
        origin=values["o"],
    )

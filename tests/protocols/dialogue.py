"""Dialogues told to the framer, guard and explainer of a protocol."""

from __future__ import annotations

import hashlib

from protocols import catalog
from protocols.line import Line, Note, Speaker

Turn = tuple[Speaker, bytes]


def digest(secret: bytes) -> str:
    return hashlib.sha256(b"test" + secret).hexdigest()[:8]


class Telling:
    """The ways to tell a dialogue in ``protocol``; framer, guard and explainer are new each time."""

    def __init__(self, protocol: str) -> None:
        self._known = catalog.knowledge(protocol)

    def frame(self, turns: list[Turn], step: int = 0) -> list[Line]:
        """Feed each turn at once, or in pieces of ``step`` bytes."""
        framer, lines = self._known.framer(), []
        for speaker, raw in turns:
            pieces = [raw[at : at + step] for at in range(0, len(raw), step)] if step else [raw]
            for piece in pieces:
                lines += framer.feed(speaker, piece)
        return lines + framer.close()

    def guarded(self, turns: list[Turn], step: int = 0) -> list[Line]:
        guard = self._known.guard(digest)
        return [guard.feed(line) for line in self.frame(turns, step)]

    def explained(self, turns: list[Turn]) -> list[tuple[Line, Note]]:
        explainer = self._known.explainer()
        return [(line, explainer.feed(line)) for line in self.guarded(turns)]

"""A line cut where secrets were taken out of it, and where a person's own words are folded for the reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protocols.line import Line
from transcripts.blocks import knowledge


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to show (``raw``), or how many there are that are not shown: ``hidden``, ``folded``.

    ``index`` is the place of the hidden span in ``line.hidden``.
    """

    raw: bytes = b""
    hidden: int = 0
    folded: int = 0
    index: int = -1


def talk_of(protocol: str, line: Line) -> tuple[int, int] | None:
    """Which bytes of ``line`` are a person's own words, where the protocol has such lines (IRC)."""
    known = knowledge(protocol)
    return known.talk(line.raw) if known and line.kind == "text" else None


def cut(line: Line, fold: tuple[int, int] | None = None) -> Iterator[Piece]:
    """Yield the pieces of ``line``; those of ``fold`` (start and stop in ``line.raw``) are counted only."""
    start, stop = fold or (len(line.raw) + 1, len(line.raw) + 1)
    at = folded = 0
    for index, span in enumerate(line.hidden):
        if start <= span.start <= stop:
            folded += span.length
            continue
        if span.start > stop:
            yield from _before(line.raw, at, start, stop, folded)
            at, start, stop, folded = stop, len(line.raw) + 1, len(line.raw) + 1, 0
        yield Piece(raw=line.raw[at : span.start])
        yield Piece(hidden=span.length, index=index)
        at = span.start
    if start > len(line.raw):
        yield Piece(raw=line.raw[at:])
        return
    yield from _before(line.raw, at, start, stop, folded)
    yield Piece(raw=line.raw[stop:])


def _before(raw: bytes, at: int, start: int, stop: int, hidden: int) -> Iterator[Piece]:
    yield Piece(raw=raw[at:start])
    yield Piece(folded=stop - start + hidden)

"""A transcript as plain text: ``C: `` and ``S: `` before each line, bodies folded, secrets never."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.line import Line
from transcripts import blocks, pieces
from transcripts.models import Transcript
from transcripts.shown import said


def text(transcript: Transcript, *, talk: bool = False) -> Iterator[str]:
    """Yield the export's lines, each with its LF; people's own words in them are folded unless ``talk``."""
    conversation = transcript.conversation
    yield f"# netlab transcript {transcript.pk}: {conversation} ({transcript})\n".replace("\r", " ")
    yield f"# {transcript.started:%Y-%m-%d %H:%M:%S} UTC, lines {transcript.first}-{transcript.last or ''}\n"
    for line, note in blocks.read(conversation, transcript.first, transcript.last):
        fold = None if talk else pieces.talk_of(conversation.protocol, line)
        yield f"# {said(note)}\n" if line.kind == "event" else f"{line.speaker}: {_said(line, fold)}\n"


def _said(line: Line, fold: tuple[int, int] | None) -> str:
    if line.kind in ("body", "binary", "data"):
        return f"[{line.kind}, {line.size} bytes]"
    return "".join(_piece(piece) for piece in pieces.cut(line, fold))


def _piece(piece: pieces.Piece) -> str:
    if piece.hidden:
        return f"[hidden {piece.hidden} bytes]"
    if piece.folded:
        return f"[folded {piece.folded} bytes]"
    text = piece.raw.decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() or sign == "\t" else f"\\x{ord(sign):02x}" for sign in text)

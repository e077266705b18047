"""A transcript as plain text: ``C: `` and ``S: `` before each line, bodies folded, secrets never."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.line import Line
from transcripts import blocks
from transcripts.models import Transcript
from transcripts.shown import said


def text(transcript: Transcript) -> Iterator[str]:
    """Yield the export's lines, each with its LF."""
    conversation = transcript.conversation
    yield f"# netlab transcript {transcript.pk}: {conversation} ({transcript})\n".replace("\r", " ")
    yield f"# {transcript.started:%Y-%m-%d %H:%M:%S} UTC, lines {transcript.first}-{transcript.last or ''}\n"
    for line, note in blocks.read(conversation, transcript.first, transcript.last):
        yield f"# {said(note)}\n" if line.kind == "event" else f"{line.speaker}: {_said(line)}\n"


def _said(line: Line) -> str:
    if line.kind in ("body", "binary", "data"):
        return f"[{line.kind}, {line.size} bytes]"
    raw, at, out = line.raw, 0, ""
    for span in line.hidden:
        out += raw[at : span.start].decode("utf-8", "replace") + f"[hidden {span.length} bytes]"
        at = span.start
    whole = out + raw[at:].decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() or sign == "\t" else f"\\x{ord(sign):02x}" for sign in whole)

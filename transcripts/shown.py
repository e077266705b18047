"""Lines as people see them: the same values and the same template for the dock, the page and the projector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from protocols import catalog
from protocols.line import Line, Note, Ref
from transcripts import blocks, pieces
from transcripts.bodies import hexed
from transcripts.models import Transcript

MOST_HEX = 1024
"""Bytes of one line that the view of bytes shows; a body can be opened whole."""
ASK_BYTES = 64 * 1024
"""A body of more than this is asked for before it is loaded."""
MOST_LINES = 2000
"""Lines shown at once; a longer transcript is paged."""

DATA = b'{"event": "data-'
"""How the events of FTP's data connections begin; they are shown indented under their control connection."""


def lines(
    transcript: Transcript,
    first: int,
    last: int | None = None,
    *,
    own: bool = False,
    bodies: bool = False,
    reading: blocks.Reading | None = None,
) -> list[dict[str, Any]]:
    """Return the values of lines ``first`` to ``last``, at most MOST_LINES, in the active language.

    Who follows a conversation hands over its own ``reading``, which explains each line once.
    """
    end = transcript.last if last is None else last
    stop = first + MOST_LINES - 1
    reading = reading or blocks.Reading(transcript.conversation)
    place, zero = transcript.get_absolute_url(), transcript.conversation.started.timestamp()
    return [
        _shown(transcript, line, note, place, zero, own, bodies)
        for line, note in reading.read(first, stop if end is None else min(end, stop))
    ]


def explained(transcript: Transcript, number: int, *, own: bool, bodies: bool) -> dict[str, Any] | None:
    """Return one line (``line``, as ``lines`` has it) and what the panel tells beyond it; None where it is not."""
    for line, note in blocks.read(transcript.conversation, number, number):
        shown = _shown(transcript, line, note, "", 0.0, own, bodies)
        fold = None if bodies else pieces.talk_of(transcript.conversation.protocol, line)
        typed = line.speaker == "C" and line.kind == "text" and not (line.cut or fold)
        more = {
            "details": list(filter(None, (_detail(detail) for detail in note.details))),
            "refs": refs(note.refs),
            "next": note.next,
            "server": transcript.conversation.server_id,
            "again": line.text if typed else "",
        }
        return {"line": shown, "more": more}
    return None


def bytes_of(transcript: Transcript, first: int, *, bodies: bool = False) -> list[dict[str, Any]]:
    """Return lines ``first`` and after as rows of bytes, cut where secrets were taken out."""
    end = transcript.last if transcript.last is not None else first + MOST_LINES
    found = []
    for line, _note in blocks.read(transcript.conversation, first, min(end, first + MOST_LINES - 1)):
        if line.kind == "event":
            continue
        closed = line.kind in ("body", "binary", "data")
        raw = (line.raw if closed else line.raw + line.end)[:MOST_HEX]
        fold = None if bodies else pieces.talk_of(transcript.conversation.protocol, line)
        cut = [_bytes(piece) for piece in pieces.cut(replace(line, raw=raw), fold)]
        found.append({
            "number": line.number,
            "speaker": line.speaker,
            "pieces": cut if bodies or not closed else [],
            "size": line.size,
            "rest": max(0, line.size - sum(span.length for span in line.hidden) - len(raw)),
        })  # fmt: skip
    return found


def html(shown: list[dict[str, Any]]) -> str:
    """Return the list items of ``lines`` for the dock, where several transcripts stand on one page."""
    placed = [line | {"prefix": f"t{line['transcript']}-"} for line in shown]
    return render_to_string("transcripts/_lines.html", {"lines": placed}) if placed else ""


def states(protocol: str) -> list[tuple[str, str]]:
    """Return the states of a protocol in their order, each with its name in the active language."""
    known = blocks.knowledge(protocol)
    language = (translation.get_language() or "en")[:2]
    return [(state, catalog.state(state, language)) for state in (known.states if known else ())]


def said(note: Note) -> str:
    """Return ``note`` in the active language; "" where nothing is known."""
    try:
        return catalog.say(note, (translation.get_language() or "en")[:2])
    except (KeyError, IndexError, ValueError, OSError):
        return ""


def refs(found: Iterable[Ref]) -> list[dict[str, str]]:
    """Return where it is written, each as ``name`` and ``url`` ("" where there is no address)."""
    return [{"name": _name(ref), "url": _url(ref)} for ref in found]


def _shown(
    transcript: Transcript, line: Line, note: Note, place: str, zero: float, own: bool, bodies: bool
) -> dict[str, Any]:
    closed = line.kind in ("body", "binary", "data")
    fold = None if bodies else pieces.talk_of(transcript.conversation.protocol, line)
    badge = note.badge if _has_badge(line, note.badge) else ""
    return {
        "transcript": transcript.pk,
        "place": place,
        "number": line.number,
        "speaker": line.speaker,
        "kind": line.kind,
        "data": line.kind == "data" or (line.kind == "event" and line.raw.startswith(DATA)),
        "at": f"{max(0.0, line.at - zero):.3f}",
        "epoch": f"{line.at:.6f}",
        "tls": line.tls,
        "origin": line.origin,
        "outcome": note.outcome,
        "trouble": note.outcome in ("later", "refused"),
        "badge": badge,
        "pieces": [] if closed or line.kind == "event" else _pieces(line, fold, badge, own),
        "size": line.size,
        "cut": line.cut,
        "body": closed,
        "readable": closed and bodies,
        "large": line.size > ASK_BYTES,
        "kept": len(line.raw),
        "text": said(note) if note.known else "",
        "state": note.state,
    }


def _pieces(line: Line, fold: tuple[int, int] | None, badge: str, own: bool) -> list[dict[str, Any]]:
    """Cut a line's text where secrets were taken out, talk is folded, and a reply's code is coloured."""
    found: list[dict[str, Any]] = []
    for piece in pieces.cut(line, fold):
        if piece.hidden:
            span = line.hidden[piece.index]
            # Only a password of the lab can be revealed; a cookie or a token is in no login.
            mine = own and bool(span.fingerprint) and span.kind not in ("cookie", "value", "token")
            found.append({"hidden": piece.hidden, "index": piece.index, "own": mine})
        elif piece.folded:
            found.append({"folded": piece.folded})
        elif piece.raw:
            found.append({"text": _text(piece.raw)})
    if badge and found and "text" in found[0]:
        before, _, after = found[0]["text"].partition(badge)
        found[:1] = [{"text": before}, {"badge": badge}, {"text": after}]
    return found


def _bytes(piece: pieces.Piece) -> dict[str, Any]:
    if piece.hidden:
        return {"hidden": piece.hidden}
    return {"folded": piece.folded} if piece.folded else {"text": hexed(piece.raw)}


def _has_badge(line: Line, badge: str) -> bool:
    """Whether the part that the outcome colours stands in a line, as a word, before anything hidden."""
    text = _text(line.raw[: line.hidden[0].start] if line.hidden else line.raw) if badge else ""
    at = text.find(badge) if badge else -1
    return at == 0 or (at > 0 and text[at - 1] == " ")


def _detail(note: Note) -> str:
    """A further fact, after the words of the line that it is about."""
    text = said(note)
    return f"{note.badge}: {text}" if note.badge and text and note.badge not in text else text


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _name(ref: Ref) -> str:
    name = f"RFC {ref.rfc}" if ref.rfc else ref.doc
    return f"{name}, {ref.section}" if ref.section else name


def _url(ref: Ref) -> str:
    if ref.url:
        return ref.url
    place = f"#section-{ref.section}" if ref.section[:1].isdigit() else ""
    return f"https://www.rfc-editor.org/rfc/rfc{ref.rfc}.html{place}" if ref.rfc else ""

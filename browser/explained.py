"""A request and its answer, line by line, with what each line means: the explainer that transcripts use."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from browser.models import Exchange
from browser.page import printable
from protocols import catalog
from protocols.http.explain import Explainer
from protocols.http.guard import Guard
from protocols.line import Line, Note, Ref, Speaker
from protocols.url import whatwg

HIDDEN = "••••"


def lines(exchange: Exchange) -> list[dict[str, Any]]:
    """The head of what was asked and of what was said, each line with its meaning in the active language."""
    language = (get_language() or "en")[:2]
    explainer, guard, rows = Explainer(), Guard(lambda raw: ""), []
    guard.expect(exchange.asked["secret"])
    for speaker, text in _said(exchange):
        said = text.encode("utf-8", "replace")
        line = guard.feed(Line(speaker, said))
        note = explainer.feed(line)
        if text:
            rows.append(
                {
                    "speaker": speaker,
                    "text": _shown(said, line),
                    "meaning": _tell(note, language),
                    "details": [
                        f"{one.badge}: {_tell(one, language)}" if one.badge else _tell(one, language)
                        for one in note.details
                    ],
                    "refs": [_ref(ref) for ref in note.refs if ref.rfc],
                    "outcome": note.outcome,
                    "known": note.known,
                }
            )
    return rows


def _said(exchange: Exchange) -> list[tuple[Speaker, str]]:
    seen = whatwg.read(exchange.whole)
    target = (seen.pathname + seen.search) if seen else "/"
    rows: list[tuple[Speaker, str]] = []
    if not (exchange.kept and exchange.code == 200):
        rows.append(("C", f"{exchange.method} {target} HTTP/{exchange.version}"))
        rows += [("C", f"{name}: {value}") for name, value in exchange.asked["fields"]]
        rows.append(("C", ""))
    if exchange.code:
        rows.append(("S", f"HTTP/{exchange.spoken or '1.1'} {exchange.code} {exchange.reason}"))
        rows += [("S", f"{name}: {value}") for name, value in exchange.said]
        rows.append(("S", ""))
    return rows


def _shown(said: bytes, line: Line) -> str:
    """What was said, its passwords hidden; cookies show, as they do in the jar beside it."""
    shown, at, gone = "", 0, 0
    for span in line.hidden:
        start = span.start + gone
        gone += span.length
        if span.kind != "cookie":
            shown += said[at:start].decode("utf-8", "replace") + HIDDEN
            at = start + span.length
    return printable(shown + said[at:].decode("utf-8", "replace"))


def _ref(ref: Ref) -> dict[str, Any]:
    place = f"#section-{ref.section}" if ref.section[:1].isdigit() else ""
    url = ref.url or f"https://www.rfc-editor.org/rfc/rfc{ref.rfc}.html{place}"
    return {"rfc": ref.rfc, "section": ref.section, "url": url}


def _tell(note: Note, language: str) -> str:
    return catalog.say(note, language)

"""A request and its answer, line by line, with what each line means: the explainer that transcripts use."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from browser.models import Exchange
from protocols import catalog
from protocols.http.explain import Explainer
from protocols.http.guard import Guard
from protocols.line import Line, Note, Ref, Speaker
from protocols.url import whatwg


def lines(exchange: Exchange) -> list[dict[str, Any]]:
    """The head of what was asked and of what was said, each line with its meaning in the active language."""
    language = (get_language() or "en")[:2]
    explainer, guard, rows = Explainer(), Guard(lambda raw: ""), []
    for speaker, text in _said(exchange):
        line = Line(speaker, text.encode("utf-8", "replace"))
        note = explainer.feed(guard.feed(line))
        if text:
            rows.append(
                {
                    "speaker": speaker,
                    "text": text,
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
    seen = whatwg.read(exchange.url)
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


def _ref(ref: Ref) -> dict[str, Any]:
    place = f"#section-{ref.section}" if ref.section[:1].isdigit() else ""
    url = ref.url or f"https://www.rfc-editor.org/rfc/rfc{ref.rfc}.html{place}"
    return {"rfc": ref.rfc, "section": ref.section, "url": url}


def _tell(note: Note, language: str) -> str:
    return catalog.say(note, language)

"""Conversations for tests: turns in, guarded and explained lines out."""

from __future__ import annotations

from protocols import catalog
from protocols.line import Note
from tests.protocols.dialogue import Telling, Turn

guarded = Telling("irc").guarded


def explained(turns: list[Turn]) -> list[Note]:
    """What each line of ``turns`` means; a state saved and taken up again between lines changes nothing."""
    known = catalog.knowledge("irc")
    one, notes = known.explainer(), []
    for line in guarded(turns):
        other = known.explainer()
        other.restore(one.state())
        note = one.feed(line)
        assert other.feed(line) == note
        for language in ("en", "vi"):
            for part in (note, *note.details):
                assert catalog.say(part, language)
        notes.append(note)
    return notes


def lines(text: str) -> list[Turn]:
    """``C: NICK ann`` line by line."""
    rows = (row.strip() for row in text.splitlines() if row.strip())
    return [
        (row[0], row[3:].encode().replace(b"\\x01", b"\x01").replace(b"\\x02", b"\x02") + b"\r\n")
        for row in rows
    ]

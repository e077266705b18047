"""What happened to a connection itself, as Lines of kind ``event`` and their Notes."""

from __future__ import annotations

import json

from protocols.events import Closed, Event, Opened, Secured
from protocols.line import Line, Note


def event_line(event: Event, *, tls: bool = False) -> Line | None:
    """Return the Line that tells of ``event``; None for bytes that crossed (those are the framer's)."""
    if isinstance(event, Opened):
        told = {"event": "opened", "host": event.host, "local": event.local, "remote": event.remote}
    elif isinstance(event, Secured):
        told = {"event": "secured", "version": event.version, "cipher": event.cipher, "subject": event.subject,
                "issuer": event.issuer}  # fmt: skip
    elif isinstance(event, Closed):
        told = {"event": "closed", "by": event.by, "error": event.error}
    else:
        return None
    return Line("-", json.dumps(told).encode(), "event", b"", 0, at=event.at, tls=tls)


def explain_event(line: Line) -> Note:
    """Return what an ``event`` line says; a line that is none is told as unknown."""
    try:
        told = json.loads(line.raw)
        key = f"wire.{told['event']}" + (f".{told['by']}" if told["event"] == "closed" else "")
    except (ValueError, KeyError, TypeError):
        return Note("wire.unknown", {"size": line.size}, known=False)
    return Note(key, {name: value for name, value in told.items() if name != "event"})

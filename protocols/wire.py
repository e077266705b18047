"""What happened to a connection itself, as Lines of kind ``event`` and their Notes."""

from __future__ import annotations

import json

from protocols.events import Closed, DataClosed, DataOpened, DataSecured, Event, Opened, Secured
from protocols.line import Line, Note


def event_line(event: Event, *, tls: bool = False) -> Line | None:
    """Return the Line that tells of ``event``; None for bytes that crossed (those are the framer's)."""
    told: dict[str, str | int]
    if isinstance(event, Opened):
        told = {"event": "opened", "host": event.host, "local": event.local, "remote": event.remote}
    elif isinstance(event, Secured):
        told = {"event": "secured", "version": event.version, "cipher": event.cipher, "subject": event.subject,
                "issuer": event.issuer}  # fmt: skip
    elif isinstance(event, Closed):
        told = {"event": "closed", "by": event.by, "error": event.error}
    elif isinstance(event, DataOpened):
        told = {"event": "data-opened", "number": event.number, "by": event.by, "local": event.local,
                "remote": event.remote}  # fmt: skip
    elif isinstance(event, DataSecured):
        told = {"event": "data-secured", "number": event.number, "version": event.version,
                "resumed": "resumed" if event.resumed else "new"}  # fmt: skip
    elif isinstance(event, DataClosed):
        told = {"event": "data-closed", "number": event.number, "by": event.by, "size": event.size,
                "error": event.error}  # fmt: skip
    else:
        return None
    return Line("-", json.dumps(told).encode(), "event", b"", 0, at=event.at, tls=tls)


def sample_line(event: DataClosed, *, tls: bool = False) -> Line | None:
    """Return how a data connection's bytes began, folded to one line; None where none crossed."""
    if not event.size:
        return None
    return Line(event.speaker, event.sample, "data", b"", event.size, at=event.at, tls=tls)


_CASES = {"closed": "by", "data-opened": "by", "data-secured": "resumed", "data-closed": "by"}
"""The events whose sentence depends on one of their parameters."""


def explain_event(line: Line) -> Note:
    """Return what an ``event`` line says, or a ``data`` line is; any other is told as unknown."""
    if line.kind == "data":
        return Note("wire.data", {"size": line.size})
    try:
        told = json.loads(line.raw)
        case = _CASES.get(told["event"])
        key = f"wire.{told['event']}" + (f".{told[case]}" if case else "")
    except (ValueError, KeyError, TypeError):
        return Note("wire.unknown", {"size": line.size}, known=False)
    return Note(key, {name: value for name, value in told.items() if name != "event"})

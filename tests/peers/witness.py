"""Hears every session of a test, and holds the guards and explainers to what was really said."""

from __future__ import annotations

from protocols import catalog
from protocols.events import Crossed, Event
from protocols.imap import client as imap
from protocols.line import Line, Note
from protocols.login import Address, Credentials, Limits
from protocols.pop3 import client as pop3
from protocols.smtp import client as smtp

CLIENTS = {"smtp": smtp, "pop3": pop3, "imap": imap}
LIMITS = Limits(connect=10, idle=10, total=60)


class Witness:
    """Opens recorded sessions. ``explained`` gives their lines with what each means."""

    def __init__(self, office) -> None:
        self._office = office
        self._heard: list[tuple[str, list[Event]]] = []

    def address(self, protocol: str, security: str = "starttls") -> Address:
        port = getattr(self._office.ports, f"{protocol}s" if security == "tls" else protocol)
        return Address(protocol, "localhost", "127.0.0.1", port, security, ca=self._office.pem)

    def credentials(self, name: str, secret: str = "") -> Credentials:
        return Credentials(name, secret or self._office.passwords[name])

    def connect(self, protocol: str, security: str = "starttls", name: str = ""):
        """A session of ``protocol``; signed in as ``name``, if there is one."""
        events: list[Event] = []
        self._heard.append((protocol, events))
        session = CLIENTS[protocol].connect(self.address(protocol, security), events.append, LIMITS)
        if name:
            session.login(self.credentials(name))
        return session

    def said(self, speaker: str = "C") -> bytes:
        """Everything that one side said, session after session."""
        every = (event for _, events in self._heard for event in events)
        return b"".join(
            event.raw for event in every if isinstance(event, Crossed) and event.speaker == speaker
        )

    def explained(self) -> list[tuple[Line, Note]]:
        """Every line that crossed, guarded, with what it means."""
        return [pair for protocol, events in self._heard for pair in _explained(protocol, events)]

    def check(self) -> None:
        """No line is unknown, each has a sentence in both languages, and no password is in any of them."""
        for line, note in self.explained():
            assert note.known, (line.speaker, line.raw, note)
            assert catalog.say(note, "en") and catalog.say(note, "vi"), (line.raw, note)
            for detail in note.details:
                assert detail.known, (line.speaker, line.raw, detail)
                assert catalog.say(detail, "en") and catalog.say(detail, "vi"), (line.raw, detail)
            for secret in self._office.passwords.values():
                assert secret.encode() not in line.raw, line.raw


def _explained(protocol: str, events: list[Event]) -> list[tuple[Line, Note]]:
    known = catalog.knowledge(protocol)
    framer, guard, explainer = known.framer(), known.guard(lambda secret: "0" * 8), known.explainer()
    lines: list[Line] = []
    for event in events:
        if isinstance(event, Crossed):
            lines += framer.feed(event.speaker, event.raw)
    guarded = [guard.feed(line) for line in [*lines, *framer.close()]]
    return [(line, explainer.feed(line)) for line in guarded]

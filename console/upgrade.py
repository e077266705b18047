"""TLS on request: which typed line asks for it, and which answer agrees."""

from __future__ import annotations

import re

from protocols.line import Line, Note

_ASKS = {
    "smtp": re.compile(rb"STARTTLS\s*", re.IGNORECASE),
    "pop3": re.compile(rb"STLS\s*", re.IGNORECASE),
    "imap": re.compile(rb"(\S+) +STARTTLS\s*", re.IGNORECASE),
    "ftp": re.compile(rb"AUTH +(?:TLS|TLS-C|SSL)\s*", re.IGNORECASE),
    "irc": re.compile(rb"STARTTLS\s*", re.IGNORECASE),
}
_AGREES = {
    "smtp": lambda line, note: note.key == "smtp.reply.220.STARTTLS",
    "pop3": lambda line, note: note.key == "pop3.done.STLS",
    "imap": lambda line, note: note.key == "imap.tagged.OK.STARTTLS",
    "ftp": lambda line, note: line.raw.startswith(b"234"),
    "irc": lambda line, note: b" 670 " in line.raw[:512],
}


class Upgrade:
    """Follows one connection's lines. ``pending`` while an answer is awaited; ``agreed`` once TLS may begin."""

    def __init__(self, protocol: str) -> None:
        self._asks, self._agrees = _ASKS.get(protocol), _AGREES.get(protocol)
        self.pending = self.agreed = False

    def asks(self, raw: bytes) -> bool:
        """Whether a typed line asks for TLS (RFC 3207, 2595, 3501, 4217)."""
        return bool(self._asks and self._asks.fullmatch(raw.rstrip(b"\r\n")))

    def hear(self, line: Line, note: Note) -> None:
        """A line of the server came."""
        if not self.pending or self._agrees is None:
            return
        if self._agrees(line, note):
            self.agreed = True
        elif note.outcome in ("refused", "later"):
            self.pending = False

    def done(self) -> None:
        """TLS is up, or was given up."""
        self.pending = self.agreed = False

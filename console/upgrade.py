"""Whose turn it is: lines after which the client has to wait for the server's word, TLS on request among them.

Who types waits anyway. Lines that were pasted must not run ahead of a 354, a 334, a ``+`` or of TLS.
"""

from __future__ import annotations

import re

from protocols.line import Line, Note

_TLS = {
    "smtp": re.compile(rb"STARTTLS\s*", re.IGNORECASE),
    "pop3": re.compile(rb"STLS\s*", re.IGNORECASE),
    "imap": re.compile(rb"\S+ +STARTTLS\s*", re.IGNORECASE),
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
_GO_ON = {
    "smtp": re.compile(rb"(?:DATA\s*|AUTH\b.*)", re.IGNORECASE | re.DOTALL),
    "pop3": re.compile(rb"AUTH\b.*", re.IGNORECASE | re.DOTALL),
    "imap": re.compile(rb"(?:.*[^+]\}|\S+ +(?:AUTHENTICATE\b.*|IDLE\s*))", re.IGNORECASE | re.DOTALL),
    "ftp": re.compile(rb"(?:AUTH|PASV|EPSV)\b.*", re.IGNORECASE | re.DOTALL),
}


class Upgrade:
    """TLS on request on one connection. ``pending`` while an answer is awaited, ``agreed`` once TLS may begin."""

    def __init__(self, protocol: str) -> None:
        self._asks, self._go_on = _TLS.get(protocol), _GO_ON.get(protocol)
        self._agrees = _AGREES.get(protocol)
        self.pending = self.agreed = False

    def asks(self, raw: bytes) -> bool:
        """Whether a typed command asks for TLS (RFC 3207, 2595, 3501, 4217)."""
        return bool(self._asks and self._asks.fullmatch(raw.rstrip(b"\r\n")))

    def waits(self, raw: bytes) -> bool:
        """Whether the client may say nothing after this command until the server has spoken."""
        return self.asks(raw) or bool(self._go_on and self._go_on.fullmatch(raw.rstrip(b"\r\n")))

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

"""What must not be stored of a POP3 conversation: PASS, and every form AUTH carries a secret in (RFC 5034).

USER's name and APOP's digest may show. What is in doubt is hidden: a line after a failed or half-finished
AUTH that is no POP3 command may be the password that a program says without reading replies.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.line import Line
from protocols.sasl import MECHANISMS, Exchange, Said, Veil

_PASS = re.compile(rb"(?:^|[\r\0])[ \t\n\v\f]*PASS\b[ \t:]?", re.IGNORECASE)
_AUTH = re.compile(rb"(?:^|[\r\0])[ \t\n\v\f]*AUTH\b[\s:]*", re.IGNORECASE)
_USER = re.compile(rb"^\s*USER\s+(.*?)\s*$", re.IGNORECASE)
_WORD = re.compile(rb"\S+\s*")
_COMMAND = re.compile(
    rb"^\s*(?:(?:USER|APOP|RETR|DELE|TOP|LIST|UIDL|LANG)\s+\S|"
    rb"(?:STLS|CAPA|STAT|LIST|NOOP|RSET|UIDL|QUIT|LANG|UTF8)\s*$)",
    re.IGNORECASE,
)


class Guard:
    """Fed the lines of one POP3 conversation in order, returns them without secrets."""

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._veil = Veil(fingerprint)
        self._exchange: Exchange | None = None
        self._asked = False
        self._doubt = False
        self._user = ""

    def feed(self, line: Line) -> Line:
        """Return ``line`` with its secret bytes taken out."""
        if line.kind in ("body", "event"):
            return line
        if line.speaker == "S":
            self._server(line.raw)
            return self._veil.echoes(line, 4)
        return self._client(line) if line.speaker == "C" else line

    def _server(self, raw: bytes) -> None:
        if self._exchange is None:
            return
        if raw == b"+" or raw.startswith(b"+ "):
            self._asked = True
            self._exchange.challenge(raw[2:])
            return
        # +OK ends the doubt; -ERR leaves it, for the client may not have read it.
        self._asked = False
        self._doubt = not raw.upper().startswith(b"+OK")
        if not self._doubt:
            self._exchange = None

    def _client(self, line: Line) -> Line:
        if self._asked:
            self._asked = False
            return self._response(line, 0)
        if found := _PASS.search(line.raw):
            secret = line.raw[found.end() :]
            return self._veil.cut(line, found.end(), Said("password", self._user, secret))
        if begun := _AUTH.search(line.raw):
            return self._begin(line, begun.end())
        if found := _USER.match(line.raw):
            self._user = found[1].decode("utf-8", "replace")
        certain = self._exchange is None or self._doubt or self._exchange.complete
        if self._exchange is None or (certain and _COMMAND.match(line.raw)):
            return self._veil.echoes(line)
        return self._response(line, 0)

    def _begin(self, line: Line, at: int) -> Line:
        word = _WORD.match(line.raw, at)
        self._doubt = False
        if word is None:
            self._exchange = None
            return line
        name = word[0].strip().upper().decode("latin-1")
        self._exchange = Exchange(name)
        if name not in MECHANISMS:
            return self._response(line, at)
        return self._response(line, word.end()) if line.raw[word.end() :].strip() else line

    def _response(self, line: Line, start: int) -> Line:
        said = (self._exchange or Exchange("")).response(line.raw[start:])
        return self._veil.echoes(line) if said is None else self._veil.cut(line, start, said)

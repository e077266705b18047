"""What must not be stored of an SMTP conversation: passwords, in every form AUTH can carry them (RFC 4954).

The rules: everything after ``AUTH mechanism`` is a response; so is every client line while the server's last
word was 334; and so, when in doubt, is a line after a failed or half-finished AUTH that is no SMTP command
(a program that does not read replies says its password all the same).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.line import Line
from protocols.sasl import MECHANISMS, Exchange, Said, Veil

_AUTH = re.compile(rb"(?:^|[\r\0])[ \t\n\v\f]*(AUTH)\b[\s:]*", re.IGNORECASE)
_WORD = re.compile(rb"\S+\s*")
_PASSWORD = re.compile(rb"^\s*(?:PASS|LOGIN)\b\s*", re.IGNORECASE)
_COMMAND = re.compile(
    rb"^\s*(?:(?:MAIL\s+FROM|RCPT\s+TO|SEND\s+FROM|SOML\s+FROM|SAML\s+FROM)\s*:|"
    rb"(?:EHLO|HELO|LHLO|VRFY|EXPN|ETRN|ATRN|BDAT|BURL)\s+\S|"
    rb"(?:DATA|RSET|QUIT|NOOP|HELP|STARTTLS|TURN|EHLO|HELO)\s*$)",
    re.IGNORECASE,
)


class Guard:
    """Fed the lines of one SMTP conversation in order, returns them without secrets."""

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._veil = Veil(fingerprint)
        self._exchange: Exchange | None = None
        self._asked = False
        self._doubt = False

    def feed(self, line: Line) -> Line:
        if line.kind in ("body", "event"):
            return line
        if line.speaker == "S":
            self._server(line.raw)
            return self._veil.echoes(line, 4)
        return self._client(line) if line.speaker == "C" else line

    def _server(self, raw: bytes) -> None:
        if self._exchange is None or raw[3:4] == b"-":
            return
        if raw.startswith(b"334"):
            self._asked = True
            self._exchange.challenge(raw[4:])
            return
        # 235 ends the doubt; any other reply leaves it, for the client may not have read it.
        self._doubt = not raw.startswith(b"235")
        self._asked = False
        if not self._doubt:
            self._exchange = None

    def _client(self, line: Line) -> Line:
        if self._asked and self._exchange is not None:
            self._asked = False
            return self._response(line, 0)
        begun = _AUTH.search(line.raw)
        if begun:
            return self._begin(line, begun.end())
        found = _PASSWORD.match(line.raw)
        if found:
            return self._veil.cut(line, found.end(), Said("password", secret=line.raw[found.end() :]))
        if self._exchange is None:
            return self._veil.echoes(line)
        if _COMMAND.match(line.raw) and (self._doubt or self._exchange.complete):
            return self._veil.echoes(line)
        return self._response(line, 0)

    def _begin(self, line: Line, at: int) -> Line:
        word = _WORD.match(line.raw, at)
        if word is None:
            self._exchange, self._doubt = Exchange(""), False
            return line
        name = word[0].strip().decode("latin-1").upper()
        self._exchange, self._doubt = Exchange(name), False
        if name not in MECHANISMS and not re.fullmatch(
            r"[A-Z]{3,8}(-[A-Z0-9]+)*", word[0].strip().decode("latin-1")
        ):
            return self._response(line, at)
        if not line.raw[word.end() :].strip():
            return line
        return self._response(line, word.end())

    def _response(self, line: Line, start: int) -> Line:
        exchange = self._exchange or Exchange("")
        said = exchange.response(line.raw[start:])
        if said is None:
            return self._veil.echoes(line)
        return self._veil.cut(line, start, said)

"""Which bytes of an SMTP conversation are secret: everything that AUTH says (RFC 4954).

The password line of AUTH LOGIN carries no keyword, so this is a small state machine over both speakers.
What is in doubt is hidden.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace

from protocols.line import Hidden, Line

_AUTH = re.compile(rb"^(\s*AUTH\s+([^\s]+)[ \t]*)(.*)$", re.IGNORECASE | re.DOTALL)


class Guard:
    """Fed both speakers' lines in order; returns them without what is secret.

    ``fingerprint`` turns secret bytes into a keyed digest, so that two hidden spans can be compared.
    """

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._fingerprint = fingerprint
        self._mechanism = ""
        self._user = ""
        self._asked = False
        self._answers = 0

    def feed(self, line: Line) -> Line:
        """Return ``line`` with its secret bytes taken out."""
        if line.speaker == "S":
            self._server(line.raw)
            return line
        if line.speaker != "C" or line.kind == "body":
            return line
        if self._mechanism:
            return self._response(line)
        match = _AUTH.match(line.raw)
        return self._command(line, match[1], match[2], match[3]) if match else line

    def _server(self, raw: bytes) -> None:
        # 334 asks for a further answer (RFC 4954 4); any other whole reply ends the exchange.
        self._asked = raw.startswith(b"334")
        if not self._asked and raw[:3].isdigit() and raw[3:4] != b"-":
            self._mechanism, self._user, self._answers = "", "", 0

    def _command(self, line: Line, head: bytes, mechanism: bytes, rest: bytes) -> Line:
        self._mechanism = mechanism.decode("latin-1").upper()
        self._answers, self._user, self._asked = 0, "", False
        if rest in (b"", b"="):
            return line
        if self._mechanism == "LOGIN":
            # An initial response of LOGIN is the user name (not standard, but said by many clients).
            self._answers, self._user = 1, _decoded(rest)
            return line
        return self._hide(line, head, rest)

    def _response(self, line: Line) -> Line:
        if line.raw.strip() == b"*":
            return line
        self._answers += 1
        if self._mechanism == "LOGIN" and self._answers == 1 and self._asked:
            self._user = _decoded(line.raw)
            self._asked = False
            return line
        return self._hide(line, b"", line.raw)

    def _hide(self, line: Line, head: bytes, secret: bytes) -> Line:
        kind = self._mechanism.lower()
        if kind not in ("plain", "login", "cram-md5", "xoauth2"):
            kind = "response"
        user, value = _parts(self._mechanism, secret, self._user)
        span = Hidden(
            len(head), len(secret), "password" if kind == "login" else kind, user, self._fingerprint(value)
        )
        return replace(line, raw=head, hidden=(*line.hidden, span))


def _parts(mechanism: str, secret: bytes, user: str) -> tuple[str, bytes]:
    """Return who signs in and the bytes worth comparing: the password where it stands in the answer."""
    try:
        plain = base64.b64decode(secret.strip(), validate=True)
    except binascii.Error:
        return user, secret
    if mechanism == "PLAIN" and plain.count(b"\0") == 2:
        _, name, password = plain.split(b"\0")
        return name.decode("utf-8", "replace"), password
    if mechanism == "LOGIN":
        return user, plain
    if mechanism == "CRAM-MD5" and b" " in plain:
        return plain.rsplit(b" ", 1)[0].decode("utf-8", "replace"), plain.rsplit(b" ", 1)[1]
    if mechanism == "XOAUTH2" and plain.startswith(b"user="):
        return plain[5:].split(b"\1", 1)[0].decode("utf-8", "replace"), plain
    return user, secret


def _decoded(raw: bytes) -> str:
    try:
        return base64.b64decode(raw.strip(), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return ""

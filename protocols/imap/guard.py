"""Which bytes of an IMAP conversation are secret: LOGIN's second argument and all that AUTHENTICATE says.

A password may stand in the line, quoted or bare, or follow as a literal; the lines after AUTHENTICATE carry no
keyword at all. So this is a small state machine over both speakers. What is in doubt is hidden.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace

from protocols.imap.syntax import LITERAL, readable
from protocols.line import Hidden, Line

# The tag may be missing: people who type by hand forget it, and their password is one all the same.
_LOGIN = re.compile(rb"\s*(?:[^\s]+[ \t]+)?LOGIN(?:[ \t]+|$)", re.IGNORECASE)
_AUTH = re.compile(rb"\s*(?:[^\s]+[ \t]+)?AUTHENTICATE[ \t]+([^\s]+)[ \t]*", re.IGNORECASE)
_USER = re.compile(rb'[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s"{]+))(?=[ \t]|$)', re.DOTALL)
_ANSWERS = {"PLAIN": 1, "LOGIN": 2, "CRAM-MD5": 1, "XOAUTH2": 1, "OAUTHBEARER": 1, "EXTERNAL": 1}
_SHORTEST = 4
"""Bytes of the shortest secret that is looked for in the server's answers; a shorter one is part of any word."""


class Guard:
    """Fed both speakers' lines in order; returns them without what is secret.

    ``fingerprint`` turns secret bytes into a keyed digest, so that two hidden spans can be compared.
    """

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._fingerprint = fingerprint
        self._tag = b""
        self._user = ""
        self._login = ""  # "user" or "password": which argument of LOGIN comes next
        self._mechanism = ""
        self._answers = 0
        self._asked = False
        self._inside = False  # a literal's command goes on
        self._tried = False
        self._known: set[bytes] = set()

    def feed(self, line: Line) -> Line:
        """Return ``line`` with its secret bytes taken out."""
        if line.speaker == "S":
            return self._server(line)
        if line.speaker != "C":
            return line
        if self._login:
            return self._argument(line, 0)
        if self._mechanism and not self._over():
            return self._response(line)
        return line if line.kind == "body" else self._command(line)

    def _server(self, line: Line) -> Line:
        if line.kind == "body":
            return line
        tag = line.raw.partition(b" ")[0]
        self._asked = tag[:1] == b"+"
        if (tag == self._tag and tag) or line.raw[:5].upper() == b"* BYE":
            self._login = self._mechanism = ""
        return self._without_echo(line)

    def _over(self) -> bool:
        """The mechanism has said all it needs, and the server asked for no more."""
        if self._asked or self._answers < _ANSWERS.get(self._mechanism, 1 << 30):
            return False
        self._mechanism = ""
        return True

    def _command(self, line: Line) -> Line:
        continued, self._inside = self._inside, bool(LITERAL.search(line.raw))
        if continued:
            return line
        if auth := _AUTH.match(line.raw):
            return self._authenticate(line, auth)
        if login := _LOGIN.match(line.raw):
            self._begin(line.raw)
            self._login = "user"
            return self._argument(line, login.end())
        if self._tried and line.raw.strip() and b" " not in line.raw.strip() and not _is_word(line.raw):
            # No command is one word but DONE: a password that was typed once too often looks like this.
            return self._hide(line, 0, "response", line.raw.strip())
        return line

    def _begin(self, raw: bytes) -> None:
        self._tag, self._user, self._tried = raw.split()[0], "", True
        self._answers, self._asked, self._inside = 0, False, False

    def _argument(self, line: Line, start: int) -> Line:
        if line.kind == "body":
            if self._login == "user":
                self._user, self._login = readable(line.raw), "after-user"
                return line
            return self._hide(line, 0, "password", line.raw)
        if self._login == "user":
            found = _USER.match(line.raw, start)
            if not found:
                waits = LITERAL.fullmatch(line.raw[start:].strip())
                self._login = "user" if waits else ""
                return line if waits or not line.raw[start:].strip() else self._password(line, start)
            name = found[1] if found[1] is not None else found[2]
            self._user, start = readable(re.sub(rb"\\(.)", rb"\1", name, flags=re.DOTALL)), found.end()
        return self._password(line, start)

    def _password(self, line: Line, start: int) -> Line:
        while line.raw[start : start + 1] in (b" ", b"\t"):
            start += 1
        rest = line.raw[start:]
        self._login = "password" if LITERAL.search(rest) else ""
        if not rest.strip() or LITERAL.fullmatch(rest):
            return line
        return self._hide(line, start, "password", _unquoted(rest.strip()))

    def _authenticate(self, line: Line, found: re.Match[bytes]) -> Line:
        self._begin(line.raw)
        self._mechanism = readable(found[1]).upper()
        rest = line.raw[found.end() :]
        return self._secret(line, found.end()) if rest.strip() not in (b"", b"=") else line

    def _response(self, line: Line) -> Line:
        if line.raw.strip() in (b"", b"*"):
            return line
        return self._secret(line, 0)

    def _secret(self, line: Line, start: int) -> Line:
        said = line.raw[start:].strip()
        first, self._answers = self._answers == 0, self._answers + 1
        asked, self._asked = self._asked, False
        plain = _decoded(said)
        if self._mechanism == "LOGIN" and first and (asked or start) and plain is not None:
            self._user = readable(plain)
            return line
        kind = self._mechanism.lower()
        kind = {"login": "password", "oauthbearer": "xoauth2"}.get(kind, kind)
        user, secret = _parts(self._mechanism, plain, said)
        self._user = user or self._user
        return self._hide(line, start, kind if kind in _KINDS else "response", secret)

    def _hide(self, line: Line, start: int, kind: str, secret: bytes) -> Line:
        for form in (line.raw[start:].strip(), secret):
            if len(form) >= _SHORTEST:
                self._known.add(form)
        length = max(line.size - len(line.end) - start, len(line.raw) - start)
        span = Hidden(start, length, kind, self._user, self._fingerprint(secret))
        return replace(line, raw=line.raw[:start], hidden=(*line.hidden, span))

    def _without_echo(self, line: Line) -> Line:
        """Servers repeat what they refuse: ``BAD unknown command "secret"``."""
        for form in sorted(self._known, key=len, reverse=True):
            while (at := line.raw.find(form)) >= 0:
                moved = [
                    replace(one, start=one.start - (len(form) if one.start > at else 0))
                    for one in line.hidden
                ]
                spans = [*moved, Hidden(at, len(form), "response", self._user, self._fingerprint(form))]
                raw = line.raw[:at] + line.raw[at + len(form) :]
                line = replace(line, raw=raw, hidden=tuple(sorted(spans, key=lambda one: one.start)))
        return line


_KINDS = ("plain", "password", "cram-md5", "xoauth2")


def _is_word(raw: bytes) -> bool:
    return raw.strip().upper() in (b"DONE", b"*", b"NOOP", b"LOGOUT", b"CAPABILITY", b"QUIT", b"HELP")


def _unquoted(raw: bytes) -> bytes:
    if len(raw) >= 2 and raw[:1] == raw[-1:] == b'"':
        return re.sub(rb"\\(.)", rb"\1", raw[1:-1], flags=re.DOTALL)
    return raw


def _decoded(raw: bytes) -> bytes | None:
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return None


def _parts(mechanism: str, plain: bytes | None, said: bytes) -> tuple[str, bytes]:
    """Who signs in, and the bytes worth comparing: the password where it stands in the answer."""
    if plain is None:
        return "", said
    if mechanism == "PLAIN" and plain.count(b"\0") >= 2:
        _, user, password = plain.split(b"\0", 2)
        return readable(user), password
    if mechanism == "LOGIN":
        return "", plain
    if mechanism == "CRAM-MD5" and b" " in plain:
        user, digest = plain.rsplit(b" ", 1)
        return readable(user), digest
    found = re.search(rb"(?:user|a)=([^\x01,]*)", plain) if mechanism in ("XOAUTH2", "OAUTHBEARER") else None
    return (readable(found[1]), plain) if found else ("", plain)

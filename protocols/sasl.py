"""Logging in with SASL (RFC 4422) as SMTP, POP3 and IMAP share it: which bytes of an exchange are secret.

Knowledge only. A guard tells an Exchange every client line while it runs; it answers what to hide.
When in doubt it hides.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from protocols.line import Hidden, Line

MECHANISMS = frozenset(
    {
        "ANONYMOUS", "CRAM-MD5", "DIGEST-MD5", "EXTERNAL", "GS2-KRB5", "GSSAPI", "KERBEROS_V4", "LOGIN", "NTLM",
        "OAUTHBEARER", "OTP", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-512", "XOAUTH2",
    }
)  # fmt: skip
RESPONSES = {
    "PLAIN": 1,
    "LOGIN": 2,
    "CRAM-MD5": 1,
    "XOAUTH2": 1,
    "OAUTHBEARER": 1,
    "EXTERNAL": 1,
    "ANONYMOUS": 1,
}
"""How many client lines a mechanism needs; unlisted ones may need any number."""


@dataclass(frozen=True, slots=True)
class Said:
    """What stood in a client's response: its kind, the user name, the secret's bytes; empty if none is secret."""

    kind: str
    user: str = ""
    secret: bytes = b""


def decoded(raw: bytes) -> bytes | None:
    """Base64 (RFC 4648 section 4) to bytes, or None where it is not valid."""
    try:
        return base64.b64decode(raw.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def readable(raw: bytes | None) -> str:
    """``raw`` as printable text, or "" where it is none."""
    try:
        text = (raw or b"").decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""


class Exchange:
    """One login attempt: fed what the client says and what the server asks, it knows what to hide."""

    def __init__(self, mechanism: str) -> None:
        self.mechanism = mechanism.upper()
        self._said = 0
        self._prompt = b""
        self._user = ""

    @property
    def complete(self) -> bool:
        """Whether the client has said all that the mechanism needs."""
        return self._said >= RESPONSES.get(self.mechanism, 1 << 30)

    def challenge(self, raw: bytes) -> None:
        """Note what the server asks (base64)."""
        self._prompt = decoded(raw) or b""

    def response(self, raw: bytes) -> Said | None:
        """Return what of the response ``raw`` is secret, or None where it may be shown."""
        first, self._said = self._said == 0, self._said + 1
        if raw.strip() in (b"", b"=", b"*"):
            return None
        text = decoded(raw)
        if self.mechanism == "LOGIN":
            return self._login(raw, text, first and b"pass" not in self._prompt.lower())
        return _said(self.mechanism, raw, text)

    def _login(self, raw: bytes, text: bytes | None, is_user: bool) -> Said | None:
        if is_user and readable(text):
            self._user = readable(text)
            return None
        return Said("password", self._user, text if text is not None else raw.strip())


def _said(mechanism: str, raw: bytes, text: bytes | None) -> Said:
    if text is None:
        return Said("response", secret=raw.strip())
    if mechanism == "PLAIN":
        parts = text.split(b"\0")
        if len(parts) >= 3:
            return Said("plain", readable(parts[1]), b"\0".join(parts[2:]))
        return Said("plain", secret=text)
    if mechanism == "CRAM-MD5" and b" " in text:
        user, _, digest = text.rpartition(b" ")
        return Said("cram-md5", readable(user), digest)
    if mechanism in ("XOAUTH2", "OAUTHBEARER"):
        found = re.search(rb"(?:user|a)=([^\x01,]*)", text)
        token = re.search(rb"auth=([^\x01]*)", text)
        return Said("xoauth2", readable(found[1]) if found else "", token[1] if token else text)
    return Said("response", secret=text)


class Veil:
    """Cuts secrets out of lines, and out of what later lines repeat of them (servers echo what they refuse)."""

    SHORTEST = 4
    """Bytes of the shortest secret that is looked for in later lines; shorter ones are part of any word."""

    MOST = 500
    """Secrets that are looked for; beyond them a server's cookies are hidden where they stand, and not remembered."""

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._fingerprint = fingerprint
        self._known: dict[bytes, Said] = {}

    def cut(
        self, line: Line, start: int, said: Said, end: int | None = None, *, remember: bool = True
    ) -> Line:
        """Take everything from ``start`` (to ``end``) out of ``line``; ``remember`` it for ``echoes``."""
        end = len(line.raw) if end is None else end
        secret = line.raw[start:end]
        if not secret.strip():
            return line
        for form in (secret.strip(), said.secret):
            full = len(self._known) >= self.MOST and said.kind == "cookie"
            if remember and not full and len(form) >= self.SHORTEST:
                self._known[form] = said
        mark = self._fingerprint(said.secret or secret)
        span = Hidden(start, len(secret), said.kind, said.user, mark)
        moved = (_moved(one, start, len(secret)) for one in line.hidden)
        hidden = tuple(sorted((*moved, span), key=lambda one: one.start))
        return replace(line, raw=line.raw[:start] + line.raw[end:], hidden=hidden)

    def echoes(self, line: Line, start: int = 0) -> Line:
        """Take every secret known so far out of ``line`` from offset ``start`` on."""
        for form in sorted(self._known, key=len, reverse=True):
            at = line.raw.find(form, start)
            while at >= 0:
                said = self._known[form]
                moved = tuple(_moved(span, at, len(form)) for span in line.hidden)
                span = Hidden(at, len(form), said.kind, said.user, self._fingerprint(said.secret or form))
                raw = line.raw[:at] + line.raw[at + len(form) :]
                hidden = tuple(sorted((*moved, span), key=lambda one: one.start))
                line = replace(line, raw=raw, hidden=hidden)
                at = line.raw.find(form, at)
        return line


def _moved(span: Hidden, at: int, length: int) -> Hidden:
    return replace(span, start=span.start - length) if span.start > at else span

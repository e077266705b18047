"""SMTP's lines: commands, replies, and the framing that tells a letter's body from both (RFC 5321)."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from protocols.line import MAX_BODY, Line, LineSplitter, Speaker, morsels

_REPLY = re.compile(rb"^([2-5][0-9]{2})([ -]?)(.*)$", re.DOTALL)
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?: +|$)")
_PATH = re.compile(r"^(FROM|TO):\s*(<[^>]*>|\S+)\s*(.*)$", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A client's line: ``verb`` in capitals, ``argument`` the rest as it stands.

    For MAIL and RCPT ``path`` is the address without angle brackets (None where there is no path) and
    ``parameters`` what follows it (RFC 5321 4.1.2).
    """

    verb: str
    argument: str = ""
    path: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """One line of a reply: ``code`` 200-599, ``last`` False where more lines follow (RFC 5321 4.2).

    ``enhanced`` is the status code of RFC 2034 (``5.1.1``) or empty; ``text`` what follows it.
    """

    code: int
    text: str
    last: bool = True
    enhanced: str = ""


def parse_command(raw: bytes) -> Command:
    """Read a client's line (without its ending); an unknown verb is still a Command."""
    text = _text(raw)
    verb, _, argument = text.strip().partition(" ")
    verb, argument = verb.upper(), argument.strip()
    if verb in ("MAIL", "RCPT") and (match := _PATH.match(argument)):
        return Command(verb, argument, match[2].strip("<>"), _parameters(match[3]))
    return Command(verb, argument)


def parse_reply(raw: bytes) -> Reply | None:
    """Read one line of a server's reply (without its ending); None where it is none."""
    match = _REPLY.match(raw)
    if not match:
        return None
    text = _text(match[3])
    enhanced = _ENHANCED.match(text)
    # Without a separator there may only be nothing: "250" alone is a whole reply, "2501" is none.
    if not match[2] and text:
        return None
    if not enhanced:
        return Reply(int(match[1]), text, match[2] != b"-")
    return Reply(int(match[1]), text[enhanced.end() :], match[2] != b"-", enhanced[1])


class Framer:
    """Bytes of both speakers in, Lines out; the content after 354 and a BDAT chunk are one body each.

    The verbs of commands wait in a queue for their replies, so a pipelined DATA (RFC 2920) is followed too.
    """

    def __init__(self) -> None:
        self._lines = {"C": LineSplitter(), "S": LineSplitter()}
        self._waiting: deque[str] = deque(maxlen=1000)
        self._body: _Body | None = None
        self._chunk = 0
        self._greeted = False

    def feed(self, speaker: Speaker, raw: bytes) -> list[Line]:
        """Take bytes of ``speaker``; return the lines and bodies they completed."""
        if speaker == "S":
            return [self._reply(*parts) for parts in self._lines["S"].feed(raw)]
        lines: list[Line] = []
        for piece in morsels(raw):
            while piece:
                piece = self._client(piece, lines)
        return lines

    def close(self) -> list[Line]:
        """Return what was begun and never ended."""
        lines = []
        if self._body and self._body.size:
            lines.append(self._body.line(end=b""))
            self._body = None
        for speaker in ("C", "S"):
            if rest := self._lines[speaker].flush():
                lines.append(_line(speaker, *rest))
        return lines

    def _client(self, raw: bytes, lines: list[Line]) -> bytes:
        if self._chunk:
            part, raw = raw[: self._chunk], raw[self._chunk :]
            self._chunk -= len(part)
            body = self._body = self._body or _Body()
            body.add(part)
            if not self._chunk:
                lines.append(body.line(end=b""))
                self._body = None
            return raw
        parts, raw = self._lines["C"].feed_line(raw)
        if parts is None:
            return raw
        if self._body is None:
            lines.append(self._command(*parts))
        elif parts[0] == b"." and parts[2] <= 3:
            if self._body.size:
                lines.append(self._body.line())
            self._body = None
            lines.append(_line("C", *parts))
            self._waiting.append(".")
        else:
            self._body.add(parts[0] + parts[1], parts[2])
        return raw

    def _command(self, raw: bytes, end: bytes, size: int) -> Line:
        if self._waiting and self._waiting[-1] == "AUTH":
            # An answer to 334, no command; what was asked for is still under way.
            return _line("C", raw, end, size)
        command = parse_command(raw[:2048])
        self._waiting.append(command.verb)
        if command.verb == "BDAT" and command.argument.split(" ")[0].isdigit():
            self._chunk = int(command.argument.split(" ")[0])
        return _line("C", raw, end, size)

    def _reply(self, raw: bytes, end: bytes, size: int) -> Line:
        reply = parse_reply(raw[:2048])
        if reply and reply.last and not self._greeted:
            self._greeted = True
        elif reply and reply.last and self._waiting and reply.code != 334:
            verb = self._waiting.popleft()
            if verb == "DATA" and reply.code == 354:
                self._body = _Body()
        return _line("S", raw, end, size)


class _Body:
    """What a letter's content leaves: its first MAX_BODY bytes and the count of all."""

    def __init__(self) -> None:
        self.kept, self.size = bytearray(), 0

    def add(self, raw: bytes, size: int = 0) -> None:
        self.size += size or len(raw)
        self.kept += raw[: max(0, MAX_BODY - len(self.kept))]

    def line(self, end: bytes = b"\r\n") -> Line:
        raw = bytes(self.kept)
        ending = end if end and raw.endswith(end) and len(raw) == self.size else b""
        return Line("C", raw[: len(raw) - len(ending)], "body", ending, self.size)


def _line(speaker: str, raw: bytes, end: bytes, size: int) -> Line:
    # Text is UTF-8 (RFC 6531) or, from an odd program, Latin-1; control bytes are no SMTP at all.
    odd = sum(byte < 32 and byte not in b"\t\r" for byte in raw[:512])
    who: Speaker = "C" if speaker == "C" else "S"
    return Line(who, raw, "binary" if odd else "text", end, size)


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (word.partition("=") for word in text.split())
    return tuple((key.upper(), value) for key, _, value in pairs)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")

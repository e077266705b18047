"""POP3's lines (RFC 1939 section 3, RFC 2449, RFC 5034) and the framing that folds a letter to one body."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from protocols.line import MAX_BODY, Line, LineSplitter, Speaker, kind_of

_REPLY = re.compile(r"(\+OK|-ERR|\+)(?:[ \t]+(.*)|$)", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(r"(\[[A-Z0-9/-]+\])\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """A client's line: ``verb`` in capitals, ``argument`` the rest as it stands."""

    verb: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply's first line: ``status`` is ``+OK``, ``-ERR`` or ``+``; ``code`` RFC 2449's ``[IN-USE]`` or empty."""

    status: str
    text: str = ""
    code: str = ""


def parse_command(raw: bytes) -> Command:
    """Read a client's line (without its ending); an unknown verb is still a Command."""
    verb, _, argument = _text(raw).strip().partition(" ")
    return Command(verb.upper(), argument.strip())


def parse_reply(raw: bytes) -> Reply | None:
    """Read the first line of a server's reply (without its ending); None where it is none."""
    found = _REPLY.fullmatch(_text(raw))
    if not found:
        return None
    status, text = found[1].upper(), found[2] or ""
    code = _CODE.match(text) if status != "+" else None
    return Reply(status, text[code.end() :], code[1].upper()) if code else Reply(status, text)


def many_lines(command: Command) -> bool:
    """Whether ``+OK`` to this command is followed by lines up to a lone dot."""
    if command.verb in ("LIST", "UIDL", "LANG"):
        return not command.argument
    return command.verb in ("RETR", "TOP", "CAPA") or (command.verb == "AUTH" and not command.argument)


class Framer:
    """Bytes of both speakers in, Lines out; what RETR and TOP bring is one body, its lone dot a line.

    Commands wait in a queue for their replies, so pipelining (RFC 2449 6.6) is followed too.
    """

    def __init__(self) -> None:
        self._lines = {"C": LineSplitter(), "S": LineSplitter()}
        self._waiting: deque[Command] = deque(maxlen=1000)
        self._greeted = False
        self._many = False
        self._body: bytearray | None = None
        self._size = 0

    def feed(self, speaker: Speaker, raw: bytes) -> list[Line]:
        """Take bytes of ``speaker``; return the lines and bodies they completed."""
        lines: list[Line] = []
        for parts in self._lines["S" if speaker == "S" else "C"].feed(raw):
            if speaker == "S":
                self._server(parts, lines)
            else:
                self._client(parts[0])
                lines.append(_line("C", *parts))
        return lines

    def close(self) -> list[Line]:
        """Return what was begun and never ended."""
        rest = {speaker: splitter.flush() for speaker, splitter in self._lines.items()}
        if self._body is not None and rest["S"]:
            self._add(*rest.pop("S"))  # type: ignore[misc]
        lines = [self._fold()] if self._body is not None and self._size else []
        self._body = None
        for speaker, parts in rest.items():
            if parts:
                lines.append(_line("S" if speaker == "S" else "C", *parts))
        return lines

    def _client(self, raw: bytes) -> None:
        under_way = self._waiting and self._waiting[-1].verb == "AUTH" and self._waiting[-1].argument
        # The answers to "+ " are no commands; what AUTH asked for is still under way.
        if not under_way:
            self._waiting.append(parse_command(raw[:512]))

    def _server(self, parts: tuple[bytes, bytes, int], lines: list[Line]) -> None:
        raw = parts[0]
        if self._body is not None and not (raw == b"." and parts[2] <= 3):
            self._add(*parts)
            return
        if self._body is not None:
            if self._size:
                lines.append(self._fold())
            self._body, self._many = None, False
        elif self._many:
            self._many = raw != b"."
        else:
            self._reply(raw)
        lines.append(_line("S", *parts))

    def _reply(self, raw: bytes) -> None:
        reply = parse_reply(raw[:2048])
        if reply is None or reply.status == "+":
            return
        if not self._greeted:
            self._greeted = True
            return
        command = self._waiting.popleft() if self._waiting else Command("")
        if reply.status != "+OK" or not many_lines(command):
            return
        if command.verb in ("RETR", "TOP"):
            self._body, self._size = bytearray(), 0
        else:
            self._many = True

    def _add(self, raw: bytes, end: bytes, size: int) -> None:
        self._size += size
        if self._body is not None:
            self._body += (raw + end)[: max(0, MAX_BODY - len(self._body))]

    def _fold(self) -> Line:
        raw = bytes(self._body or b"")
        end = b"\r\n" if raw.endswith(b"\r\n") else b"\n" if raw.endswith(b"\n") else b""
        end = end if len(raw) == self._size else b""
        return Line("S", raw[: len(raw) - len(end)], "body", end, self._size)


def _line(speaker: Speaker, raw: bytes, end: bytes, size: int) -> Line:
    return Line(speaker, raw, kind_of(raw), end, size)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")

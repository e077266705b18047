"""FTP's lines on the control connection: commands, replies of one line and of many (RFC 959, sections 4 and 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.errors import Garbled
from protocols.line import Line, LineSplitter, Speaker, kind_of

_REPLY = re.compile(rb"([1-6][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_VERB = re.compile(r"[A-Za-z+]{3,8}")

_TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].?|[\xf0-\xfa])", re.DOTALL)
"""Telnet's commands among the text: IAC IP IAC DM come before ABOR (RFC 959 4.1.3), IAC DO x from a bare telnet."""


@dataclass(frozen=True, slots=True)
class Command:
    """A client's line: ``verb`` in capitals, ``argument`` all that follows its one space, as it stands."""

    verb: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A line that begins with a reply code (100-699); ``last`` False where it opens a reply of many lines."""

    code: int
    text: str
    last: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole reply: its code and the text of each of its lines, without the code where one stood there."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The last line's text, which is the only one of most replies."""
        return self.lines[-1]


def parse_command(raw: bytes) -> Command:
    """Read a client's line (without its ending); an unknown verb is still a Command."""
    verb, _, argument = text_of(without_telnet(raw)).lstrip(" \t\0").partition(" ")
    return Command(verb.rstrip("\r\t\0").upper(), argument.rstrip("\r\0"))


def parse_reply(raw: bytes) -> Reply | None:
    """Read one line of a server's (without its ending); None where no code stands first.

    Inside a reply of many lines such a line may be mere text: ``Answers`` knows (RFC 959 4.2).
    """
    found = _REPLY.fullmatch(raw)
    return Reply(int(found[1]), text_of(found[3] or b""), found[2] != b"-") if found else None


class Answers:
    """Lines of a server put together to whole replies: ``123-`` opens one, only ``123 `` ends it (RFC 959 4.2)."""

    def __init__(self) -> None:
        self._code = 0
        self._lines: list[str] = []

    @property
    def open(self) -> int:
        """The code of a reply that has begun and not ended, else 0."""
        return self._code

    def feed(self, raw: bytes) -> Answer | None:
        """Take a line (without its ending); return the reply that it ends. Garbled where it can be part of none."""
        reply = parse_reply(raw)
        if not self._code and reply is None:
            raise Garbled("a reply begins with three digits", cause="no-ftp")
        ours = reply is not None and (not self._code or reply.code == self._code)
        self._lines.append(reply.text if reply and ours else text_of(raw))
        if not reply or not ours or not reply.last:
            self._code = self._code or (reply.code if reply else 0)
            return None
        answer = Answer(reply.code, tuple(self._lines))
        self._code, self._lines = 0, []
        return answer


def command_line(verb: str, argument: str | bytes = "") -> bytes:
    """Return a command as it is said, in UTF-8 (RFC 2640), bytes as they are.

    Garbled(cause="line-break") where CR, LF or NUL stand in it: what follows would be a command of its own.
    """
    said = argument if isinstance(argument, bytes) else argument.encode("utf-8", "surrogateescape")
    raw = verb.encode() + (b" " + said if said else b"")
    if any(sign in raw for sign in (b"\r", b"\n", b"\0")):
        raise Garbled("a command cannot hold a line break or NUL", cause="line-break")
    return raw + b"\r\n"


class Framer:
    """Bytes of both speakers in, lines out. Files never pass here: they have connections of their own."""

    def __init__(self) -> None:
        self._lines = {"C": LineSplitter(), "S": LineSplitter()}

    def feed(self, speaker: Speaker, raw: bytes) -> list[Line]:
        """Take bytes of ``speaker``; return the lines they completed."""
        who: Speaker = "S" if speaker == "S" else "C"
        return [_line(who, *parts) for parts in self._lines[who].feed(raw)]

    def close(self) -> list[Line]:
        """Return what was begun and never ended."""
        rest: list[tuple[Speaker, tuple[bytes, bytes, int] | None]] = [
            ("C", self._lines["C"].flush()),
            ("S", self._lines["S"].flush()),
        ]
        return [_line(speaker, *parts) for speaker, parts in rest if parts]


def without_telnet(raw: bytes) -> bytes:
    """``raw`` without Telnet's own commands; IAC IAC is the byte 255 (RFC 854)."""
    return _TELNET.sub(b"", raw).replace(b"\xff\xff", b"\xff") if b"\xff" in raw else raw


def looks_like_verb(word: str) -> bool:
    """Whether ``word`` has the form of a command's name (RFC 959 5.3.1: three or four letters; later ones more)."""
    return bool(_VERB.fullmatch(word))


def text_of(raw: bytes) -> str:
    """``raw`` as text: UTF-8 (RFC 2640) where it is valid, Latin-1 where it is not."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _line(speaker: Speaker, raw: bytes, end: bytes, size: int) -> Line:
    return Line(speaker, raw, kind_of(without_telnet(raw)), end, size)

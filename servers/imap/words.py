"""What the commands are about, as values: errors that become replies, number sets, sections, names."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from collections.abc import Sequence as Listing
from dataclasses import dataclass

from protocols.imap import syntax

ATOM = re.compile(rb"[^\x00-\x20(){%*\"\\\]\x7f-\xff]+")


class Bad(Exception):
    """The command is not IMAP, or not allowed now: answered ``BAD`` with what was expected."""


class No(Exception):
    """The command was understood and cannot be done: answered ``NO``. ``code`` is its response code."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Section:
    """``BODY[path.text (names)]<partial>``."""

    path: tuple[int, ...]
    text: str
    names: tuple[str, ...]
    partial: tuple[int, int] | None
    peek: bool
    label: bytes = b""

    @property
    def header_only(self) -> bool:
        """Whether the message's header is enough to answer."""
        return not self.path and self.text.startswith("HEADER")

    def name(self) -> bytes:
        """How the reply names it."""
        if self.label:
            return self.label
        words = ".".join([*map(str, self.path), *([self.text] if self.text else [])]).encode()
        if self.names:
            words += b" (" + b" ".join(astring(name.encode("latin-1")) for name in self.names) + b")"
        origin = b"<%d>" % self.partial[0] if self.partial else b""
        return b"BODY[" + words + b"]" + origin


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence set; None stands for ``*``."""

    ranges: tuple[tuple[int | None, int | None], ...]

    def numbers(self, last: int) -> list[tuple[int, int]]:
        """The ranges as numbers, ``*`` being ``last``, ascending and without overlaps."""
        pairs = sorted(sorted(last if end is None else end for end in ends) for ends in self.ranges)
        found: list[tuple[int, int]] = []
        for low, high in pairs:
            if found and low <= found[-1][1] + 1:
                found[-1] = found[-1][0], max(high, found[-1][1])
            else:
                found.append((low, high))
        return found


def astring(raw: bytes) -> bytes:
    """Bytes as an atom, a quoted string or a literal, whichever fits first."""
    if ATOM.fullmatch(raw) and raw.upper() != b"NIL":
        return raw
    if raw.isascii() and not any(sign in raw for sign in (b"\r", b"\n", b"\0")):
        return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return b"{%d}\r\n%b" % (len(raw), raw)


def mailbox(name: str) -> bytes:
    """A mailbox's name as the wire has it."""
    return b"INBOX" if name == "INBOX" else _quoted(syntax.encode_name(name))


def _quoted(raw: bytes) -> bytes:
    return raw if ATOM.fullmatch(raw) and raw.upper() != b"NIL" else astring(raw)


def number_set(numbers: Listing[int]) -> str:
    """Numbers as ``1:3,7``, in the order given; only ascending runs are joined."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] + 1 == number:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def decode_name(raw: bytes) -> str:
    """Modified UTF-7 (or, as many clients send it, plain UTF-8) to text; No when it is neither."""
    name = syntax.decode_name(raw)
    if any("\ud800" <= sign <= "\udfff" for sign in name):
        text = "a mailbox name is written in modified UTF-7 (RFC 3501, 5.1.3), like Th&AbA-"
        raise No(text, "CANNOT")
    return name


EVERY_STATE = ("not signed in", "signed in", "selected")
SIGNED_IN = ("signed in", "selected")
SELECTED = ("selected",)


@dataclass(frozen=True, slots=True)
class Command:
    """How a command is carried out.

    ``run(session, request)`` answers the tagged OK's text, or raises Bad or No.
    """

    run: Callable[..., Awaitable[str]]
    states: tuple[str, ...] = SIGNED_IN
    arguments: bool = True

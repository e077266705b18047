"""The words of IMAP lines: atoms, strings, lists, literals, sequence sets, mailbox names (RFC 3501 9)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from protocols.errors import Garbled

LITERAL = re.compile(rb"~?\{([0-9]{1,20})(\+?)\}$")
"""A literal announced at a line's end; ``+`` where the client does not wait (RFC 7888)."""

# A section such as BODY[HEADER.FIELDS (FROM TO)]<0> is one word, though it holds spaces and parentheses.
_ATOM = re.compile(rb"(?:[^\s()\[\]\"{]|\[[^\]]{0,1000}\])+")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SET = re.compile(
    r"(?:[1-9][0-9]*|\*)(?::(?:[1-9][0-9]*|\*))?(?:,(?:[1-9][0-9]*|\*)(?::(?:[1-9][0-9]*|\*))?)*"
)
_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Atom:
    """A bare word; NIL is one of them."""

    raw: bytes

    @property
    def text(self) -> str:
        return readable(self.raw)


@dataclass(frozen=True, slots=True)
class String:
    """A quoted string, its quotes and backslashes undone."""

    raw: bytes

    @property
    def text(self) -> str:
        return readable(self.raw)


@dataclass(frozen=True, slots=True)
class Literal:
    """The announcement of ``size`` bytes that follow after the line's end."""

    size: int
    waits: bool = True

    @property
    def text(self) -> str:
        return f"{{{self.size}}}"


Token = Atom | String | Literal | tuple["Token", ...]


def readable(raw: bytes) -> str:
    """Bytes as text for people: UTF-8 where valid, Latin-1 where not."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def tokens(raw: bytes) -> tuple[Token, ...]:
    """Take a line apart into words and (nested) lists.

    Total: a list that is not closed ends with the line, for a literal may cut it; a string that is not closed is
    one word to the line's end; a sign that fits nowhere is a word of its own; lists deeper than 64 are flattened.
    """
    stack: list[list[Token]] = [[]]
    at = 0
    while at < len(raw):
        sign = raw[at : at + 1]
        if sign == b"(" and len(stack) < _DEPTH:
            stack.append([])
        elif sign == b")" and len(stack) > 1:
            done = tuple(stack.pop())
            stack[-1].append(done)
        elif not sign.isspace():
            token, at = _word(raw, at)
            stack[-1].append(token)
            continue
        at += 1
    while len(stack) > 1:
        rest = tuple(stack.pop())
        stack[-1].append(rest)
    return tuple(stack[0])


def _word(raw: bytes, at: int) -> tuple[Token, int]:
    if quoted := _QUOTED.match(raw, at):
        return String(re.sub(rb"\\(.)", rb"\1", quoted[1], flags=re.DOTALL)), quoted.end()
    if raw[at : at + 1] == b'"':
        # A string without its end: each later quote would be looked through to the end as well.
        return Atom(raw[at:]), len(raw)
    if literal := LITERAL.match(raw, at):
        return Literal(int(literal[1]), not literal[2]), literal.end()
    if atom := _ATOM.match(raw, at):
        return Atom(atom[0]), atom.end()
    return Atom(raw[at : at + 1]), at + 1


def ranges(text: str) -> tuple[tuple[int | None, int | None], ...]:
    """A sequence set (``1:3,7,*``) as pairs, None for ``*``; Garbled where it is none (RFC 3501 9)."""
    if not _SET.fullmatch(text):
        raise Garbled(f"not a sequence set: {text[:40]}", cause="sequence-set")
    found = []
    for piece in text.split(","):
        low, _, high = piece.partition(":")
        first, last = (None if word == "*" else int(word) for word in (low, high or low))
        found.append((first, last))
    return tuple(found)


def encode_name(name: str) -> bytes:
    """A mailbox name to modified UTF-7 (RFC 3501 5.1.3)."""

    def shift(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        packed = base64.b64encode(found[0].encode("utf-16-be", "surrogatepass"), b"+,")
        return "&" + packed.decode("ascii").rstrip("=") + "-"

    return re.sub(r"&|[^\x20-\x7e]+", shift, name).encode("ascii")


def decode_name(raw: bytes) -> str:
    """Modified UTF-7 (or UTF-8, as many programs send) to text; what is neither is shown as it came."""

    def unshift(found: re.Match[str]) -> str:
        if not found[1]:
            return "&"
        packed = found[1] + "=" * (-len(found[1]) % 4)
        return base64.b64decode(packed, b"+,", validate=True).decode("utf-16-be", "surrogatepass")

    text = readable(raw)
    try:
        return re.sub(r"&([^-&]*)-", unshift, text)
    except (UnicodeError, binascii.Error, ValueError):
        return text

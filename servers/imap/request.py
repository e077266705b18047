"""A client's command taken apart from left to right (RFC 3501, section 9).

Every error says what was expected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from servers.imap.words import Bad, No, Section, Sequence, decode_name

_atom = re.compile(rb"[^\x00-\x20(){%*\"\\\]\x7f-\xff]+")
_astring = re.compile(rb"[^\x00-\x20(){%*\"\\\x7f-\xff]+")
_list = re.compile(rb"[^\x00-\x20(){\"\\\x7f-\xff]+")
_tag = re.compile(rb"[^\x00-\x20(){%*\"\\+\x7f-\xff]+")
_quoted = re.compile(rb'"((?:[^"\\\r\n\0]|\\["\\])*)"')
_number = re.compile(rb"[0-9]{1,19}")
_range = rb"(?:[0-9]{1,10}|\*)(?::(?:[0-9]{1,10}|\*))?"
_sequence = re.compile(_range + rb"(?:," + _range + rb")*")
_item = re.compile(rb"[A-Za-z0-9.]+")
_flag = re.compile(rb"\\?[^\x00-\x20(){%*\"\\\]\x7f-\xff]+")
_date = re.compile(rb'"?([0-9]{1,2}-[A-Za-z]{3}-[0-9]{4})"?')
_partial = re.compile(rb"<([0-9]{1,10})\.([0-9]{1,10})>")
_section = re.compile(
    rb"((?:[0-9]{1,10}(?:\.|(?=\])))*)(HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal's bytes."""

    raw: bytes


class Request:
    """One command as it came: text with literals between (each line's ``{n}`` is taken off already)."""

    def __init__(self, parts: list[bytes | Literal]) -> None:
        self.parts = parts
        self.index = self.at = 0
        self.tag, self.name = "*", ""

    def begin(self) -> None:
        """Read tag and command name; Bad when there are none."""
        self.tag = self._take(_tag, "a tag, as in: a1 NOOP").decode()
        self.space("a command after the tag, as in: a1 NOOP")
        self.name = self._take(_atom, "a command after the tag, as in: a1 NOOP").decode().upper()

    # Signs

    def space(self, before: str = "a space and an argument") -> None:
        """One space."""
        if not self.skip(b" "):
            raise Bad(f"expected {before}, not {self.rest()}")

    def skip(self, sign: bytes) -> bool:
        """Pass over ``sign`` if it is next."""
        if self._text().startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def expect(self, sign: bytes, why: str) -> None:
        """Pass over ``sign``; Bad when something else is there."""
        if not self.skip(sign):
            raise Bad(f"expected {sign.decode()} {why}, not {self.rest()}")

    def peek(self, sign: bytes) -> bool:
        """Whether ``sign`` is next."""
        return self._text().startswith(sign, self.at)

    def end(self) -> None:
        """Nothing may follow."""
        if not self.ended:
            raise Bad(f"{self.name} ends here, but {self.rest()} follows")

    @property
    def ended(self) -> bool:
        """Whether all was read."""
        return self.index == len(self.parts) - 1 and self.at == len(self._text())

    def rest(self) -> str:
        """What comes next, for an error."""
        if self.index < len(self.parts) and isinstance(self.parts[self.index], Literal):
            return "a literal"
        text = self._text()[self.at : self.at + 20]
        return f'"{text.decode("latin-1")}"' if text else "the end of the line"

    # Words

    def atom(self, what: str = "a word") -> str:
        """An atom."""
        return self._take(_atom, what).decode()

    def number(self, what: str = "a number") -> int:
        """A number of up to 63 bits."""
        value = int(self._take(_number, what))
        if value >= 1 << 63:
            raise Bad(f"expected {what} below 2^63, not {value}")
        return value

    def astring(self, what: str = "a string") -> bytes:
        """An atom (``]`` allowed), a quoted string or a literal."""
        found = self._string()
        return self._take(_astring, f'{what} (a word, "quoted", or a literal)') if found is None else found

    def string(self, what: str = "a string") -> bytes:
        """A quoted string or a literal."""
        found = self._string()
        if found is None:
            raise Bad(f'expected {what} ("quoted" or a literal), not {self.rest()}')
        return found

    def nstring(self) -> bytes | None:
        """A string or NIL."""
        found = self._string()
        if found is None and self._take(_atom, "a string or NIL").upper() != b"NIL":
            raise Bad('expected a string ("quoted" or a literal) or NIL')
        return found

    def mailbox(self) -> str:
        """A mailbox name, decoded from modified UTF-7."""
        return decode_name(self.astring("a mailbox name"))

    def pattern(self) -> str:
        """A mailbox name with ``%`` and ``*`` (LIST)."""
        found = self._string()
        raw = self._take(_list, "a mailbox pattern") if found is None else found
        try:
            return decode_name(raw)
        except No:  # no mailbox is called so: it is a pattern that nothing fits
            return raw.decode("latin-1")

    def literal(self) -> bytes:
        """A literal."""
        if self._at_literal():
            return self._literal()
        raise Bad(f"expected a literal, like {{12}} at the end of the line, not {self.rest()}")

    def at_literal(self) -> bool:
        """Whether a literal is next."""
        return self._at_literal()

    def at_number(self) -> bool:
        """Whether a digit is next."""
        return self._text()[self.at : self.at + 1].isdigit()

    def sequence(self) -> Sequence:
        """A sequence set, ``1:3,7,*``."""
        raw = self._take(_sequence, "message numbers, like 1 or 2:4,7 or 1:*")
        ranges = []
        for piece in raw.decode().split(","):
            first, _, last = piece.partition(":")
            low, high = (None if word == "*" else int(word) for word in (first, last or first))
            if low == 0 or high == 0:
                raise Bad("message numbers and UIDs begin at 1")
            ranges.append((low, high))
        return Sequence(tuple(ranges))

    def flags(self) -> list[str]:
        """``(\\Seen keyword)`` or flags without parentheses."""
        if self.skip(b"("):
            found = [] if self.peek(b")") else self._flags()
            self.expect(b")", "after the flags")
            return found
        return self._flags()

    def date(self) -> date:
        """``1-Feb-2026``."""
        text = self._take(_date, "a date like 1-Feb-2026").strip(b'"').decode()
        return self._moment(text, "%d-%b-%Y", "a date like 1-Feb-2026").date()

    def date_time(self) -> float:
        """``"01-Feb-2026 12:00:00 +0100"`` as Unix time."""
        expected = 'a date like "01-Feb-2026 12:00:00 +0100"'
        text = self._take(_quoted, expected)[1:-1].decode("latin-1").strip()
        return self._moment(text, "%d-%b-%Y %H:%M:%S %z", expected).timestamp()

    # FETCH

    def section(self, name: str) -> Section:
        """What follows BODY or BODY.PEEK: ``[1.2.HEADER.FIELDS (A B)]<0.100>``."""
        self.expect(b"[", "after BODY")
        start = self.at
        found = _section.match(self._text(), self.at)
        self.at = found.end()
        text = (found[2] or b"").decode().upper()
        digits = [word for word in found[1].decode().split(".") if word]
        if (digits and found[1].endswith(b".") != bool(text)) or (text == "MIME" and not digits):
            self.at = start
            raise Bad(f"expected a section like 1.2, HEADER or 1.MIME, not {self.rest()}")
        names = self._field_names() if text.startswith("HEADER.FIELDS") else ()
        self.expect(b"]", "after the section")
        path = tuple(min(int(word), 1 << 31) for word in digits)
        return Section(path, text, names, self.partial(), peek=name == "BODY.PEEK")

    def partial(self) -> tuple[int, int] | None:
        """``<offset.count>`` if it is there."""
        found = _partial.match(self._text(), self.at)
        if not found:
            if self.peek(b"<"):
                raise Bad(f"expected <offset.count> like <0.1024>, not {self.rest()}")
            return None
        self.at = found.end()
        if not int(found[2]):
            raise Bad("a partial fetch wants at least 1 byte, like <0.1024>")
        return int(found[1]), int(found[2])

    def item(self) -> str:
        """The name of a FETCH or STATUS item, in capitals."""
        return self._take(_item, "an item like FLAGS or UID").decode().upper()

    def _field_names(self) -> tuple[str, ...]:
        self.space("header names in parentheses")
        self.expect(b"(", "before the header names")
        names = [self.astring("a header name").decode("latin-1")]
        while self.skip(b" "):
            names.append(self.astring("a header name").decode("latin-1"))
        self.expect(b")", "after the header names")
        return tuple(names)

    def _flags(self) -> list[str]:
        found = [self._take(_flag, "a flag like \\Seen").decode()]
        while self.skip(b" "):
            found.append(self._take(_flag, "a flag like \\Seen").decode())
        return found

    def _moment(self, text: str, form: str, expected: str) -> datetime:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            raise Bad(f'expected {expected}, not "{text}"') from None

    def _string(self) -> bytes | None:
        if self._at_literal():
            return self._literal()
        if not self.peek(b'"'):
            return None
        raw = self._take(_quoted, 'a closing " (and in a quoted string only \\" and \\\\ after a backslash)')
        return raw[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\") if b"\\" in raw else raw[1:-1]

    def _at_literal(self) -> bool:
        if self.at == len(self._text()) and self.index + 1 < len(self.parts):
            return isinstance(self.parts[self.index + 1], Literal)
        return False

    def _literal(self) -> bytes:
        literal = self.parts[self.index + 1]
        self.index, self.at = self.index + 2, 0
        return literal.raw

    def _text(self) -> bytes:
        part = self.parts[self.index]
        return part if isinstance(part, bytes) else b""

    def _take(self, form: re.Pattern[bytes], what: str) -> bytes:
        found = form.match(self._text(), self.at)
        if not found:
            raise Bad(f"expected {what}, not {self.rest()}")
        self.at = found.end()
        return found[0]

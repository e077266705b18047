"""SEARCH: keys into a question that is put to each message (RFC 3501, 6.4.4).

A key costs nothing (flags, numbers, dates, sizes), or a look at the header, or the whole message; the cheap
ones are
asked first, so that ``UNSEEN SUBJECT x`` opens only what is unseen.
"""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_tz

from servers.entry import Entry
from servers.folder import Gone
from servers.imap.letter import Letter, text_of
from servers.imap.request import Request
from servers.imap.view import View
from servers.imap.words import Bad, No

FREE, HEAD, WHOLE = 0, 1, 2
DEEPEST = 50
MOST = 500

Question = Callable[[Letter], bool]
FLAGS = {name: f"\\{name.capitalize()}" for name in ("ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN")}
PEOPLE = ("bcc", "cc", "from", "to", "sender", "reply-to")
FIELDS = ("BCC", "CC", "FROM", "SUBJECT", "TO")


@dataclass(frozen=True, slots=True)
class Key:
    """A search key: what it asks, and what the answer costs."""

    ask: Question
    cost: int = FREE


class Reader:
    """Reads the keys of one SEARCH command."""

    def __init__(self, request: Request, view: View) -> None:
        self.request, self.view = request, view
        self.charset: str | None = None
        self.count = 0

    def keys(self) -> Key:
        """``[CHARSET x] key key ...``; No [BADCHARSET] for a charset that is not known."""
        request = self.request
        start = request.at
        if request.peek(b"C") or request.peek(b"c"):
            if request.atom().upper() == "CHARSET":
                request.space("a charset after CHARSET")
                self._charset(request.astring("a charset").decode("latin-1"))
                request.space("a search key")
            else:
                request.at = start
        found = [self._key(0)]
        while request.skip(b" "):
            found.append(self._key(0))
        return every(found)

    def _charset(self, name: str) -> None:
        try:
            b"x".decode(name)
        except (LookupError, ValueError):
            raise No(f"the charset {name} is not known here", "BADCHARSET (UTF-8 US-ASCII)") from None
        self.charset = name

    def _key(self, depth: int) -> Key:
        request = self.request
        self.count += 1
        if self.count > MOST:
            raise Bad(f"a SEARCH takes {MOST} keys at most")
        if depth > DEEPEST:
            raise Bad(f"search keys can be nested {DEEPEST} deep")
        if request.skip(b"("):
            found = [self._key(depth + 1)]
            while request.skip(b" "):
                found.append(self._key(depth + 1))
            request.expect(b")", "after the search keys")
            return every(found)
        if request.peek(b"*") or request.at_number():
            chosen = set(self._chosen(by_uid=False))
            return Key(lambda letter: letter.entry.uid in chosen)
        start = request.at
        name = request.atom("a search key like UNSEEN, FROM or 1:10").upper()
        key = self._flag(name) or self._logic(name, depth) or self._text(name) or self._moment(name)
        if key is None:
            request.at = start
            raise Bad(f"expected a search key like UNSEEN, SUBJECT or SINCE, not {request.rest()}")
        return key

    def _flag(self, name: str) -> Key | None:
        if name == "ALL":
            return Key(lambda letter: True)
        if name in FLAGS:
            return _has(FLAGS[name])
        if name.startswith("UN") and name[2:] in FLAGS:
            return negated(_has(FLAGS[name[2:]]))
        recent = self.view.recent
        if name == "RECENT":
            return Key(lambda letter: letter.entry.uid in recent)
        if name == "OLD":
            return Key(lambda letter: letter.entry.uid not in recent)
        if name == "NEW":
            return Key(lambda letter: letter.entry.uid in recent and "\\Seen" not in letter.entry.flags)
        if name in ("KEYWORD", "UNKEYWORD"):
            self.request.space("a keyword")
            key = _keyword(self.request.atom("a keyword").lower())
            return key if name == "KEYWORD" else negated(key)
        return None

    def _logic(self, name: str, depth: int) -> Key | None:
        if name == "NOT":
            self.request.space("a search key after NOT")
            return negated(self._key(depth + 1))
        if name == "OR":
            self.request.space("two search keys after OR")
            left = self._key(depth + 1)
            self.request.space("a second search key after OR")
            right = self._key(depth + 1)
            first, second = sorted((left, right), key=lambda key: key.cost)
            return Key(lambda letter: first.ask(letter) or second.ask(letter), second.cost)
        if name == "UID":
            self.request.space("UIDs")
            chosen = set(self._chosen(by_uid=True))
            return Key(lambda letter: letter.entry.uid in chosen)
        return None

    def _text(self, name: str) -> Key | None:
        if name in FIELDS:
            return _field(name.lower(), self._string())
        if name == "HEADER":
            self.request.space("a header field's name")
            field = self.request.astring("a header field's name").decode("latin-1").lower().rstrip(":")
            return _field(field, self._string())
        if name == "BODY":
            wanted = self._string()
            return Key(lambda letter: wanted in folded(letter.body_text), WHOLE)
        if name == "TEXT":
            wanted = self._string()
            return Key(
                lambda letter: wanted in folded(letter.header_text) or wanted in folded(letter.body_text),
                WHOLE,
            )
        return None

    def _moment(self, name: str) -> Key | None:
        if name in ("LARGER", "SMALLER"):
            self.request.space("a number of bytes")
            size = self.request.number("a number of bytes")
            if name == "LARGER":
                return Key(lambda letter: letter.entry.size > size)
            return Key(lambda letter: letter.entry.size < size)
        compare = _COMPARE.get(name.removeprefix("SENT"))
        if compare is None:
            return None
        self.request.space("a date like 1-Feb-2026")
        day = self.request.date()
        if name.startswith("SENT"):
            return Key(lambda letter: (sent := _sent(letter)) is not None and compare(sent, day), HEAD)
        return Key(lambda letter: compare(_arrived(letter.entry), day))

    def _string(self) -> str:
        self.request.space("a string to look for")
        raw = self.request.astring("a string to look for")
        if self.charset:
            try:
                return folded(raw.decode(self.charset))
            except UnicodeError:
                raise No(f"the string is not {self.charset}", "BADCHARSET (UTF-8 US-ASCII)") from None
        return folded(text_of(raw, None))

    def _chosen(self, by_uid: bool) -> list[int]:
        return self.view.chosen(self.request.sequence(), by_uid)


def matches(view: View, uids: Iterable[int], key: Key) -> list[int]:
    """The UIDs among ``uids`` that the key fits; messages that vanish meanwhile fit nothing."""
    found = []
    for uid in uids:
        entry = view.folder.entry(uid)
        with contextlib.suppress(Gone):
            if entry is not None and key.ask(Letter(view.folder, entry)):
                found.append(uid)
    return found


def every(keys: list[Key]) -> Key:
    """All of them, the cheap ones first."""
    if len(keys) == 1:
        return keys[0]
    ordered = sorted(keys, key=lambda key: key.cost)
    return Key(lambda letter: all(key.ask(letter) for key in ordered), ordered[-1].cost)


def negated(key: Key) -> Key:
    """The opposite."""
    return Key(lambda letter: not key.ask(letter), key.cost)


def folded(text: str) -> str:
    """Text for comparing without regard to case (RFC 3501: substring matches are case-insensitive)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).casefold()


def _has(flag: str) -> Key:
    return Key(lambda letter: flag in letter.entry.flags)


def _keyword(keyword: str) -> Key:
    return Key(lambda letter: any(flag.lower() == keyword for flag in letter.entry.flags))


def _field(name: str, wanted: str) -> Key:
    if name in PEOPLE:
        return Key(lambda letter: any(wanted in folded(value) for value in letter.people(name)), HEAD)
    return Key(lambda letter: any(wanted in folded(value) for value in letter.fields(name)), HEAD)


def _arrived(entry: Entry) -> date:
    return datetime.fromtimestamp(entry.internaldate, UTC).date()


def _sent(letter: Letter) -> date | None:
    """The day that the Date field says, without regard to its time zone (RFC 3501.

    "disregarding time and timezone").
    """
    for value in letter.head.every("date")[:1]:
        try:
            found = parsedate_tz(value)
            return date(*found[:3]) if found else None
        except (ValueError, TypeError, IndexError):
            return None
    return None


_COMPARE: dict[str, Callable[[date, date], bool]] = {
    "BEFORE": lambda moment, day: moment < day,
    "ON": lambda moment, day: moment == day,
    "SINCE": lambda moment, day: moment >= day,
}

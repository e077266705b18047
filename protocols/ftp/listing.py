"""Listings that come over data connections, line by line: MLSD's facts, LIST as Unix and DOS write it, EPLF.

No RFC says what LIST looks like (RFC 959 4.1.3), so its forms are tried one after the other. A line that has none of
them is returned with ``kind`` empty and its text as it came: shown raw, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from protocols.ftp.grammar import text_of
from protocols.line import LineSplitter

Kind = Literal["file", "dir", "link", "other", "here", "parent", ""]
"""``here`` and ``parent`` are the listed directory itself and the one above; empty: the line was not understood."""

LONGEST = 8192
"""Bytes of a listing's line that are kept: a path of 4,096 and its facts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing. ``name`` is for people, ``raw_name`` what the server wants to hear again.

    ``size`` is in bytes, None where it was not told. ``modified`` is in UTC; ``exact`` is False where it is as LIST
    tells it: in the server's own zone, to the minute or the day. ``mode`` is ``rwxr-xr-x`` or empty, ``perm`` MLSD's
    letters, ``target`` where a link leads, ``facts`` all that MLSD said (names in small letters).
    """

    name: str
    raw_name: bytes
    kind: Kind = ""
    size: int | None = None
    modified: datetime | None = None
    exact: bool = False
    mode: str = ""
    perm: str = ""
    owner: str = ""
    group: str = ""
    target: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether the name may be said in a command: one level, no control character, not ``.`` or ``..``."""
        if not self.kind or self.raw_name in (b"", b".", b".."):
            return False
        return not any(byte < 32 or byte in (47, 127) for byte in self.raw_name)  # 47 parts levels: a slash


class Listing:
    """Bytes of a data connection in, entries out, in whatever pieces they come. ``how`` is MLSD, LIST or NLST."""

    def __init__(self, how: str = "LIST", now: datetime | None = None) -> None:
        self._how, self._now = how.upper(), now
        self._lines = LineSplitter(LONGEST)

    def feed(self, raw: bytes) -> list[Entry]:
        """Return the entries that ``raw`` completed."""
        return list(self._entries(line for line, _, _ in self._lines.feed(raw)))

    def close(self) -> list[Entry]:
        """Return what stood in a last line without an ending."""
        rest = self._lines.flush()
        return list(self._entries([rest[0]] if rest else []))

    def _entries(self, lines: Iterable[bytes]) -> Iterator[Entry]:
        for line in lines:
            line = line.rstrip(b"\r")
            if not line.strip() or (self._how == "LIST" and _TOTAL.fullmatch(line)):
                continue
            if self._how == "MLSD":
                yield parse_facts(line)
            elif self._how == "NLST":
                yield parse_name(line)
            else:
                yield parse_list(line, self._now)


def parse_facts(line: bytes) -> Entry:
    """Read a line of MLSD, or MLST's inner line without its leading space (RFC 3659 7.2)."""
    head, blank, name = line.partition(b" ")
    if not blank or (head and not head.endswith(b";")) or (head and b"=" not in head):
        return _raw(line)
    pairs = (fact.partition("=") for fact in text_of(head).split(";") if fact)
    facts = {key.lower(): value for key, _, value in pairs}
    size = facts.get("size", facts.get("sizd", ""))
    modified = parse_time(facts.get("modify", ""))
    return Entry(
        text_of(name),
        name,
        _kind(facts.get("type", "").lower()),
        _number(size),
        modified,
        modified is not None,
        _mode(facts.get("unix.mode", "")),
        facts.get("perm", ""),
        facts.get("unix.ownername", facts.get("unix.owner", facts.get("unix.uid", ""))),
        facts.get("unix.groupname", facts.get("unix.group", facts.get("unix.gid", ""))),
        _link(facts.get("type", "")),
        facts,
    )


def parse_name(line: bytes) -> Entry:
    """Read a line of NLST: a name and nothing else, so what it names is not known. Its path is left out."""
    name = line.rstrip(b"/").rpartition(b"/")[2]
    return Entry(text_of(name), name, "other") if name else _raw(line)


def parse_list(line: bytes, now: datetime | None = None) -> Entry:
    """Read a line of LIST: Unix, NetWare, DOS or EPLF; ``now`` (UTC) tells which year ``Jan 2 12:34`` means."""
    for read in (_unix, _dos, _eplf):
        entry = read(line, now or datetime.now(UTC))
        if entry is not None:
            return entry
    return _raw(line)


def parse_time(text: str) -> datetime | None:
    """Read ``YYYYMMDDhhmmss[.sss]`` in UTC (RFC 3659 2.3); None where it is none.

    A year of five digits that begins with 191 is 2000 and later, as servers wrote it that added 1900 to a tm_year.
    """
    digits = text.partition(".")[0]
    if len(digits) == 15 and digits.startswith("191"):
        digits = f"{1900 + int(digits[2:5])}{digits[5:]}"
    if not re.fullmatch("[0-9]{14}", digits):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


_KINDS: dict[str, Kind] = {"file": "file", "dir": "dir", "cdir": "here", "pdir": "parent"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TOTAL = re.compile(rb"\s*total\s+[0-9]+.*", re.IGNORECASE)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: at for at, name in enumerate(_NAMES, 1)}
_LETTERS: dict[str, Kind] = {"-": "file", "d": "dir", "l": "link"}
_MODE = re.compile(rb"([-dlbcpsDP?])([-rwxsStTlLA]{9})[.+@]?|([-d])\s?\[([-RWCEAFMS ]{1,12})\]")
"""How a Unix line begins, or a NetWare one, which goes on alike."""

_SIZE_DATE_NAME = re.compile(
    rb"(?<![^\s])([0-9]{1,18}(?:,\s{0,8}[0-9]{1,9})?)\s{1,40}"
    rb"([A-Za-z]{3}\s{1,4}[0-9]{1,2}\s{1,4}(?:[0-9]{4}|[0-9]{1,2}:[0-9]{2})"
    rb"|[0-9]{1,2}\.?\s{1,4}[A-Za-z]{3}\s{1,4}(?:[0-9]{4}|[0-9]{1,2}:[0-9]{2})"
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2}\s[0-9]{2}:[0-9]{2}(?::[0-9.]{2,12})?(?:\s[-+][0-9]{4})?) (.+)",
    re.DOTALL,
)
_DOS = re.compile(
    rb"(?P<date>[0-9]{2}[-/][0-9]{2}[-/](?:[0-9]{4}|[0-9]{2})|[0-9]{4}-[0-9]{2}-[0-9]{2})\s+"
    rb"(?P<time>[0-9]{1,2}:[0-9]{2}\s?(?:[AaPp][Mm])?)\s+(?:<(?P<kind>DIR|JUNCTION|SYMLINKD?)>|(?P<size>[0-9,]+))\s+"
    rb"(?P<name>\S.*)",
    re.DOTALL,
)


def _unix(line: bytes, now: datetime) -> Entry | None:
    begun = _MODE.match(line)
    rest = _SIZE_DATE_NAME.search(line, begun.end()) if begun else None
    modified = _when(rest[2].decode(), now) if rest else None
    if begun is None or rest is None or modified is None:
        return None
    letter = (begun[1] or begun[3]).decode().lower()
    name, target = rest[3], b""
    if letter == "l":
        name, _, target = name.partition(b" -> ")
    return Entry(
        text_of(name),
        name,
        _dots(name) or _LETTERS.get(letter, "other"),
        None if b"," in rest[1] else int(rest[1]),  # a device has two numbers there and no size
        modified,
        False,
        (begun[2] or begun[4]).decode(),
        "",
        *_owners(text_of(line[begun.end() : rest.start()]).split()),
        text_of(target),
    )


def _owners(words: list[str]) -> tuple[str, str]:
    """Owner and group, of what stands between mode and size: perhaps a count of links, perhaps no group."""
    if words[:1] and words[0].isdigit():
        words = words[1:]
    return (words[0] if words else "", " ".join(words[1:]))


def _dos(line: bytes, now: datetime) -> Entry | None:
    found = _DOS.fullmatch(line)
    if found is None:
        return None
    date, time = found["date"].decode().replace("/", "-"), found["time"].decode().replace(" ", "").upper()
    day = "%Y-%m-%d" if date[4] == "-" else "%m-%d-%Y" if len(date) == 10 else "%m-%d-%y"
    try:
        modified = datetime.strptime(f"{date} {time}", f"{day} {'%I:%M%p' if time[-1] == 'M' else '%H:%M'}")
    except ValueError:
        return None
    name, size = found["name"], found["size"]
    kinds: dict[bytes | None, Kind] = {None: "file", b"DIR": "dir"}
    kind = _dots(name) or kinds.get(found["kind"], "link")
    whole = int(size.replace(b",", b"") or b"0") if size else None
    return Entry(text_of(name), name, kind, whole, modified.replace(tzinfo=UTC))


def _eplf(line: bytes, now: datetime) -> Entry | None:
    """Easily Parsed LIST Format: ``+i8388621.48594,m825718503,r,s280,<TAB>name`` (D. J. Bernstein)."""
    head, tab, name = line.partition(b"\t")
    if not head.startswith(b"+") or not tab or not name:
        return None
    said = [fact for fact in head[1:].decode("latin-1").split(",") if fact]
    size = next((_number(fact[1:]) for fact in said if fact[0] == "s"), None)
    seconds = next((_number(fact[1:]) for fact in said if fact[0] == "m"), None)
    modified = None if seconds is None else _EPOCH + timedelta(seconds=min(seconds, 10**11))
    kind: Kind = "dir" if "/" in said else "file" if "r" in said else "other"
    return Entry(text_of(name), name, kind, size, modified, modified is not None)


def _when(text: str, now: datetime) -> datetime | None:
    words = text.replace(".", " ", 1).split() if text[:1].isdigit() and "-" not in text else text.split()
    try:
        if "-" in words[0]:
            return datetime.strptime(f"{words[0]} {words[1][:5]}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        month, day = (words[1], words[0]) if words[0].isdigit() else (words[0], words[1])
        number = _MONTHS[month.lower()]
        if ":" not in words[2]:
            return datetime(int(words[2]), number, int(day), tzinfo=UTC)
        hour, minute = map(int, words[2].split(":"))
        return _this_year_or_last(now, number, int(day), hour, minute)
    except (ValueError, KeyError, IndexError):
        return None


def _this_year_or_last(now: datetime, month: int, day: int, hour: int, minute: int) -> datetime:
    """``ls`` leaves the year out for the last six months; a day ahead is a server whose zone is ahead."""
    for year in range(now.year + 1, now.year - 5, -1):
        try:
            then = datetime(year, month, day, hour, minute, tzinfo=UTC)
        except ValueError:  # 29 February
            continue
        if then <= now + timedelta(days=1):
            return then
    raise ValueError("no such day in any of these years")


def _dots(name: bytes) -> Kind:
    if name == b".":
        return "here"
    return "parent" if name == b".." else ""


def _mode(octal: str) -> str:
    if not re.fullmatch("[0-7]{3,7}", octal):
        return ""
    bits = int(octal, 8)
    return "".join(sign if bits >> (8 - at) & 1 else "-" for at, sign in enumerate("rwxrwxrwx"))


def _kind(kind: str) -> Kind:
    return "link" if kind.startswith("os.unix=s") else _KINDS.get(kind, "other")


def _link(kind: str) -> str:
    """``OS.unix=slink:/where`` and ``OS.unix=symlink`` are how servers tell links in MLSD."""
    return kind.partition(":")[2] if kind.lower().startswith("os.unix=s") else ""


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _raw(line: bytes) -> Entry:
    return Entry(text_of(line), line)

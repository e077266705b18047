"""What crosses the wire, as values: the speaker, the line, what was hidden in it; and bytes cut into lines.

Knowledge only: nothing here does I/O. A Framer (one per protocol, in its ``grammar``) turns bytes of both
speakers into Lines; a Guard takes secrets out of them; an Explainer says what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Speaker = Literal["C", "S", "-"]
"""``C`` the client, ``S`` the server, ``-`` the lab itself (connected, TLS, closed)."""

Kind = Literal["text", "body", "binary", "event", "data"]
"""``text`` a protocol line; ``body`` a letter or literal, folded to one Line; ``binary`` bytes that are no
protocol line at all; ``data`` how the bytes of one of FTP's data connections began; ``event`` what happened to
the connection, ``raw`` being JSON of its parameters."""

Origin = Literal["typed", "app", "server", "fault"]
"""Who caused the bytes: a person typing, the app, a program met at the lab servers' door, an injected fault."""

MAX_LINE = 64 * 1024
"""Bytes of one line that are kept; a longer line is cut and says so by ``size``."""

MAX_BODY = 64 * 1024
"""Bytes of one body that are kept; the rest is counted in ``size``."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret that was taken out of ``Line.raw``: it stood at ``start`` (an offset into what is left).

    ``kind`` is one of password, initial-response, response, plain, login, cram-md5, xoauth2; ``length`` its
    bytes on the wire; ``user`` the user name where the secret carried one; ``fingerprint`` a keyed digest, so
    that two secrets can be compared without being known.
    """

    start: int
    length: int
    kind: str
    user: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one folded body, as it crossed the wire.

    ``raw`` has no line ending (that is ``end``: CR LF, LF, or nothing when the line was cut or the connection
    ended in it). ``size`` counts every byte on the wire, ending and hidden or cut ones included. ``at`` is Unix
    time in seconds. ``number`` is given by the writer, from 1.
    """

    speaker: Speaker
    raw: bytes
    kind: Kind = "text"
    end: bytes = b"\r\n"
    size: int = 0
    hidden: tuple[Hidden, ...] = ()
    at: float = 0.0
    number: int = 0
    tls: bool = False
    origin: Origin = "app"

    @property
    def text(self) -> str:
        """``raw`` as text for people: UTF-8 where it is valid, Latin-1 where it is not."""
        try:
            return self.raw.decode("utf-8")
        except UnicodeDecodeError:
            return self.raw.decode("latin-1")

    @property
    def cut(self) -> int:
        """Bytes that crossed the wire but were not kept (0 or more); hidden ones do not count."""
        kept = len(self.raw) + len(self.end) + sum(span.length for span in self.hidden)
        return max(0, self.size - kept)


@dataclass(frozen=True, slots=True)
class Ref:
    """Where it is written: an RFC (or a named document) and a section."""

    rfc: int = 0
    section: str = ""
    url: str = ""
    doc: str = ""


Outcome = Literal["", "done", "go-on", "later", "refused"]
"""What a reply says: done, go on, try later, will not work; empty for what is no reply."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a line means, as a key and parameters; ``catalog.say`` puts it into a language.

    ``known`` is False for a line the explainer knows nothing of. ``badge`` is the part of the line that the
    outcome colours (``250``, ``+OK``, ``NO``). ``details`` are further facts (the digits of a code, an enhanced
    status, a decoded base64 word). ``state`` is the conversation's state after this line, one of the
    explainer's ``STATES``; ``next`` the commands that may come now.
    """

    key: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    refs: tuple[Ref, ...] = ()
    outcome: Outcome = ""
    badge: str = ""
    details: tuple[Note, ...] = ()
    state: str = ""
    next: tuple[str, ...] = ()
    known: bool = True


class Framer(Protocol):
    """Bytes of both speakers in, Lines out, in the order in which they crossed the wire."""

    def feed(self, speaker: Speaker, raw: bytes) -> list[Line]:
        """Take bytes that ``speaker`` sent and return the lines and bodies they completed (unnumbered)."""
        ...

    def close(self) -> list[Line]:
        """Return what was begun and never ended, with ``end`` empty."""
        ...


class Guard(Protocol):
    """Takes secrets out of lines, in order, before anything is stored or shown."""

    def feed(self, line: Line) -> Line: ...


class Explainer(Protocol):
    """Told every guarded line in order, answers each with a Note; its state can be saved and taken up again."""

    STATES: tuple[str, ...]

    def feed(self, line: Line) -> Note: ...

    def state(self) -> dict[str, Any]:
        """The state as JSON-able values, enough to go on from here without the lines before."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None: ...


_CONTROLS = bytes(n for n in range(32) if n not in (9, 13)) + b"\x7f\xff"


def kind_of(raw: bytes) -> Kind:
    """``binary`` for bytes that are no protocol line (controls, Telnet's IAC), else ``text``."""
    return "binary" if raw.translate(None, _CONTROLS) != raw else "text"


MORSEL = 16 * 1024


class LineSplitter:
    """Cut a stream of one speaker's bytes into lines at LF, keeping a CR before it as part of the ending.

    A line longer than ``limit`` bytes keeps its first ``limit`` bytes; the rest is counted. Feeding byte by
    byte gives the same lines as feeding at once.
    """

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._size = 0
        self._last = b""

    @property
    def pending(self) -> int:
        """Bytes of a line that has begun and not ended."""
        return self._size

    def feed(self, raw: bytes) -> list[tuple[bytes, bytes, int]]:
        """Return ``(raw, end, size)`` for each line that ``raw`` completes."""
        lines = []
        for piece in _pieces(raw):
            if piece.endswith(b"\n"):
                lines.append(self._finish(piece))
            else:
                self._take(piece)
        return lines

    def feed_line(self, raw: bytes) -> tuple[tuple[bytes, bytes, int] | None, bytes]:
        """Take at most one line from ``raw``; return it (or None) and the bytes after it."""
        at = raw.find(b"\n")
        if at < 0:
            self._take(raw)
            return None, b""
        return self._finish(raw[: at + 1]), raw[at + 1 :]

    def flush(self) -> tuple[bytes, bytes, int] | None:
        """Return the line that was begun and never ended, or None."""
        if not self._size:
            return None
        line = (bytes(self._kept), b"", self._size)
        self._kept.clear()
        self._size, self._last = 0, b""
        return line

    def _take(self, piece: bytes) -> None:
        self._size += len(piece)
        self._kept += piece[: max(0, self._limit - len(self._kept))]
        self._last = piece[-1:] or self._last

    def _finish(self, piece: bytes) -> tuple[bytes, bytes, int]:
        before = piece[-2:-1] or self._last
        end = b"\r\n" if before == b"\r" else b"\n"
        self._take(piece)
        size = self._size
        kept = bytes(self._kept)
        if len(kept) == size:
            kept = kept[: -len(end)]
        elif len(kept) == size - 1 and end == b"\r\n":
            kept = kept[:-1]
        self._kept.clear()
        self._size, self._last = 0, b""
        return kept, end, size


def morsels(raw: bytes) -> list[bytes]:
    """Cut ``raw`` into pieces of at most 16 KiB, for whoever copies what is left after each line.

    A letter of 30 MiB comes as one event: line by line, the copies of its rest would take the square of its size.
    """
    return [raw[at : at + MORSEL] for at in range(0, len(raw), MORSEL)] if len(raw) > MORSEL else [raw]


def _pieces(raw: bytes) -> list[bytes]:
    parts = raw.split(b"\n")
    whole = [part + b"\n" for part in parts[:-1]]
    return [*whole, parts[-1]] if parts[-1] else whole

"""What each line of an HTTP conversation means, told with the connection's state in mind (RFC 9110, 9112)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from protocols.http import details
from protocols.http.commands import fields, methods
from protocols.http.grammar import (
    Field,
    Head,
    Request,
    Status,
    pairs,
    parse_chunk,
    parse_field,
    parse_request,
    parse_status,
)
from protocols.http.replies import codes, outcome
from protocols.line import Line, Note, Outcome, Ref

NEXT: dict[str, tuple[str, ...]] = {
    "open": ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"),
    "request": ("Host", "User-Agent", "Accept", "Connection", "Content-Length", "Cookie", "Range"),
    "waiting": (),
    "response": (),
    "closing": (),
}
_START = (Ref(9112, "2.1"),)
_REQUEST_LINE = (Ref(9112, "3"),)
_TARGET = (Ref(9112, "3.2"),)
_STATUS_LINE = (Ref(9112, "4"),)
_FIELD_LINE = (Ref(9112, "5"),)
_BODY = (Ref(9112, "6.3"),)
_CHUNKS = (Ref(9112, "7.1"),)
_KEPT = (Ref(9112, "9.3"),)
_CLASSES: dict[int, Outcome] = {1: "go-on", 2: "done", 3: "go-on", 4: "refused", 5: "refused"}


@dataclass(slots=True)
class _Side:
    """How far one speaker is. ``phase``: start, fields, body, chunks, trailers, tunnel."""

    phase: str = "start"
    head: Head = field(default_factory=lambda: Head(True))
    kind: str = ""
    coding: str = ""
    length: int = -1
    asked: list[str] = field(default_factory=list)


class Explainer:
    """Told every guarded line in order; ``state`` and ``restore`` carry it over a block's border."""

    STATES = ("open", "request", "waiting", "response", "closing")

    def __init__(self) -> None:
        self._state = "open"
        self._sides = {"C": _Side(), "S": _Side()}
        self._requests: list[dict[str, Any]] = []
        self._answered = 0

    def state(self) -> dict[str, Any]:
        """Return what has to be known to go on from here."""
        sides = {name: asdict(side) for name, side in self._sides.items()}
        now = {
            "state": self._state,
            "sides": sides,
            "requests": [dict(one) for one in self._requests],
            "answered": self._answered,
        }
        # A copy that no later line changes.
        return dict(json.loads(json.dumps(now)))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        self._state, self._answered = str(state["state"]), int(state["answered"])
        self._requests = [dict(one) for one in state["requests"]]
        for name, values in state["sides"].items():
            self._sides[name] = _Side(**{**values, "head": Head(**values["head"])})

    def feed(self, line: Line) -> Note:
        """Return what ``line`` means, here and now."""
        side = self._sides["S" if line.speaker == "S" else "C"]
        if line.kind == "body":
            note = self._body(line, side)
        elif line.kind == "binary" and (side.phase == "start" or line.speaker == "C"):
            note = Note("http.binary", {"size": line.size}, known=False)
        elif side.phase == "fields":
            note = self._field(line, side) if line.raw or line.hidden else self._head_ends(side)
        elif side.phase == "chunks":
            note = self._chunk(line, side)
        elif side.phase == "trailers":
            note = self._trailer(line, side)
        elif not line.raw.strip():
            note = Note("http.blank", {}, _START)
        else:
            note = self._request(line, side) if line.speaker == "C" else self._status(line, side)
        return replace(note, state=self._state, next=NEXT[self._state])

    def _request(self, line: Line, side: _Side) -> Note:
        request = parse_request(line.raw)
        if request is None:
            return Note("http.request.none", {"text": line.text[:80]}, _REQUEST_LINE, known=False)
        side.head = Head(True, request.version, request.method)
        side.kind, side.coding, side.length, side.asked = "", "", -1, []
        again = bool(self._answered)
        old = request.version == "0.9"
        side.phase, self._state = ("start", "waiting") if old else ("fields", "request")
        self._requests.append({"method": request.method, "conditions": [], "version": request.version})
        del self._requests[:-1000]
        entry = methods().get(request.method)
        params: dict[str, str | int] = {
            "method": request.method,
            "target": request.target[:300],
            "version": request.version,
        }
        told = [Note(f"http.methods.{request.method}", {}, entry.refs)] if entry else []
        told += [*_target(request), Note(f"http.version.{request.version}")] if _version(request) else []
        if again:
            told.append(Note("http.again", {"count": self._answered + 1}, _KEPT))
        key = "http.request" if entry else "http.request.method"
        refs = (*entry.refs, *_REQUEST_LINE) if entry else _REQUEST_LINE
        return Note(key, params, refs, details=tuple(told), known=entry is not None)

    def _status(self, line: Line, side: _Side) -> Note:
        status = parse_status(line.raw)
        if status is None:
            return Note("http.binary", {"size": line.size}, known=False)
        asked: dict[str, Any] = {"method": "GET", "conditions": [], "version": "1.1"}
        asked = self._requests[0] if self._requests else asked
        if self._requests and (status.code >= 200 or status.code == 101):
            self._requests.pop(0)
        side.head = Head(False, status.version, str(asked["method"]), status.code)
        side.kind, side.coding, side.length, side.asked = "", "", -1, list(asked["conditions"])
        side.phase, self._state = "fields", "response"
        entry = codes().get(status.code)
        badge = str(status.code)
        if entry is None:
            # A code that is in no table is treated as the x00 of its class (RFC 9110 section 15).
            kind = status.code // 100
            key, refs = (
                (f"http.status.{kind}xx", (Ref(9110, "15"),))
                if 1 <= kind <= 5
                else ("http.status.none", _STATUS_LINE)
            )
            how = _CLASSES.get(kind, "refused")
            return Note(key, {"code": status.code}, refs, outcome=how, badge=badge, known=1 <= kind <= 5)
        told = _situation(status, asked)
        return Note(
            f"http.status_codes.{status.code}",
            {},
            (*entry.refs, *_STATUS_LINE),
            outcome=outcome(status.code),
            badge=badge,
            details=told,
        )

    def _field(self, line: Line, side: _Side) -> Note:
        if line.raw[:1] in (b" ", b"\t"):
            return Note("http.field.folded", {}, (Ref(9112, "5.2"),))
        found = parse_field(line.raw)
        if found is None:
            return Note("http.field.none", {"text": line.text[:80]}, _FIELD_LINE)
        name, value = found.name.lower(), found.value
        side.head = side.head.with_field(found)
        if name == "content-type":
            side.kind = value[:200]
        elif name == "content-encoding":
            side.coding = value[:40]
        elif name.startswith("if-") and self._requests and side.head.request:
            self._requests[-1]["conditions"].append(found.name)
        side.length = side.head.length
        return self._named(line, found)

    def _named(self, line: Line, found: Field) -> Note:
        entry = fields().get(found.name.lower())
        told = details.of(found, line.hidden)
        if entry is None:
            return Note("http.field.other", {"name": found.name[:80]}, _FIELD_LINE, details=told, known=False)
        return Note(f"http.headers.{entry.key}", {}, entry.refs, details=told)

    def _head_ends(self, side: _Side) -> Note:
        framing, who = side.head.framing, "C" if side.head.request else "S"
        side.phase = {"chunked": "chunks", "tunnel": "tunnel", "none": "start"}.get(framing, "body")
        if framing == "none":
            self._over(side)
        key = f"http.head.{who}.{framing}"
        params: dict[str, str | int] = {"size": side.head.length, "method": side.head.method}
        if who == "S" and framing == "none" and (side.head.code in (204, 304) or side.head.code < 200):
            key, params = "http.head.S.never", {"code": side.head.code}
        elif who == "S" and framing == "none" and side.head.method == "HEAD":
            key = "http.head.S.HEAD"
        return Note(key, params, _BODY, details=self._kept(side) if framing == "none" else ())

    def _kept(self, side: _Side) -> tuple[Note, ...]:
        """After an answer: does the connection stay open for the next request?"""
        if side.head.request or side.head.code < 200:
            return ()
        key = "http.kept" if self._state == "open" else "http.ends"
        return (Note(key, {"version": side.head.version}, _KEPT),)

    def _over(self, side: _Side) -> None:
        """A message is complete."""
        if side.head.request:
            self._state = "waiting"
            if self._requests:
                self._requests[-1]["stays"] = side.head.stays
            return
        if side.head.code < 200:
            self._state = "waiting"
            return
        self._answered += 1
        asked = self._sides["C"].head
        self._state = "open" if side.head.stays and (asked.stays or self._requests) else "closing"

    def _chunk(self, line: Line, side: _Side) -> Note:
        chunk = parse_chunk(line.raw)
        if chunk is None:
            side.phase = "start"
            return Note("http.chunk.none", {"text": line.text[:40]}, _CHUNKS, known=False)
        told = (Note("http.chunk.extension", {"text": chunk.extensions[:80]}),) if chunk.extensions else ()
        if not chunk.size:
            side.phase = "trailers"
            return Note("http.chunk.last", {}, _CHUNKS, details=told)
        digits = line.text.partition(";")[0].strip()[:20]
        return Note("http.chunk", {"size": chunk.size, "hex": digits}, _CHUNKS, details=told)

    def _trailer(self, line: Line, side: _Side) -> Note:
        if line.raw or line.hidden:
            found = parse_field(line.raw)
            if found is None:
                return Note("http.field.none", {"text": line.text[:80]}, _FIELD_LINE)
            note = self._named(line, found)
            return replace(note, details=(Note("http.trailer", {}, (Ref(9112, "7.1.2"),)), *note.details))
        side.phase = "start"
        self._over(side)
        return Note("http.chunked.end", {}, _CHUNKS, details=self._kept(side))

    def _body(self, line: Line, side: _Side) -> Note:
        if side.phase == "tunnel":
            return Note("http.tunnel", {"size": line.size})
        if side.phase == "chunks":
            return Note("http.body.chunk", {"size": line.size}, _CHUNKS)
        told = list(_content(line, side))
        short = side.length > line.size and side.head.framing == "length"
        if short:
            told.insert(0, Note("http.body.short", {"size": line.size, "length": side.length}, _BODY))
        if side.phase == "body":
            side.phase = "start"
            self._over(side)
            told += self._kept(side) if not short else ()
        who = "C" if line.speaker == "C" else "S"
        note = Note(f"http.body.{who}", {"size": line.size, "type": side.kind or "?"}, _BODY)
        return replace(note, key=note.key if side.kind else f"{note.key}.untyped", details=tuple(told))


def _target(request: Request) -> list[Note]:
    """The four forms of a request's target (RFC 9112 section 3.2)."""
    target = request.target
    if target == "*":
        return [Note("http.target.all", {}, _TARGET)]
    if request.method == "CONNECT":
        return [Note("http.target.tunnel", {"target": target[:200]}, _TARGET)]
    if "://" in target:
        return [Note("http.target.absolute", {}, _TARGET)]
    if not target.startswith("/"):
        return [Note("http.target.none", {"target": target[:80]}, _TARGET)]
    path, mark, query = target.partition("?")
    told = [Note("http.target.path", {"path": path[:200]}, _TARGET)]
    if unquote(path) != path:
        told.append(Note("http.target.decoded", {"path": unquote(path)[:200]}))
    if mark:
        told.append(Note("http.target.query", {"query": unquote(query.replace("+", " "))[:200]}))
    return told


def _version(request: Request) -> bool:
    return request.version in ("0.9", "1.0", "1.1")


def _situation(status: Status, asked: Mapping[str, Any]) -> tuple[Note, ...]:
    """What a status says in the light of what was asked."""
    told = []
    conditions = ", ".join(asked["conditions"])
    if conditions and status.code in (304, 412, 200, 206):
        told.append(Note(f"http.condition.{status.code}", {"fields": conditions}, (Ref(9110, "13.2.2"),)))
    if status.version == "1.0" and asked["version"] == "1.1":
        told.append(Note("http.version.lower"))
    return tuple(told)


def _content(line: Line, side: _Side) -> list[Note]:
    """What is in a body, as far as its fields and its first bytes tell."""
    told = []
    if side.coding:
        told.append(Note("http.body.coded", {"coding": side.coding}))
    kind = (pairs(side.kind) or [("", "")])[0][0].lower()
    if kind == "application/x-www-form-urlencoded":
        names = [unquote(name.replace("+", " ")) for name, _ in pairs(line.text[:4096], "&")]
        told.append(Note("http.body.form", {"names": ", ".join(names)[:200], "count": len(names)}))
    elif kind.startswith("multipart/"):
        mark = dict(pairs(side.kind)).get("boundary", "")
        count = line.raw.count(b"--" + mark.encode("latin-1", "replace") + b"\r\n") if mark else 0
        told.append(Note("http.body.parts", {"count": count, "boundary": mark[:80]}, (Ref(2046, "5.1"),)))
    return told

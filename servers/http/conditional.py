"""Answers that depend: on what the client has already (RFC 9110 section 13), and on which part it wants (14)."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime

from servers.http.message import Asked, Reply

MOST_RANGES = 8
"""Parts of one answer; a client that asks for more gets the whole (RFC 9110 section 14.2: overlapping attacks)."""

_RANGE = re.compile(r"(\d{0,15})-(\d{0,15})")
_ETAG = re.compile(r'(?:W/)?"[^"]*"')


def date(seconds: float) -> str:
    """A date as HTTP writes it."""
    return formatdate(seconds, usegmt=True)


def conditioned(asked: Asked, reply: Reply) -> Reply:
    """Return what ``reply`` becomes under the request's conditions and ranges."""
    if reply.code != 200 or asked.method not in ("GET", "HEAD"):
        return reply
    reply = _marked(reply)
    if reply.etag or reply.modified:
        if not _still(asked, reply):
            return replace(reply, code=412, body=b"The version you know is no longer the one that is here.\n",
                           kind="text/plain; charset=utf-8")  # fmt: skip
        if _had(asked, reply):
            return replace(reply, code=304, body=b"", kind="")
    return _ranged(asked, reply) if reply.ranges else reply


def still(asked: Asked, etag: str) -> bool:
    """Whether an If-Match of the request holds for what has ``etag`` ("" for nothing there)."""
    wanted = asked.value("if-match")
    if not wanted:
        return True
    return bool(etag) and (wanted.strip() == "*" or etag in _ETAG.findall(wanted))


def _marked(reply: Reply) -> Reply:
    fields = []
    if reply.etag:
        fields.append(("ETag", reply.etag))
    if reply.modified:
        fields.append(("Last-Modified", date(reply.modified)))
    if reply.ranges:
        fields.append(("Accept-Ranges", "bytes"))
    return reply.with_fields(*fields)


def _still(asked: Asked, reply: Reply) -> bool:
    if asked.value("if-match"):
        return still(asked, reply.etag)
    since = _time(asked.value("if-unmodified-since"))
    return since is None or not reply.modified or int(reply.modified) <= since


def _had(asked: Asked, reply: Reply) -> bool:
    known = asked.value("if-none-match")
    if known:
        labels = [label.removeprefix("W/") for label in _ETAG.findall(known)]
        return known.strip() == "*" or reply.etag.removeprefix("W/") in labels
    since = _time(asked.value("if-modified-since"))
    return since is not None and bool(reply.modified) and int(reply.modified) <= since


def _ranged(asked: Asked, reply: Reply) -> Reply:
    wanted = asked.value("range")
    unit, mark, text = wanted.partition("=")
    if not mark or unit.strip().lower() != "bytes" or not _same_version(asked, reply):
        return reply
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MOST_RANGES or not all(_RANGE.fullmatch(part) and part != "-" for part in parts):
        return reply
    size = len(reply.body)
    spans = [span for span in (_span(part, size) for part in parts) if span]
    if not spans:
        return replace(reply, code=416, body=b"", kind="").with_fields(("Content-Range", f"bytes */{size}"))
    if len(spans) == 1:
        first, last = spans[0]
        whole = replace(reply, code=206, body=reply.body[first : last + 1])
        return whole.with_fields(("Content-Range", f"bytes {first}-{last}/{size}"))
    return _parts(reply, spans)


def _parts(reply: Reply, spans: list[tuple[int, int]]) -> Reply:
    mark, size = secrets.token_hex(8), len(reply.body)
    body = b""
    for first, last in spans:
        head = f"--{mark}\r\nContent-Type: {reply.kind}\r\nContent-Range: bytes {first}-{last}/{size}\r\n\r\n"
        body += head.encode() + reply.body[first : last + 1] + b"\r\n"
    body += f"--{mark}--\r\n".encode()
    return replace(reply, code=206, body=body, kind=f"multipart/byteranges; boundary={mark}")


def _span(part: str, size: int) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(part)
    if found is None:
        return None
    if not found[1]:
        count = min(int(found[2]), size)
        return (size - count, size - 1) if count else None
    first = int(found[1])
    last = min(int(found[2]) if found[2] else size - 1, size - 1)
    return (first, last) if first <= last else None


def _same_version(asked: Asked, reply: Reply) -> bool:
    """If-Range: the part, if it is a part of what the client has; else the whole (RFC 9110 section 13.1.5)."""
    wanted = asked.value("if-range")
    if not wanted:
        return True
    if '"' in wanted:
        return wanted.strip() == reply.etag and not wanted.startswith("W/")
    return _time(wanted) == int(reply.modified)


def _time(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

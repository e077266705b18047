"""Which bytes of a file a browser wants: HTTP's Range, one of them (RFC 9110, section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.utils.http import parse_http_date_safe


class NotSatisfiable(Exception):
    """The range lies beyond the file."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(frozen=True, slots=True)
class Part:
    """``length`` is None where the file's size is not known."""

    status: int = 200
    start: int = 0
    length: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


def wanted(headers: dict[str, str], size: int | None, changed: float | None) -> Part:
    """Return the part that ``headers`` ask for; the whole where they ask for none, or for what we do not do.

    NotSatisfiable where it begins beyond the end. With If-Range, only the very same version is continued.
    """
    if size is None:
        return Part()
    whole = Part(200, 0, size, {"accept-ranges": "bytes"})
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", headers.get("range", "").replace(" ", ""))
    if not found or found.groups() == ("", "") or not _same_version(headers.get("if-range", ""), changed):
        return whole
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or (first and last and int(last) < start):
        if first and last and int(last) < int(first):
            return whole  # not a valid range at all: ignored
        raise NotSatisfiable(size)
    told = {"accept-ranges": "bytes", "content-range": f"bytes {start}-{end}/{size}"}
    return Part(206, start, end - start + 1, told)


def _same_version(if_range: str, changed: float | None) -> bool:
    if not if_range:
        return True
    return changed is not None and parse_http_date_safe(if_range) == int(changed)

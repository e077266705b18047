"""A folder's entries as they are kept and shown: packed small, sorted, filtered and paged from what is known."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime

from protocols.ftp import names
from protocols.ftp.listing import Entry

PAGE = 200
MOST = 100_000
"""Entries of a folder that are kept."""

SORTS = ("name", "size", "modified")
TEXT = {"txt", "md", "log", "csv", "json", "xml", "html", "htm", "css", "js", "py", "c", "h", "java", "sh", "ini",
        "conf", "cfg", "yaml", "yml", "dat", "tex", "sql", "svg", ""}  # fmt: skip
IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
          "bmp": "image/bmp", "ico": "image/x-icon"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One entry. ``usable`` False: a line that was not understood, or a name that no command may hold."""

    name: str
    kind: str
    size: int | None
    modified: float | None
    mode: str
    owner: str
    target: str
    usable: bool

    @property
    def when(self) -> datetime | None:
        return datetime.fromtimestamp(self.modified, UTC) if self.modified is not None else None

    @property
    def is_folder(self) -> bool:
        """Whether it can be gone into; a link may lead to a folder, which only trying tells."""
        return self.kind in ("dir", "link")

    @property
    def suffix(self) -> str:
        return self.name.rpartition(".")[2].lower() if "." in self.name.lstrip(".") else ""

    @property
    def viewable(self) -> str:
        """``text``, ``image``, or empty."""
        if self.kind == "dir" or not self.usable:
            return ""
        return "image" if self.suffix in IMAGES else "text" if self.suffix in TEXT else ""

    @property
    def octal(self) -> str:
        """The mode in octal, empty where it is not known."""
        if len(self.mode) != 9:
            return ""
        bits = "".join("0" if sign in "-ST" else "1" for sign in self.mode)
        return f"{int(bits, 2):03o}"


def rows_of(entries: Iterable[Entry], passing: Set[str] = frozenset()) -> list[Row]:
    """Turn what the server said into rows; the folder itself, its parent and the names of ``passing`` are left out."""
    found = []
    for entry in entries:
        name = names.decode(entry.raw_name)
        if entry.kind in ("here", "parent") or name in passing:
            continue
        kind = "link" if entry.target else entry.kind
        when = entry.modified.timestamp() if entry.modified else None
        usable = entry.usable and names.plain(name)
        found.append(Row(name, kind, entry.size, when, entry.mode, entry.owner, entry.target, usable))
    return found[:MOST]


def as_of(folder) -> str:
    """Which listing of a Folder this is."""
    return folder.listed.isoformat() if folder.listed else ""


def pack(rows: Sequence[Row]) -> bytes:
    """Return ``rows`` as compressed JSON."""
    values = [
        [row.name, row.kind, row.size, row.modified, row.mode, row.owner, row.target, row.usable]
        for row in rows
    ]
    return zlib.compress(json.dumps(values, separators=(",", ":")).encode(), 1)


def unpack(packed: bytes) -> list[Row]:
    """Return what ``pack`` was given."""
    return [Row(*values) for values in json.loads(zlib.decompress(bytes(packed)))] if packed else []


def arranged(rows: Sequence[Row], sort: str, down: bool, words: str) -> list[Row]:
    """Return the rows whose names hold ``words``, folders first, sorted by one of SORTS."""
    found = [row for row in rows if words.casefold() in row.name.casefold()] if words else list(rows)
    keys = {
        "name": lambda row: natural(row.name),
        "size": lambda row: (row.size or 0, natural(row.name)),
        "modified": lambda row: (row.modified or 0, natural(row.name)),
    }
    found.sort(key=keys.get(sort, keys["name"]), reverse=down)
    found.sort(key=lambda row: row.kind != "dir")
    return found


def natural(name: str) -> tuple:
    """Sort key that puts ``file 2`` before ``file 10`` and small letters beside capitals."""
    parts, digits, word = [], "", ""
    for sign in name.casefold():
        if "0" <= sign <= "9":
            parts += [(1, 0, word)] if word else []
            digits, word = digits + sign, ""
        else:
            parts += [(0, int(digits[:18]), "")] if digits else []
            digits, word = "", word + sign
    parts += [(1, 0, word)] if word else [(0, int(digits[:18]), "")] if digits else []
    return tuple(parts)


def crumbs(path: str) -> list[tuple[str, str]]:
    """Return ``(name, path)`` of each folder on the way to ``path``, the root left out."""
    parts = [part for part in path.split("/") if part]
    return [(part, "/" + "/".join(parts[: at + 1])) for at, part in enumerate(parts)]

"""Files and folders of a server as one ZIP, made while it is sent: zipstream-ng does the format, stored, not packed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

from zipstream import ZipStream

from protocols.errors import TooMuch
from protocols.flow import Flow
from protocols.ftp import names
from protocols.ftp.async_client import Session
from protocols.ftp.listing import Entry

DEEP, MANY = 64, 20_000

NAMED = 1000
"""Entries that were left out which are named one by one."""

Missing = Callable[[list[str]], tuple[str, str]]
"""Given the paths that were left out, returns the name and the text of the file that says so."""


class Feed:
    """What zipstream pulls one file from; ``give`` what the server sent before each pull."""

    def __init__(self) -> None:
        self._chunk: bytes | None = None

    def give(self, chunk: bytes) -> None:
        self._chunk = chunk

    def __iter__(self) -> Iterator[bytes]:
        while self._chunk:
            chunk, self._chunk = self._chunk, b""
            yield chunk


class Places:
    """Where files stand in a ZIP: as in the folder, a backslash (which some take for a slash) as ``_``, each once."""

    def __init__(self, folder: str) -> None:
        self._of = {folder.rstrip("/"): ""}
        self._taken: set[str] = set()

    def place(self, path: str) -> str:
        """The place of ``path``, whose folder has one already."""
        folder, _, name = path.rpartition("/")
        name, before = name.replace("\\", "_"), self._of[folder]
        stem, dot, suffix = name.rpartition(".") if "." in name.lstrip(".") else (name, "", "")
        found, count = f"{before}{name}", 1
        while found in self._taken:
            count += 1
            found = f"{before}{stem} ({count}){dot}{suffix}"
        self._taken.add(found)
        self._of[path] = f"{found}/"
        return found


async def stream(session: Session, folder: str, chosen: list[str], missing: Missing) -> AsyncIterator[bytes]:
    """Yield the ZIP of ``chosen`` (names in ``folder``). Names are UTF-8; a folder comes with all that is in it.

    What cannot be in it (links, lines of a listing that say no name, more than MANY in one folder) is named in a
    file of its own.
    """
    archive, places, left_out = ZipStream(), Places(folder), list[str]()
    await session.binary()
    kinds = {names.decode(entry.raw_name): entry for entry in await session.entries(folder)}
    for name in chosen:
        entry = kinds.get(name)
        top = names.join(folder, name)
        place = places.place(top)
        if entry is not None and entry.kind == "dir":
            async for path, inner in walk(session, top, left_out):
                async for raw in _entry(session, archive, path, places.place(path), inner.kind == "dir"):
                    yield raw
        else:
            async for raw in _entry(session, archive, top, place, False):
                yield raw
    if left_out:
        name, text = missing(left_out)
        archive.add(text.encode(), places.place(names.join(folder, name)))
    for raw in archive.finalize():
        yield raw


async def walk(
    session: Session, path: str, left_out: list[str], depth: int = 0
) -> AsyncIterator[tuple[str, Entry]]:
    """Yield ``(path, entry)`` of all files below ``path`` and of each folder; links are not followed.

    What is left out is told in ``left_out``.
    """
    if depth > DEEP:
        raise TooMuch("the folders go too deep", cause="deep", depth=DEEP)
    found = [entry for entry in await session.entries(path) if entry.kind not in ("here", "parent")]
    for count, entry in enumerate(found):
        name = names.decode(entry.raw_name)
        place = names.join(path, name)
        if count >= MANY or not entry.usable or not names.plain(name) or entry.target:
            left_out.append(
                f"{place} -> {entry.target}" if entry.target else names.join(path, name or entry.name)
            )
            continue
        yield place, entry
        if entry.kind == "dir":
            async for below in walk(session, place, left_out, depth + 1):
                yield below


async def _entry(
    session: Session, archive: ZipStream, path: str, place: str, is_folder: bool
) -> AsyncIterator[bytes]:
    if is_folder:
        archive.mkdir(place)
        for raw in archive.file():
            yield raw
        return
    feed = Feed()
    archive.add(feed, place)
    async with session.incoming("RETR", path) as source:
        async for raw in _fed(archive.file(), feed, source):
            yield raw


async def _fed(made: Iterator[bytes], feed: Feed, source: Flow) -> AsyncIterator[bytes]:
    """Drive zipstream's generator: each of its steps pulls at most one chunk, which is there before it is asked."""
    feed.give(await source.read())
    yield next(made)  # the header, which pulls nothing
    for raw in made:
        feed.give(await source.read())
        yield raw

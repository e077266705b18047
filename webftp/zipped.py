"""Files and folders of a server as one ZIP, made while it is sent: zipstream-ng does the format, stored, not packed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from zipstream import ZipStream

from protocols.errors import TooMuch
from protocols.flow import Flow
from protocols.ftp import names
from protocols.ftp.async_client import Session
from protocols.ftp.listing import Entry

DEEP, MANY = 64, 20_000


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


async def stream(session: Session, folder: str, chosen: list[str]) -> AsyncIterator[bytes]:
    """Yield the ZIP of ``chosen`` (names in ``folder``). Names are UTF-8; a folder comes with all that is in it."""
    archive = ZipStream()
    await session.binary()
    kinds = {names.decode(entry.raw_name): entry for entry in await session.entries(folder)}
    for name in chosen:
        entry = kinds.get(name)
        top = names.join(folder, name)
        if entry is not None and entry.kind == "dir":
            async for path, inner in walk(session, top):
                place = path.removeprefix(folder.rstrip("/")).lstrip("/").replace("\\", "_")
                async for raw in _entry(session, archive, path, place, inner.kind == "dir"):
                    yield raw
        else:
            async for raw in _entry(session, archive, top, name.replace("\\", "_"), False):
                yield raw
    for raw in archive.finalize():
        yield raw


async def walk(session: Session, path: str, depth: int = 0) -> AsyncIterator[tuple[str, Entry]]:
    """Yield ``(path, entry)`` of all files below ``path`` and of each folder; links are not followed."""
    if depth > DEEP:
        raise TooMuch("the folders go too deep", cause="deep", depth=DEEP)
    for entry in (await session.entries(path))[:MANY]:
        name = names.decode(entry.raw_name)
        if not entry.usable or not names.plain(name) or entry.kind in ("here", "parent") or entry.target:
            continue
        place = names.join(path, name)
        yield place, entry
        if entry.kind == "dir":
            async for found in walk(session, place, depth + 1):
                yield found


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

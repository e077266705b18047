"""Live FTP control connections of the web process: what ``connections`` is for tasks, for files that stream."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from channels.db import database_sync_to_async

from accounts import reach
from protocols.errors import WireError
from protocols.ftp import async_client as ftp
from protocols.login import Limits
from transcripts.recorder import Action, Recording, open_recording
from webftp import sites
from webftp.models import Site

PER_SITE, TOTAL = 3, 64
IDLE, FRESH, ALIVE = 60.0, 5.0, 5.0
LIMITS = Limits(total=12 * 3600, idle=60)
"""A file may take long; a server that is silent for a minute in the middle of one is not waited for."""


@dataclass
class Live:
    """An open connection and the recording of what it says."""

    session: ftp.Session
    recording: Recording
    passive: bool
    used: float = field(default_factory=time.monotonic)
    made: set[str] = field(default_factory=set)

    async def close(self) -> None:
        await self.session.close()
        self.recording.close()


_idle: dict[asyncio.AbstractEventLoop, dict[int, list[Live]]] = {}
"""By loop and site: a connection belongs to the loop it was opened in."""


def database(work: Callable) -> Callable[..., Any]:
    """``work`` with the database, in a thread: the loop must not wait for it."""
    return database_sync_to_async(work, thread_sensitive=False)


@asynccontextmanager
async def transcript(recording: Recording, cause: str, **more: Any) -> AsyncIterator[Action]:
    """``Recording.transcript`` for asyncio; a Refused inside does not have to leave the block to be its outcome."""
    context = recording.transcript(cause, **more)
    action = await database(context.__enter__)()
    try:
        yield action
    except BaseException:
        error = sys.exc_info()
        # The recording is closed whatever happens to us: a transcript without an end would stay open.
        if not await asyncio.shield(database(_leave)(context, error)):
            raise
    else:
        await asyncio.shield(database(context.__exit__)(None, None, None))


@asynccontextmanager
async def borrowed(
    site: Site,
    cause: str,
    *,
    tab: str = "",
    subject: str = "",
    quiet: bool = False,
    patience: Callable[[], AbstractAsyncContextManager] = nullcontext,
) -> AsyncIterator[Live]:
    """Yield a connection for one action on ``site``, recorded as one transcript; an error closes it.

    ``patience`` is what signing in happens within: it may end that early.
    """
    live = await _take(site)
    recording = live.recording if live else None
    if recording is None:
        recording = await database(open_recording)(owner=site.person, server=site.server)
    try:
        async with transcript(recording, cause, tab=tab, subject=subject, quiet=quiet) as action:
            if live is None:
                async with patience():
                    live = await _opened(site, recording)
            live.session.renew()
            try:
                yield live
                # A SIZE that was answered 550 said that the name is free: the work itself went well.
                action.outcome, action.reply = "done", str(live.session.last)
            except WireError as error:
                action.fail(error)
                raise
    finally:
        await _give_back(site.pk, live, recording)


async def _opened(site: Site, recording: Recording) -> Live:
    address = await database(reach.address)(site.server)
    credentials = await database(sites.credentials)(site)
    session = await ftp.connect(address, recording.sink, LIMITS, passive=site.passive)
    try:
        await session.login(credentials)
    except BaseException:
        await session.close()
        raise
    return Live(session, recording, site.passive)


async def _take(site: Site) -> Live | None:
    await database(sites.credentials)(site)  # a disabled person's connection is not used again
    row = _ours().get(site.pk) or []
    while row:
        live = row.pop()
        if live.passive == site.passive and await _alive(live):
            return live
        await live.close()
    return None


async def _alive(live: Live) -> bool:
    if time.monotonic() - live.used < FRESH:
        return True
    try:
        async with transcript(live.recording, "Is the connection alive", quiet=True):
            live.session.renew()
            async with asyncio.timeout(ALIVE):
                await live.session.ask("NOOP")
        return True
    except (WireError, TimeoutError):
        return False


async def _give_back(site_id: int, live: Live | None, recording: Recording) -> None:
    if live is None:
        recording.close()
        return
    row = _ours().setdefault(site_id, [])
    live.used = time.monotonic()
    if live.session.broken or len(row) >= PER_SITE or sum(map(len, _ours().values())) >= TOTAL:
        await live.close()
        return
    row.append(live)
    asyncio.get_running_loop().call_later(IDLE + 1, _close_idle, site_id)


async def close() -> None:
    """Say goodbye on every idle connection of this loop, and wait for those that are said already."""
    left = [live for row in _idle.pop(asyncio.get_running_loop(), {}).values() for live in row]
    ours = [task for task in _goodbyes if task.get_loop() is asyncio.get_running_loop()]
    await asyncio.gather(*map(_goodbye, left), *ours, return_exceptions=True)


def _close_idle(site_id: int) -> None:
    row = _ours().get(site_id, [])
    for live in [live for live in row if live.used < time.monotonic() - IDLE]:
        row.remove(live)
        task = asyncio.ensure_future(_goodbye(live))
        _goodbyes.add(task)
        task.add_done_callback(_goodbyes.discard)
    if not row:
        _ours().pop(site_id, None)


_goodbyes: set[asyncio.Future] = set()


async def _goodbye(live: Live) -> None:
    await live.session.quit()
    live.recording.close()


def _ours() -> dict[int, list[Live]]:
    return _idle.setdefault(asyncio.get_running_loop(), {})


def _leave(context: Any, error: Any) -> bool:
    try:
        return bool(context.__exit__(*error))
    except BaseException as raised:
        if raised is error[1]:
            return False
        raise

"""Writing a file to a server: under another name until it is whole, and nothing is left of one that is not."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress

from protocols.errors import Refused, Unreachable, WireError
from protocols.ftp import names
from protocols.ftp.async_client import Session
from webftp import warm
from webftp.listing import PART
from webftp.models import Ticket

AGAIN = 15.0
"""Seconds that deleting a part may take over a new connection; beyond, ``tasks.tidy`` does it."""


async def store(
    ticket: Ticket, live: warm.Live, chunks: AsyncIterator[bytes], size: int | None, progress
) -> None:
    """Write ``chunks`` to the ticket's path; Refused(cause="exists") where a file is there that may not be replaced.

    Whatever ends it early, no half file stays: neither under its own name nor under its part's.
    """
    session, path = live.session, ticket.path
    if ticket.folder:
        await _make_folders(live, ticket.folder, path)
    if not ticket.replace and await session.size(path) is not None:
        raise Refused("553", "a file of that name is there already", cause="exists")
    if ticket.line:
        await _directly(session, ticket, path, chunks, size, progress)
        return
    part = names.join(path.rpartition("/")[0], f"{PART}{secrets.token_hex(8)}.part")
    await session.binary()
    try:
        await _write(session, part, chunks, size, progress)
        await _rename(session, part, path, ticket.replace)
    except BaseException:
        await asyncio.shield(_clean(ticket, session, part))
        raise


async def _write(
    session: Session, path: str, chunks: AsyncIterator[bytes], size: int | None, progress
) -> None:
    async with session.outgoing("STOR", path) as target:
        async for chunk in chunks:
            await target.write(chunk)
            progress.done += len(chunk)
        if size is not None and progress.done != size:
            raise Unreachable("the browser sent less than it said", cause="cancelled")


async def _directly(session: Session, ticket: Ticket, path: str, chunks, size: int | None, progress) -> None:
    """As a command line's ``put`` does: under its own name. A new file that broke off is deleted."""
    letter = "A" if ticket.line.endswith("-a") else "I"
    await session.type(letter)
    was_there = await session.size(path) is not None if letter == "I" else True
    try:
        await _write(session, path, as_text(chunks) if letter == "A" else chunks, None, progress)
    except BaseException:
        if not was_there and not session.broken:
            with suppress(WireError):
                await session.say("DELE", path)
        raise


async def as_text(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Line ends as TYPE A sends them: CR LF, whatever the file has (RFC 959, 3.1.1.1)."""
    last = b""
    async for chunk in chunks:
        joined = last + chunk
        last = joined[-1:] if joined.endswith(b"\r") else b""
        body = joined[: len(joined) - len(last)]
        yield body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if last:
        yield last


async def _rename(session: Session, part: str, path: str, replace: bool) -> None:
    try:
        await session.rename(part, path)
    except Refused:
        if not replace:
            raise
        # This server does not write over files by RNTO: the old one goes first.
        await session.ask("DELE", path)
        await session.rename(part, path)


async def _make_folders(live: warm.Live, base: str, path: str) -> None:
    """Make the folders between ``base`` and ``path`` (a folder was dropped); one that is there is no error."""
    inner = path.rpartition("/")[0].removeprefix(base.rstrip("/")).strip("/")
    at = base
    for name in filter(None, inner.split("/")):
        at = names.join(at, name)
        if at not in live.made:
            answer = await live.session.say("MKD", at)
            if answer.code >= 400 and answer.code not in (450, 521, 550, 553):
                raise Refused(str(answer.code), answer.text)
            live.made.add(at)


async def _clean(ticket: Ticket, session: Session, part: str) -> None:
    """Delete a part: on the same connection, else on a new one, else later."""
    if not session.broken:
        try:
            answer = await session.say("DELE", part)
            if answer.code < 500:
                return
            if await session.size(part) is None:
                return
        except WireError:
            pass
    try:
        async with asyncio.timeout(AGAIN), warm.borrowed(ticket.site, "Delete a part left behind") as live:
            answer = await live.session.say("DELE", part)
            if answer.code < 400 or answer.code == 550:
                return
    except (WireError, TimeoutError):
        pass
    await warm.database(_later)(ticket.pk, part)


def _later(pk: int, part: str) -> None:
    Ticket.objects.filter(pk=pk).update(part=part, left=True)

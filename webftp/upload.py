"""Writing a file to a server: under another name until it is whole, and nothing is left of one that is not.

An old file in its place is never deleted before the new one stands there: where a server's RNTO writes over nothing,
the old one steps aside, and back where the new one does not come (``ticket.aside``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from protocols.errors import Refused, Unreachable, WireError
from protocols.ftp import names
from protocols.ftp.async_client import Session
from webftp import warm
from webftp.models import Ticket
from webftp.naming import alone
from webftp.progress import Progress

AGAIN = 5.0
"""Seconds that putting things in order may take over a new connection; beyond, ``tasks.tidy`` does it."""

PATIENT = 30.0
"""The same, where nobody waits for it."""

CAUSE = "Delete a part left behind"


@dataclass
class Writing:
    """An upload under way. ``begun``: bytes of it may stand at the server; ``moved``: the old file may stand aside."""

    ticket: Ticket
    progress: Progress
    begun: bool = False
    moved: bool = False

    async def write(self, session: Session, path: str, chunks, size: int | None) -> None:
        """STOR ``chunks``; Unreachable where they are less than ``size`` says."""
        accepted, self.begun = False, True
        try:
            async with session.outgoing("STOR", path) as target:
                accepted = True
                async for chunk in chunks:
                    await target.write(chunk)
                    self.progress.done += len(chunk)
                if size is not None and self.progress.done != size:
                    raise Unreachable("the browser sent less than it said", cause="cancelled")
        except Refused:
            self.begun = accepted
            raise


async def store(
    ticket: Ticket, live: warm.Live, chunks: AsyncIterator[bytes], size: int | None, progress: Progress
) -> None:
    """Write ``chunks`` to the ticket's path; Refused(cause="exists") where a file is there that may not be replaced.

    Whatever ends it early, no half file stays: neither under its own name nor under its part's. Where that cannot
    be had, ``progress.note`` says what stands where.
    """
    session, writing = live.session, Writing(ticket, progress)
    if ticket.line:
        await _directly(session, writing, chunks)
        return
    remembered = await _make_folders(live, ticket.folder, ticket.path)
    await session.binary()
    await _look(session, ticket)
    try:
        try:
            await writing.write(session, ticket.part, chunks, size)
        except Refused as error:
            if writing.begun or not remembered or not error.code.startswith("55"):
                raise
            # A folder that we had made is gone meanwhile.
            live.made.clear()
            await _make_folders(live, ticket.folder, ticket.path)
            await writing.write(session, ticket.part, chunks, size)
        async with alone(ticket):
            await _look(session, ticket)
            await _name(session, writing)
    except BaseException:
        await asyncio.shield(_clean(session, writing))
        raise


async def put_in_order(ticket: Ticket) -> bool:
    """What ``_clean`` could not do, later and for nobody; False where it has to be tried again."""
    writing = Writing(ticket, Progress(ticket, quiet=True), begun=True)
    try:
        async with asyncio.timeout(PATIENT), warm.borrowed(ticket.site, CAUSE, quiet=True) as live:
            await live.session.binary()
            found = await there(live.session, ticket.aside)
            writing.moved = bool(found)
            return found is not None and await _settled(live.session, writing)
    except (WireError, TimeoutError):
        return False
    finally:
        await warm.close()


async def there(session: Session, path: str) -> bool | None:
    """Whether something is at ``path``, by MLST or SIZE; None where the server cannot say just now (4yz)."""
    for verb in ("MLST", "SIZE") if "MLST" in await session.features() else ("SIZE",):
        answer = await session.say(verb, path)
        if answer.code < 500:
            return True if answer.code < 400 else None
        if answer.code not in (500, 501, 502, 504):
            return False
    return False


async def _look(session: Session, ticket: Ticket) -> None:
    if not ticket.replace and await there(session, ticket.path):
        raise Refused("553", "a file of that name is there already", cause="exists")


async def _directly(session: Session, writing: Writing, chunks) -> None:
    """As a command line's ``put`` does: under its own name. A new file that broke off is deleted."""
    path, text = writing.ticket.path, writing.ticket.line.endswith("-a")
    if text and "MLST" not in await session.features():
        await session.binary()  # a server may refuse SIZE in TYPE A (RFC 3659, 4.2)
    elif not text:
        await session.binary()
    new = await there(session, path) is False
    await session.type("A" if text else "I")
    try:
        await writing.write(session, path, as_text(chunks) if text else chunks, None)
    except BaseException:
        if writing.begun:
            deleted = None
            if new and not session.broken:
                with suppress(WireError):
                    deleted = await asyncio.shield(session.say("DELE", path))
            if deleted is None or deleted.code >= 400:
                writing.progress.note = {"note": "half", "path": path}
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


async def _name(session: Session, writing: Writing) -> None:
    """Give the whole part its name. A server that refuses to write over a file (5yz of RNTO) has it step aside."""
    ticket = writing.ticket
    await session.ask("RNFR", ticket.part)
    answer = await session.say("RNTO", ticket.path)
    if answer.code < 400:
        return
    refused = Refused(str(answer.code), answer.text)
    if not ticket.replace or answer.code < 500 or (await session.say("RNFR", ticket.path)).code >= 400:
        raise refused
    writing.moved = True
    answer = await session.say("RNTO", ticket.aside)
    if answer.code >= 400:
        writing.moved = False
        raise refused
    await session.rename(ticket.part, ticket.path)
    writing.moved = writing.begun = False
    with suppress(WireError):
        if (await session.say("DELE", ticket.aside)).code < 400:
            return
    await warm.database(_later)(ticket.pk)


async def _make_folders(live: warm.Live, base: str, path: str) -> bool:
    """Make the folders between ``base`` and ``path`` (a folder was dropped); one that is there is no error.

    Return whether one was left out because this connection had made it before.
    """
    inner = path.rpartition("/")[0].removeprefix(base.rstrip("/")).strip("/")
    at, remembered = base, False
    for name in filter(None, inner.split("/")):
        at = names.join(at, name)
        if at in live.made:
            remembered = True
            continue
        answer = await live.session.say("MKD", at)
        if answer.code >= 400 and answer.code not in (450, 521, 550, 553):
            raise Refused(str(answer.code), answer.text)
        live.made.add(at)
    return remembered


async def _clean(session: Session, writing: Writing) -> None:
    """Leave nothing half: on the same connection, else on a new one, else later."""
    if not writing.begun:
        return
    with suppress(WireError):
        if not session.broken and await _settled(session, writing):
            return
    with suppress(WireError, TimeoutError):
        async with asyncio.timeout(AGAIN), warm.borrowed(writing.ticket.site, CAUSE) as live:
            await live.session.binary()
            if await _settled(live.session, writing):
                return
    if writing.moved:
        writing.progress.note = {"note": "aside", "path": writing.ticket.aside}
    await warm.database(_later)(writing.ticket.pk)


async def _settled(session: Session, writing: Writing) -> bool:
    """Give an old file its name back, delete what is half; False, with nothing lost, where that is not possible."""
    ticket = writing.ticket
    if writing.moved:
        found = await there(session, ticket.path)
        if found is None:
            return False
        if found:
            if (await session.say("DELE", ticket.aside)).code >= 400:
                return False
        else:
            await session.rename(ticket.aside, ticket.path)
        writing.moved = False
    answer = await session.say("DELE", ticket.part)
    if answer.code < 500:
        return answer.code < 400
    if await there(session, ticket.part) is not False:
        return False
    folder = ticket.part.rpartition("/")[0] or "/"
    if folder != "/" and (await session.say("CWD", folder)).code >= 500:
        # Where it was moved to, if it was, no server tells.
        writing.progress.note = {"note": "part", "path": ticket.part.rpartition("/")[2]}
    return True


def _later(pk: int) -> None:
    Ticket.objects.filter(pk=pk).update(left=True)

"""Files on their way between a browser and a server, chunk by chunk: a raw ASGI application beside Django's.

Django's handler would write each upload to disk before a view runs. Here a chunk that came in goes out before the
next one is asked for, so that memory stays what it is however slow either side is. A ticket lets one request in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from django.utils import translation
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from protocols.errors import Unreachable, WireError
from protocols.ftp.listing import parse_time
from webftp import handover, listing, tickets, upload, warm, zipped
from webftp.exchange import SEALED, Reply, Request, language
from webftp.models import Ticket
from webftp.progress import Gone, Progress
from webftp.ranges import NotSatisfiable, wanted
from webftp.tasks import trouble

PATH = "/files/transfer/"
VIEWED = {"text": 1024 * 1024, "image": 24 * 1024 * 1024}
"""Bytes of a file that is looked at rather than saved."""

CAUSES = {
    "down": gettext_noop("Download"),
    "zip": gettext_noop("Download as ZIP"),
    "view": gettext_noop("View a file"),
    "up": gettext_noop("Upload"),
}


class Transfers:
    """GET and HEAD download what a ticket names, PUT uploads it. ``scope`` has Channels' user and session."""

    async def __call__(self, scope, receive, send) -> None:
        reply = Reply(send)
        key, method = scope["path"].removeprefix(PATH).strip("/"), scope["method"]
        ways = {"GET": ("down", "zip", "view"), "HEAD": ("down", "view"), "PUT": ("up",)}.get(method)
        if ways is None:
            await reply.say(405, "", {"allow": "GET, HEAD, PUT"})
            return
        person, session = scope["user"], scope["session"].session_key or ""
        use = tickets.look if method == "HEAD" else tickets.take
        ticket = await warm.database(use)(getattr(person, "pk", None), session, key, ways)
        if ticket is None:
            with translation.override(language(scope)):
                gone = _("This link was used already, is too old, or is not yours. Ask for the file again.")
            await reply.say(410, gone)
            return
        await self._pass(ticket, scope, receive, reply)

    async def _pass(self, ticket: Ticket, scope, receive, reply: Reply) -> None:
        work = {"down": download, "view": download, "zip": zipped_download, "up": uploaded}[ticket.direction]
        progress = Progress(ticket, quiet=scope["method"] == "HEAD")
        request = Request(scope, receive, progress)
        state, told = Ticket.State.DONE, {}
        try:
            async with progress, request.watched(), connection(ticket, progress) as live, progress.patience():
                await work(ticket, live, request, reply)
        except WireError as error:
            state, told = Ticket.State.FAILED, trouble(error)
            await reply.fail(error, language(scope), progress.note)
        except Gone:
            state = Ticket.State.STOPPED
            reply.break_off()
        except NotSatisfiable as error:
            await reply.say(416, "", {"content-range": f"bytes */{error.size}"})
        finally:
            told = {**told, **progress.note}
            handover.done(ticket, state, told, progress.done)
        if not progress.quiet:
            await progress.end(state, told)
        await reply.finish()


@asynccontextmanager
async def connection(ticket: Ticket, progress: Progress) -> AsyncIterator[warm.Live]:
    """The control connection for a ticket: a warm one of its site, or that of the command line it came from."""
    if ticket.line:
        async with handover.taken(ticket) as live:
            yield live
        return
    subject = ticket.names[0] if len(ticket.names) == 1 else ticket.folder
    more = {"tab": ticket.tab, "subject": subject, "patience": progress.patience}
    async with warm.borrowed(ticket.site, CAUSES[ticket.direction], **more) as live:
        yield live


async def download(ticket: Ticket, live: warm.Live, request: Request, reply: Reply) -> None:
    """One file, whole or from where the browser asks (a Range becomes REST: RFC 9110, 14; RFC 3659, 5)."""
    session, path = live.session, ticket.path
    letter = "A" if ticket.line.endswith("-a") else "I"
    await session.type(letter)
    size = await session.size(path) if letter == "I" else None
    changed = None
    if size is not None and not ticket.line:
        changed = parse_time((await session.say("MDTM", path)).text.strip())
    most = VIEWED[viewing(ticket)] if ticket.direction == "view" else 0
    part = wanted(request.headers, size, changed.timestamp() if changed else None)
    left = part.length if part.length is None or not most else min(most, part.length)
    ticket.size = left
    head = {**headers_for(ticket), **part.headers}
    if left is not None:
        head["content-length"] = str(left)
    left = most if most and left is None else left
    if changed:
        head["last-modified"] = http_date(changed.timestamp())
    if request.method == "HEAD":
        await reply.begin(part.status, head)
        return
    async with session.incoming("RETR", path, offset=part.start) as source:
        await reply.begin(part.status, head)
        await pour(Unixed(source) if letter == "A" else source, request, reply, left)


class Unixed:
    """A file that comes in TYPE A: its CR LF become LF, as a client's own line ends."""

    def __init__(self, source) -> None:
        self._source, self._kept = source, b""

    async def read(self) -> bytes:
        """The next bytes; b"" at the end."""
        while chunk := await self._source.read():
            chunk = (self._kept + chunk).replace(b"\r\n", b"\n")
            self._kept = b"\r" if chunk.endswith(b"\r") else b""
            if out := chunk[: len(chunk) - len(self._kept)]:
                return out
        out, self._kept = self._kept, b""
        return out


async def pour(source, request: Request, reply: Reply, left: int | None) -> None:
    """Carry what comes from the server to the browser, ``left`` bytes of it at most.

    Unreachable(cause="short") where the server ends before the size that it told.
    """
    progress, size = request.progress, left
    while left != 0 and (chunk := await source.read()):
        if left is not None:
            chunk = chunk[:left]
            left -= len(chunk)
        await reply.body(chunk)
        progress.done += len(chunk)
        if progress.halted:
            raise Gone
    if left and size and "content-length" in reply.said:
        raise Unreachable("the file ended early", cause="short", done=size - left, size=size)
    if left == 0:
        await drained(source)


async def drained(source) -> None:
    """Hear the end of a file whose every byte was read, so that its transfer ends in order."""
    try:
        async with asyncio.timeout(0.5):
            while await source.read():
                return
    except TimeoutError:
        return


async def zipped_download(ticket: Ticket, live: warm.Live, request: Request, reply: Reply) -> None:
    """Several files, and folders with all that is in them, as one ZIP made on the way."""
    async for raw in zipped.stream(live.session, ticket.folder, ticket.names, request.missing):
        if not reply.begun:
            await reply.begin(200, headers_for(ticket))
        await reply.body(raw)
        request.progress.done += len(raw)
        if request.progress.halted:
            raise Gone


async def uploaded(ticket: Ticket, live: warm.Live, request: Request, reply: Reply) -> None:
    """One file, written under another name until it is whole."""
    length = request.headers.get("content-length", "")
    ticket.size = int(length) if length.isdecimal() else None
    await upload.store(ticket, live, request.chunks(), ticket.size, request.progress)
    raw = json.dumps({"bytes": request.progress.done}).encode()
    await reply.begin(200, {"content-type": "application/json", "content-length": str(len(raw))})
    await reply.body(raw)


def viewing(ticket: Ticket) -> str:
    """``text`` or ``image``: how a file is looked at."""
    return "image" if ticket.names[0].rpartition(".")[2].lower() in listing.IMAGES else "text"


def headers_for(ticket: Ticket) -> dict[str, str]:
    """Type and name of what is sent; nothing of it may run in our own origin."""
    if ticket.direction == "view":
        suffix = ticket.names[0].rpartition(".")[2].lower()
        kind = listing.IMAGES.get(suffix, "text/plain; charset=utf-8")
        return {"content-type": kind, "content-security-policy": SEALED}
    name = ticket.names[0]
    if ticket.direction == "zip":
        name = (
            name if len(ticket.names) == 1 else ticket.folder.rstrip("/").rpartition("/")[2] or "files"
        ) + ".zip"
    shown = "".join(sign for sign in name if sign.isprintable() and sign not in "/\\")
    kind = "application/zip" if ticket.direction == "zip" else "application/octet-stream"
    return {
        "content-type": kind,
        "content-disposition": f"attachment; filename*=UTF-8''{quote(shown or 'file', safe='')}",
        "content-security-policy": SEALED,
    }

"""Files on their way between a browser and a server, chunk by chunk: a raw ASGI application beside Django's.

Django's handler would write each upload to disk before a view runs. Here a chunk that came in goes out before the
next one is asked for, so that memory stays what it is however slow either side is. A ticket lets one request in.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from django.utils import translation
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from protocols.errors import Refused, WireError
from protocols.ftp.listing import parse_time
from webftp import handover, listing, tickets, upload, warm, zipped
from webftp.live import send as tell
from webftp.models import Ticket
from webftp.ranges import NotSatisfiable, wanted
from webftp.tasks import trouble
from webftp.wording import spoken

log = logging.getLogger(__name__)
PATH = "/files/transfer/"
EVERY = 1.0
"""Seconds between two words on how far a file is."""

STALLED = 300.0
"""Seconds that a browser may take nothing at all."""

VIEWED = {"text": 1024 * 1024, "image": 24 * 1024 * 1024}
"""Bytes of a file that is looked at rather than saved."""

CAUSES = {
    "down": gettext_noop("Download"),
    "zip": gettext_noop("Download as ZIP"),
    "view": gettext_noop("View a file"),
    "up": gettext_noop("Upload"),
}
SEALED = "default-src 'none'; sandbox; frame-ancestors 'self'"


class Gone(Exception):
    """The browser went away, or the person pressed Stop."""


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
        state, told = Ticket.State.DONE, {}
        try:
            async with progress, connection(ticket) as live:
                await work(ticket, live, Request(scope, receive, progress), reply)
        except WireError as error:
            state, told = Ticket.State.FAILED, trouble(error)
            await reply.fail(error, language(scope))
        except Gone:
            state = Ticket.State.STOPPED
        except NotSatisfiable as error:
            await reply.say(416, "", {"content-range": f"bytes */{error.size}"})
        finally:
            handover.done(ticket, state, told, progress.done)
        if not progress.quiet:
            await progress.end(state, told)
        await reply.finish()


class Reply:
    """One HTTP answer, begun at most once."""

    def __init__(self, send) -> None:
        self._send = send
        self.begun = self.ended = False
        self.said: dict[str, str] = {}

    async def begin(self, status: int, headers: dict[str, str]) -> None:
        """Send the head."""
        self.begun, self.said = True, headers
        always = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in {**always, **headers}.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def body(self, raw: bytes) -> None:
        """Send bytes; waits while the browser takes none. Gone where it takes none for STALLED seconds."""
        try:
            async with asyncio.timeout(STALLED):
                await self._send({"type": "http.response.body", "body": raw, "more_body": True})
        except TimeoutError as error:
            raise Gone from error

    async def say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        """A whole answer in words."""
        raw = text.encode()
        sealed = {"content-security-policy": SEALED, "content-type": "text/plain; charset=utf-8"}
        await self.begin(status, {**sealed, "content-length": str(len(raw)), **(headers or {})})
        await self.body(raw)
        await self.finish()

    async def fail(self, error: WireError, language: str) -> None:
        """Say what went wrong, where nothing was said yet; a body that had begun just breaks off."""
        if not self.begun:
            status = 404 if isinstance(error, Refused) and error.code == "550" else 502
            status = 409 if error.params.get("cause") == "exists" else status
            with translation.override(language):
                text = spoken(error)
            await self.say(status, text)

    async def finish(self) -> None:
        """The answer is whole. One that broke off is left open: the server closes it, and the browser knows."""
        if self.begun and not self.ended:
            self.ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class Request:
    """What a transfer needs of the browser's request."""

    def __init__(self, scope, receive, progress: Progress) -> None:
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.method, self.progress = scope["method"], progress
        self._receive = receive

    async def gone(self) -> None:
        """Wait until the browser is no longer there."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; Gone where the browser breaks off, stalls, or the person pressed Stop."""
        while True:
            try:
                async with asyncio.timeout(STALLED):
                    message = await self._receive()
            except TimeoutError as error:
                raise Gone from error
            if message["type"] == "http.disconnect" or self.progress.stop:
                raise Gone
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return


class Progress:
    """Counts, tells the page once a second how far the file is, and hears whether it is to stop."""

    def __init__(self, ticket: Ticket, quiet: bool) -> None:
        self._ticket, self.quiet = ticket, quiet or ticket.direction == "view"
        self.done, self.stop = 0, False
        self._telling: asyncio.Task | None = None

    async def __aenter__(self) -> Progress:
        if not self.quiet:
            self._telling = asyncio.create_task(self._tell())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._telling:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def end(self, state: str, told: dict) -> None:
        """Write down how it ended."""
        await warm.database(self._write)(state=state, trouble=told, done=self.done)
        await self._news()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            self.stop = await warm.database(self._write)(done=self.done, size=self._ticket.size)
            await self._news()

    def _write(self, **values) -> bool:
        row = Ticket.objects.filter(pk=self._ticket.pk)
        row.update(**values)
        return row.filter(stop=True).exists()

    async def _news(self) -> None:
        try:
            await tell(self._ticket.person_id, "transfer", self._ticket.pk)
        except Exception:  # a channel layer that is away costs the news, not the file
            log.warning("files tabs could not be told of a transfer", exc_info=True)


@asynccontextmanager
async def connection(ticket: Ticket) -> AsyncIterator[warm.Live]:
    """The control connection for a ticket: a warm one of its site, or that of the command line it came from."""
    if ticket.line:
        async with handover.taken(ticket) as live:
            yield live
        return
    subject = ticket.names[0] if len(ticket.names) == 1 else ticket.folder
    async with warm.borrowed(ticket.site, CAUSES[ticket.direction], tab=ticket.tab, subject=subject) as live:
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
    """Carry what comes from the server to the browser, ``left`` bytes of it at most."""
    gone = asyncio.ensure_future(request.gone())
    try:
        while left != 0 and (chunk := await source.read()):
            if left is not None:
                chunk = chunk[:left]
                left -= len(chunk)
            await reply.body(chunk)
            request.progress.done += len(chunk)
            if gone.done() or request.progress.stop:
                reply.ended = True
                raise Gone
        if left and "content-length" in reply.said:
            reply.ended = True  # shorter than was said: the browser must not take it for whole
        elif left == 0:
            await drained(source)
    finally:
        gone.cancel()


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
    gone = asyncio.ensure_future(request.gone())
    try:
        async for raw in zipped.stream(live.session, ticket.folder, ticket.names):
            if not reply.begun:
                await reply.begin(200, headers_for(ticket))
            await reply.body(raw)
            request.progress.done += len(raw)
            if gone.done() or request.progress.stop:
                reply.ended = True
                raise Gone
    except WireError:
        reply.ended = True
        raise
    finally:
        gone.cancel()


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


def language(scope) -> str:
    """The language of the person who asks."""
    chosen = getattr(scope.get("user"), "language", "") or "en"
    return chosen if translation.check_for_language(chosen) else "en"

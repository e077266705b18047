"""One HTTP exchange of ``transfers``: what came of the browser's request, and the one answer that it gets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from protocols.errors import Refused, WireError
from webftp.progress import STALLED, Gone, Progress
from webftp.wording import noted, spoken
from webftp.zipped import NAMED

AHEAD = 16
"""Pieces of a body that are taken in while the server takes none, to see whether the browser is still there."""

SEALED = "default-src 'none'; sandbox; frame-ancestors 'self'"


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
        """Send bytes; waits while the browser takes none."""
        await self._send({"type": "http.response.body", "body": raw, "more_body": True})

    async def say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        """A whole answer in words."""
        raw = text.encode()
        sealed = {"content-security-policy": SEALED, "content-type": "text/plain; charset=utf-8"}
        async with asyncio.timeout(STALLED):
            await self.begin(status, {**sealed, "content-length": str(len(raw)), **(headers or {})})
            await self.body(raw)
            await self.finish()

    async def fail(self, error: WireError, language: str, note: dict[str, str]) -> None:
        """Say what went wrong (and ``note``), where nothing was said yet; a body that had begun just breaks off."""
        if not self.begun:
            status = 404 if isinstance(error, Refused) and error.code == "550" else 502
            status = 409 if error.params.get("cause") == "exists" else status
            with translation.override(language):
                text = "\n".join(filter(None, (spoken(error), noted(note))))
            await self.say(status, text)
        self.break_off()

    def break_off(self) -> None:
        """Let what was begun never end: the server closes it, and the browser knows that it is not whole."""
        self.ended = True

    async def finish(self) -> None:
        """The answer is whole."""
        if self.begun and not self.ended:
            self.ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class Request:
    """What a transfer needs of the browser's request."""

    def __init__(self, scope, receive, progress: Progress) -> None:
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.method, self.progress, self.language = scope["method"], progress, language(scope)
        self._receive = receive
        self._ahead: deque[dict] = deque()
        self._looking: asyncio.Task | None = None
        self._working = False

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Inside, a browser that goes away halts the transfer, also while that waits for the server."""
        if self.method == "PUT":
            self.progress.stalled = self._look_ahead
        else:
            self._looking = asyncio.create_task(self._gone())
        try:
            yield
        finally:
            await self._look_no_more()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; Gone where the browser breaks off, or the person pressed Stop."""
        while True:
            if self._looking is not None:
                await self._look_no_more()
            message = self._ahead.popleft() if self._ahead else await self._receive()
            if message["type"] == "http.disconnect" or self.progress.halted:
                raise Gone
            if message.get("body"):
                self._working = True
                yield message["body"]
                self._working = False
            if not message.get("more_body"):
                return

    def missing(self, left_out: list[str]) -> tuple[str, str]:
        """The file that says what a ZIP does not hold, in the person's language."""
        with translation.override(self.language):
            text = _(
                "These could not be put into the ZIP: links, names that cannot be read, or too many at once."
            )
            shown = "\n".join(left_out[:NAMED])
            more = ngettext("and %(count)s more", "and %(count)s more", len(left_out) - NAMED)
            rest = more % {"count": len(left_out) - NAMED} if len(left_out) > NAMED else ""
            return _("Not in this ZIP.txt"), "\n".join((text, "", shown, rest)).rstrip() + "\n"

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.progress.halt()

    def _look_ahead(self) -> None:
        """Nothing moves: whether the browser is still there only shows behind what it sent already."""
        if self._working and self._looking is None:
            self._looking = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        while len(self._ahead) < AHEAD:
            message = await self._receive()
            self._ahead.append(message)
            if message["type"] == "http.disconnect":
                self.progress.halt()
                return

    async def _look_no_more(self) -> None:
        if self._looking is not None:
            looking, self._looking = self._looking, None
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


def language(scope) -> str:
    """The language of the person who asks."""
    chosen = getattr(scope.get("user"), "language", "") or "en"
    return chosen if translation.check_for_language(chosen) else "en"

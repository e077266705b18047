"""One HTTP exchange of ``transfers``: what came of the browser's request, and the one answer that it gets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from django.utils import translation

from protocols.errors import Refused, WireError
from webftp.progress import STALLED, Gone, Progress
from webftp.wording import spoken

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

    async def fail(self, error: WireError, language: str) -> None:
        """Say what went wrong, where nothing was said yet; a body that had begun just breaks off."""
        if not self.begun:
            status = 404 if isinstance(error, Refused) and error.code == "550" else 502
            status = 409 if error.params.get("cause") == "exists" else status
            with translation.override(language):
                text = spoken(error)
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
        self.method, self.progress = scope["method"], progress
        self._receive = receive

    async def gone(self) -> None:
        """Wait until the browser is no longer there."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; Gone where the browser breaks off, or the person pressed Stop."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect" or self.progress.stop:
                raise Gone
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return


def language(scope) -> str:
    """The language of the person who asks."""
    chosen = getattr(scope.get("user"), "language", "") or "en"
    return chosen if translation.check_for_language(chosen) else "en"

"""The lab's web server, HTTP/1.0 and 1.1 (RFC 9110, 9112): h11 reads and frames, ``site`` answers.

It bounds what a client can cost: a request's head and body, the time each may take, silence between requests,
slow reading, requests on one connection.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any

import h11

from protocols.http.commands import methods
from protocols.http.replies import reason
from servers.http import site
from servers.http.conditional import conditioned, date
from servers.http.message import Asked, Reply
from servers.http.refusals import HEAD, Refused, hold, look, plain, why
from servers.service import Service

log = logging.getLogger("netlab.http")

BODY = 1024 * 1024
"""Bytes of a request's body; more is answered 413."""
SILENCE = 60.0
"""Seconds between two requests on one connection."""
HASTE = 30.0
"""Seconds in which a request's head has to come once it has begun, and then its body."""
SLOW = 60.0
"""Seconds in which a client must take what it is sent, piece by piece."""
LINGER = 1.0
"""Seconds for which a client that was refused may go on sending before it is cut off."""
MOST_REQUESTS = 1000
PIECE = 64 * 1024
NAME = "netlab"


class Conversation:
    """One connection. ``implicit`` is TLS from the first byte."""

    def __init__(
        self,
        service: Service,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        implicit: bool,
    ) -> None:
        self._service, self._reader, self._writer = service, reader, writer
        self._secure = implicit
        self._peer = str((writer.get_extra_info("peername") or ("?",))[0])
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD)
        self._count = 0
        self._done = self._busy = False

    async def run(self) -> None:
        """Answer request after request; never raises but for cancellation."""
        entry = self._service.sessions.enter("http", self._peer, self._end)
        try:
            if entry is None:
                await self._send(plain(503, "There are too many connections; try again later."), "GET")
                return
            while not self._done and self._count < MOST_REQUESTS and await self._exchange():
                self._next()
        except (ConnectionError, TimeoutError, ssl.SSLError, h11.LocalProtocolError) as error:
            log.debug("%s: the line was lost (%s)", self._peer, error)
        finally:
            self._service.sessions.leave(entry)
            self._writer.close()

    def _next(self) -> None:
        """Make ready for the next request; an empty line before one that came already is passed over as well."""
        self._h11.start_next_cycle()
        waiting, ended = self._h11.trailing_data
        if waiting.startswith((b"\r", b"\n")):
            self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD)
            if heard := waiting.lstrip(b"\r\n"):
                self._h11.receive_data(heard)
            if ended:
                self._h11.receive_data(b"")

    def _end(self, reason: str) -> None:
        # HTTP has no goodbye; a request that is being answered may end, and is told to be the last.
        self._done = True
        if not self._busy:
            self._writer.close()

    async def _exchange(self) -> bool:
        """One request and its answer; True where the connection may be used again."""
        method = "GET"
        try:
            request = await self._request()
            if request is None:
                return False
            self._busy, method = True, request.method.decode()
            self._count += 1
            reply = await self._answer(request, method)
        except Refused as refusal:
            await self._send(plain(refusal.code, str(refusal)), method)
            await self._linger()
            return False
        await self._send(reply, method)
        self._busy = False
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    async def _answer(self, request: h11.Request, method: str) -> Reply:
        if not request.http_version.startswith(b"1."):
            raise Refused(505, f"HTTP/{request.http_version.decode()} is not spoken here: 1.0 and 1.1 are.")
        hold(request)
        if method not in methods():
            return plain(501, f"This server does not know the method {method}.")
        if method == "CONNECT":
            return plain(405, "This server is no proxy.").with_fields(("Allow", ", ".join(site.ALLOWED)))
        asked = Asked(
            method=method,
            target=request.target.decode("latin-1"),
            fields=tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers.raw_items()),
            version=request.http_version.decode(),
            service=self._service,
            body=await self._body(request),
            peer=self._peer,
            count=self._count,
            secure=self._secure,
        )
        try:
            return conditioned(asked, await site.answer(asked))
        except Exception:
            log.exception("a page failed")
            return plain(500, "Something in this server broke; its log says what.")

    # Reading

    async def _request(self) -> h11.Request | None:
        """The next request's head; None where the client says nothing more."""
        ends = 0.0
        while True:
            event = self._event()
            if isinstance(event, h11.Request):
                return event
            if event is not h11.NEED_DATA:
                return None
            if not ends and self._h11.trailing_data[0]:
                ends = time.monotonic() + HASTE
            try:
                await self._receive(ends - time.monotonic() if ends else SILENCE)
            except TimeoutError as error:
                if not ends:
                    return None
                raise Refused(408, "The request did not come in time.") from error

    async def _body(self, request: h11.Request) -> bytes:
        announced = dict(request.headers).get(b"content-length", b"0")
        if int(announced) > BODY:
            raise Refused(413, f"A body may have {BODY} bytes at most.")
        expected = dict(request.headers).get(b"expect", b"").lower()
        if expected and expected != b"100-continue":
            raise Refused(417, "This server knows only the expectation 100-continue.")
        body, ends = bytearray(), time.monotonic() + HASTE
        while True:
            if self._h11.they_are_waiting_for_100_continue:
                early = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                await self._write(self._h11.send(early) or b"")
            event = self._event()
            if isinstance(event, h11.Data):
                body += event.data
                if len(body) > BODY:
                    raise Refused(413, f"A body may have {BODY} bytes at most.")
            elif event is h11.NEED_DATA:
                try:
                    await self._receive(ends - time.monotonic())
                except TimeoutError as error:
                    raise Refused(408, "The body did not come in time.") from error
            else:
                return bytes(body)

    def _event(self) -> Any:
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as error:
            code = error.error_status_hint
            raise Refused(code, why(code, str(error))) from error

    async def _receive(self, seconds: float) -> None:
        async with asyncio.timeout(max(0.01, seconds)):
            raw = await self._reader.read(PIECE)
        if self._h11.their_state is not h11.IDLE:
            self._h11.receive_data(raw)
            return
        # An empty line before a request is passed over (RFC 9112 section 2.2).
        waiting = self._h11.trailing_data[0]
        heard = raw if waiting else raw.lstrip(b"\r\n")
        if heard or not raw:
            self._h11.receive_data(heard)
        line, end, _ = (waiting + heard).partition(b"\n")
        if end:
            look(line)

    async def _linger(self) -> None:
        """Let a client that is still sending read the answer: a close with unread bytes would reset the
        connection and take the answer away from it (RFC 9112 section 9.6)."""
        if self._secure or self._writer.is_closing():
            return
        try:
            self._writer.write_eof()
        except OSError:
            return  # it has gone already
        async with asyncio.timeout(LINGER):
            for _ in range(BODY // PIECE):
                if not await self._reader.read(PIECE):
                    return

    # Saying

    async def _send(self, reply: Reply, method: str) -> None:
        if self._h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        silent = method == "HEAD" or reply.code in (204, 304)
        fields = [("Date", date(time.time())), ("Server", NAME), *reply.fields]
        if reply.kind and reply.code != 204:
            fields.append(("Content-Type", reply.kind))
        if reply.pieces is None and reply.code not in (204, 304):
            fields.append(("Content-Length", str(len(reply.body))))
        if self._done or reply.close or self._h11.their_state is not h11.DONE:
            # What was not read to its end is no place for the next request to begin.
            fields.append(("Connection", "close"))
        head = h11.Response(
            status_code=reply.code, headers=_bytes(fields), reason=reason(reply.code).encode()
        )
        out = self._h11.send(head) or b""
        if reply.pieces is not None and not silent:
            await self._write(out)
            await self._pieces(reply.pieces)
            out = b""
        elif reply.body and not silent:
            out += self._h11.send(h11.Data(data=reply.body)) or b""
        out += self._h11.send(h11.EndOfMessage(headers=_bytes(reply.trailers))) or b""
        await self._write(out)

    async def _pieces(self, pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            await self._write(self._h11.send(h11.Data(data=piece)) or b"")

    async def _write(self, raw: bytes) -> None:
        for at in range(0, len(raw), PIECE):
            self._writer.write(raw[at : at + PIECE])
            async with asyncio.timeout(SLOW):
                await self._writer.drain()


def _bytes(fields: Any) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in fields]

"""Servers that behave badly: real ones, on a loop in a thread of their own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Hostile:
    """Listens on a free port of loopback and lets ``speak`` talk to whoever comes; with TLS, if there is ``tls``."""

    def __init__(self, speak: Speak, tls: ssl.SSLContext | None = None) -> None:
        self.visits = 0
        self._speak = speak
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        opening = asyncio.start_server(self._visit, "127.0.0.1", 0, ssl=tls)
        self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._speak(reader, writer)
        writer.transport.abort()

    def stop(self) -> None:
        async def end() -> None:
            self._server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection and say nothing."""
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say a letter now and then, never a line."""
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer for ever: an IMAP server whose first answer never ends."""
    writer.write(b"* OK [CAPABILITY IMAP4rev1] welcome\r\n")
    while True:
        writer.write(b"* OK welcome\r\n" * 500)
        await writer.drain()


async def flood_smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The same in SMTP: a greeting of ever more lines."""
    while True:
        writer.write(b"220-welcome\r\n" * 500)
        await writer.drain()


async def one_long_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A greeting without an end."""
    writer.write(b"* OK 220 ")
    while True:
        writer.write(b"x" * 10_000)
        await writer.drain()


async def close_in_a_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begin a greeting and go."""
    writer.write(b"* OK 220 wel")
    await writer.drain()


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be a web server."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await reader.read()


def imap(answers: dict[bytes, bytes]) -> Speak:
    """An IMAP server that says ``answers[command]`` before its OK, and OK alone to any other command."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
        while line := await reader.readline():
            tag, _, rest = line.strip().partition(b" ")
            verb = rest.upper().removeprefix(b"UID ").split(b" ")[0]
            told = b"* CAPABILITY IMAP4rev1\r\n" if verb == b"CAPABILITY" else answers.get(verb, b"")
            writer.write(told + tag + b" OK done\r\n")
            await writer.drain()

    return speak

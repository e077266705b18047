"""Web servers that behave badly, by what they say, and how much patience the tests have with them."""

from __future__ import annotations

import asyncio

from protocols.login import Limits

QUICK = Limits(connect=2, idle=0.5, total=1.5, reply=700_000)
SOON = 20
"""Seconds within which everything here ends, on a busy machine too; the room's own patience would be minutes."""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def saying(*pieces: bytes, pause: float = 0.0, stay: bool = False):
    """A server that reads a head and says ``pieces``; then goes, or stays and says nothing more."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readuntil(b"\r\n\r\n")) and pieces:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            if not stay:
                writer.close()
                await writer.wait_closed()
                return

    return speak


def forever(first: bytes, piece: bytes, pause: float = 0.0):
    """A server that never ends its answer."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return speak

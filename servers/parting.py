"""Closing a connection so that its last word arrives."""

from __future__ import annotations

import asyncio
from contextlib import suppress

PATIENCE = 1.0
"""Seconds that a client is listened to after the last word."""

MOST = 1024 * 1024
"""Bytes of it that are taken, and thrown away."""


async def part(reader: asyncio.StreamReader, transport: asyncio.WriteTransport) -> None:
    """Close after the last word was written: our side first, then the whole, once the client has closed its own.

    A socket that is closed with input unread answers with RST instead of FIN (RFC 1122, 4.2.2.13), and an RST
    takes from the client what it has not read yet: the very line that says why it is sent away.
    """
    try:
        with suppress(OSError, RuntimeError):
            if transport.can_write_eof():  # TLS cannot
                transport.write_eof()
        taken = 0
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while taken < MOST and (raw := await reader.read(64 * 1024)):
                    taken += len(raw)
    finally:
        transport.close()

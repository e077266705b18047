"""The end of a web process: connections of its own get a goodbye, and what they said is saved (ASGI's lifespan)."""

from __future__ import annotations

import asyncio
from typing import Any

from transcripts.writer import close as save_transcripts
from webftp import warm


class Lifespan:
    """ASGI lifespan protocol 2.0: nothing to begin with, and an end."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            event = (await receive())["type"]
            if event == "lifespan.shutdown":
                await warm.close()
                await asyncio.to_thread(save_transcripts)
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return

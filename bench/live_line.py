"""How long a line takes from the wire to the browser's socket: letters sent by a real lab's pages, followed live.

``line_ms`` is from the moment a line crossed the wire (each carries it) to its arrival at a WebSocket that follows as
the dock does. The floor is a ping on the same socket, taken between two letters.
"""

from __future__ import annotations

import asyncio
import json
import re
import time

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect

from bench.pairs import row
from tests.netlab.test_lab import running
from tests.netlab.visitor import Visitor

ASKED = 100.0
"""Milliseconds, at the 95th percentile, that issue 2 asks for."""
PASSWORD, TAB = "correct horse battery", "0123456789abcdef"
EPOCH = re.compile(r'data-epoch="([0-9.]+)"')


def measure(letters: int = 40) -> dict[str, dict[str, float]]:
    """Return median, p95, floor (ms) and ratio of the lines of ``letters`` letters."""
    with running(settings.DATA, NETLAB_DEMO_PASSWORD=PASSWORD) as lab:
        ann = Visitor(lab.web, "ann", PASSWORD)
        took, least = asyncio.run(_follow(lab.web, ann, letters))
    return {"line_ms": row(took, least, ASKED)}


async def _follow(port: int, ann: Visitor, letters: int) -> tuple[list[float], list[float]]:
    took: list[float] = []
    least: list[float] = []
    headers = {"Cookie": ann.cookie}
    address = f"ws://127.0.0.1:{port}/ws/wire/"
    async with connect(address, additional_headers=headers, origin=f"http://127.0.0.1:{port}") as socket:
        await socket.send(json.dumps({"type": "hello", "tab": TAB}))
        ended = asyncio.Queue()
        listening = asyncio.create_task(_listen(socket, took, ended))
        for number in range(letters):
            await asyncio.to_thread(ann.send, "ben@lab.test", f"letter {number}", tab=TAB)
            async with asyncio.timeout(30):
                await ended.get()
            start = time.perf_counter()
            await (await socket.ping())
            least.append((time.perf_counter() - start) * 1000)
            if number == 0:
                took.clear()  # the first letter warms worker and page
        listening.cancel()
    return took, least


async def _listen(socket: ClientConnection, took: list[float], ended: asyncio.Queue) -> None:
    """Follow every transcript as the dock does; tell ``ended`` of each Send that is over."""
    following: set[int] = set()
    over: set[int] = set()
    async for text in socket:
        now = time.time()
        told = json.loads(text)
        if told["type"] == "lines":
            took += [(now - float(epoch)) * 1000 for epoch in EPOCH.findall(told["html"])]
        if told["type"] != "transcript":
            continue
        pk = told["transcript"]
        if pk not in following:
            following.add(pk)
            await socket.send(json.dumps({"type": "follow", "transcript": pk, "after": 0}))
        if told.get("ended") and pk not in over:
            over.add(pk)
            if "rcpt" in dict(told["states"]):  # SMTP's, and not the copy that goes to Sent
                ended.put_nowait(pk)

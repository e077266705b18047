"""Lessons: how an answer travels. In chunks, on a connection that stays or ends, late, early, and in many bytes."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator

from servers.http.message import TEXT, Asked, Reply
from servers.http.page import BACK, label, page

SLOWEST, MOST_CHUNKS, MOST_BYTES = 10.0, 50, 1024 * 1024


def chunked(asked: Asked) -> Reply:
    """``/chunked?n=5``: a body whose length nobody knows when it begins."""
    count = _number(asked.asked("n"), 5, MOST_CHUNKS)

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(1, count + 1):
            yield f"This is piece {number} of {count}, made {time.strftime('%H:%M:%S', time.gmtime())} UTC.\n".encode()
            await asyncio.sleep(0.1 if number < count else 0)

    return Reply(kind=TEXT, pieces=pieces(), fields=(("Cache-Control", "no-store"),))


def connection(asked: Asked) -> Reply:
    """``/connection``: how often this connection has been used."""
    text = (
        f'<p class="big">{asked.count}</p><p>So many requests came on this very connection, this one included. '
        "In HTTP/1.1 it stays open unless one side says <code>Connection: close</code>; in HTTP/1.0 each request "
        'had one of its own.</p><p><a href="/connection">Ask again</a> · <a href="/connection/close">Ask, and let '
        f"the server close</a></p>{BACK}"
    )
    return page("This connection", text).with_fields(("Cache-Control", "no-store"))


def connection_close(asked: Asked) -> Reply:
    """``/connection/close``: the server ends the connection after its answer."""
    text = (
        f"<p>With this answer the server closes the connection: the next request needs a new one.</p>{BACK}"
    )
    reply = page("The last on this connection", text, close=True)
    return reply.with_fields(("Cache-Control", "no-store"))


async def slow(asked: Asked) -> Reply:
    """``/slow?seconds=3``: an answer that takes its time, ten seconds at most."""
    seconds = _number(asked.asked("seconds"), 3, int(SLOWEST))
    await asyncio.sleep(seconds)
    return page("Slow", f"<p>This took {seconds} seconds. Nothing was sent meanwhile.</p>{BACK}")


def early(asked: Asked) -> Reply:
    """``/early``: a page that names what it will need (Link)."""
    return page("Named early", BACK).with_fields(("Link", "</style.css>; rel=preload; as=style"))


def some_bytes(asked: Asked) -> Reply:
    """``/bytes/1000``: so many bytes, the same each time, to ask for parts of."""
    text = asked.path.removeprefix("/bytes/")
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) > MOST_BYTES:
        return page("No such size", f"<p>A number up to {MOST_BYTES}.</p>", 404)
    body = random.Random(int(text)).randbytes(int(text))  # noqa: S311  (no secret: a lesson's filling)
    return Reply(body=body, kind="application/octet-stream", etag=label(body), ranges=True)


def _number(text: str, default: int, most: int) -> int:
    return min(int(text), most) if re.fullmatch(r"[0-9]{1,6}", text) else default

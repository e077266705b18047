"""The only publisher: tells viewers that lines were saved. What is lost here, viewers find in the database.

A loop in a thread of its own holds the channel layer's connections, for the layer's belong to a loop and our
callers are threads of Celery, of the gateway and of tests.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)
MOST_UNDER_WAY = 500
_lock = threading.Lock()
_room = threading.BoundedSemaphore(MOST_UNDER_WAY)
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def lines_saved(conversations: dict[int, int]) -> None:
    """Lines of each conversation, up to a number, are in the database."""
    _send(
        *(
            (f"conversation.{pk}", {"type": "lines.saved", "conversation": pk, "upto": upto})
            for pk, upto in conversations.items()
        )
    )


def transcript_changed(owner: int, transcript: int) -> None:
    """A transcript of ``owner`` began, ended, or got news."""
    _send((f"person.{owner}", {"type": "transcript.changed", "transcript": transcript}))


def person_gone(person: Any, **_: Any) -> None:
    """``person`` was disabled: their sockets close at once."""
    _send((f"person.{person.pk}", {"type": "person.gone"}))


def close() -> None:
    """Send what is under way and end the thread with the layer's connections; the next news begins it anew."""
    global _loop, _thread
    with _lock:
        loop, thread, _loop, _thread = _loop, _thread, None, None
    if loop is None or thread is None:
        return
    with suppress(TimeoutError):
        asyncio.run_coroutine_threadsafe(_all_sent(), loop).result(3)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(3)
    if not thread.is_alive():
        loop.close()  # the layer listens to that, and closes its connections


async def _all_sent() -> None:
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


def _send(*messages: tuple[str, dict[str, Any]]) -> None:
    if not _room.acquire(blocking=False):
        return  # a layer that hangs costs time, not memory: viewers look into the database by themselves
    try:
        future = asyncio.run_coroutine_threadsafe(_group_send(messages), _running_loop())
    except RuntimeError:  # the interpreter is ending
        _room.release()
        return
    future.add_done_callback(_done)


async def _group_send(messages: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    async with asyncio.timeout(2):
        for group, message in messages:
            await layer.group_send(group, message)


def _done(future: Any) -> None:
    _room.release()
    if not future.cancelled() and future.exception():
        log.warning("not published, viewers will look by themselves: %r", future.exception())


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop, _thread
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_loop.run_forever, name="live", daemon=True)
            _thread.start()
        return _loop

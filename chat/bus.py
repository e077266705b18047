"""Between processes: orders from the web's processes to the gateway, news from the gateway to each of them.

Redis' publish and subscribe carry text and keep nothing: what may not be lost is a row before it is told, an order is
answered, and each bundle of news has a number, so that a web process that missed one knows and looks anew.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from functools import cache
from typing import Any

import redis
import redis.asyncio
from django.conf import settings

log = logging.getLogger(__name__)
ORDERS, NEWS = "netlab.chat.orders", "netlab.chat.news"
PATIENCE = 2.0


def order(what: str, **values: Any) -> bool:
    """Tell the gateway from a view or a signal; False where nobody listens (rows say the same to it in a moment)."""
    return _publish(ORDERS, json.dumps({"do": what, **values}))


def tell(items: list[dict[str, Any]]) -> bool:
    """Tell every web process something that is no news of the gateway's (from a view or a signal)."""
    return _publish(NEWS, json.dumps({"items": items}))


def publish(text: str) -> None:
    """Send a bundle of news; redis.RedisError where that fails. For the gateway's writer, in its thread."""
    _client(settings.REDIS_URL).publish(NEWS, text)


def person_gone(person: Any, **_: Any) -> None:
    """``person`` was disabled: sockets and connections close at once."""
    order("gone", person=person.pk)
    tell([{"people": [person.pk], "gone": True}])


class Line:
    """An asyncio process' end of the bus; it comes back by itself when Redis was away."""

    def __init__(self) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=PATIENCE
        )

    async def send(self, topic: str, text: str) -> int:
        """Publish; return how many processes heard it, 0 where Redis is away."""
        try:
            return int(await asyncio.wait_for(self._redis.publish(topic, text), PATIENCE))
        except (redis.RedisError, OSError, TimeoutError) as error:
            log.warning("the bus took nothing: %s", type(error).__name__)
            return 0

    async def listen(self, topic: str, take: Callable[[str], None], up: Callable[[], None]) -> None:
        """Hand every text of ``topic`` to ``take`` until cancelled; ``up`` is called whenever listening begins."""
        while True:
            try:
                await self._listen(topic, take, up)
            except (redis.RedisError, OSError) as error:
                log.warning("the bus is away: %s", type(error).__name__)
            await asyncio.sleep(0.5)

    async def _listen(self, topic: str, take: Callable[[str], None], up: Callable[[], None]) -> None:
        async with self._redis.pubsub() as heard:
            await heard.subscribe(topic)
            up()
            async for message in heard.listen():
                if message["type"] == "message":
                    try:
                        take(message["data"].decode())
                    except Exception:  # one bad text must not end the listening
                        log.exception("a text of the bus was not understood")

    async def close(self) -> None:
        await self._redis.aclose()


def _publish(topic: str, text: str) -> bool:
    try:
        return bool(_client(settings.REDIS_URL).publish(topic, text))
    except redis.RedisError as error:
        log.warning("the bus took nothing: %s", type(error).__name__)
        return False


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)

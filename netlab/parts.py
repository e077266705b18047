"""The parts that beat: worker and gateway say every few seconds in Redis that they are alive."""

from __future__ import annotations

import logging
import threading
import time

import redis
from django.conf import settings

LIFE = 15
"""Seconds after its last beat at which a part counts as down."""
BEAT = 3
"""Seconds between two beats."""

log = logging.getLogger(__name__)


def beat(name: str, stop: threading.Event) -> threading.Thread:
    """Beat for the part ``name`` on a thread of its own until ``stop`` is set; returns the thread, started."""
    thread = threading.Thread(target=_beat, args=(name, stop), name=f"beat-{name}", daemon=True)
    thread.start()
    return thread


def alive(name: str) -> bool:
    """Say whether part ``name`` beat within the last LIFE seconds; redis.RedisError where the broker is down."""
    return bool(_broker().exists(_key(name)))


def broker_answers() -> bool:
    """Say whether the broker answers a PING."""
    return bool(_broker().ping())


def _beat(name: str, stop: threading.Event) -> None:
    broker = _broker()
    while not stop.is_set():
        try:
            broker.set(_key(name), int(time.time()), ex=LIFE)
        except redis.RedisError as error:
            log.warning("%s could not say that it is alive: %s", name, error)
        stop.wait(BEAT)


def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def _key(name: str) -> str:
    return f"netlab:alive:{name}"

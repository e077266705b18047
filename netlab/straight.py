"""What is told to a whole class goes to each socket by the server's own ``send``, past the session's middleware.

Channels' session looks before each frame whether the session changed and has to be stored; its handshake, its session
and its routing stay as they are. A consumer finds the server's ``send`` in its scope under ``SEND``.
"""

from __future__ import annotations

from typing import Any

SEND = "netlab.send"


class Straight:
    """Stands outside ``AuthMiddlewareStack``, whose session it passes by."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await self._app({**scope, SEND: send}, receive, send)

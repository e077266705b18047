"""Who may open a WebSocket: pages of this very site, whatever name it was opened by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier


class SameOrigin:
    """Let a socket in whose ``Origin`` names the host and port of its ``Host``; refuse the rest with 403.

    A socket carries the person's cookie from whatever page opens it (RFC 6455, section 10.2). Channels' own
    AllowedHostsOriginValidator checks nothing here, for the lab is opened by any name (ALLOWED_HOSTS is ``*``).
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        inner = self.application if same(scope["headers"]) else WebsocketDenier()
        return await inner(scope, receive, send)


def same(headers: list[tuple[bytes, bytes]]) -> bool:
    """Say whether there is one Origin and one Host among ``headers`` (names in lower case), for one host and port."""
    origins = [value for name, value in headers if name == b"origin"]
    hosts = [value for name, value in headers if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1 or not hosts[0]:
        return False
    try:
        origin = urlsplit(origins[0].decode("ascii"))
        host = hosts[0].decode("ascii")
    except ValueError:
        return False
    return origin.scheme in ("http", "https") and origin.netloc.lower() == host.lower()

"""The whole site in this process: uvicorn on a free port over the test's database, as `make lab` serves it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

from netlab.asgi import application, pages
from netlab.uploads import Protocol
from tests.servers.embedded import wait_until


class _Site:
    """Static files from where they lie in the sources, the rest as in netlab.asgi."""

    def __init__(self) -> None:
        self._static = ASGIStaticFilesHandler(pages)

    async def __call__(self, scope, receive, send):
        whole = scope["type"] == "http" and scope["path"].startswith("/static/")
        await (self._static if whole else application)(scope, receive, send)


@contextmanager
def site() -> Iterator[str]:
    """Serve until the block ends; yields the address, ``http://localhost:port``."""
    server = uvicorn.Server(
        uvicorn.Config(
            _Site(),
            "127.0.0.1",
            0,
            http=Protocol,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, 30)
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)

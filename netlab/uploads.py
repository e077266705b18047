"""How the web process takes a request's body: uvicorn's HTTP, with uploads handed on as they were read.

uvicorn copies each piece of a body twice and stops the socket after every one, for its limit, 64 KiB, is less than
one read (256 KiB): a sixth of what an upload costs the process. ``uvicorn --http netlab.uploads:Protocol`` leaves
both out; everything else is uvicorn's own, and without this file all works as before, only slower.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WEB = ["netlab.asgi:application", "--http", "netlab.uploads:Protocol"]
"""What uvicorn serves in a lab, and how."""

WAITING = 512 * 1024
"""Bytes of a body that may wait for the application before the browser has to."""


class Protocol(HttpToolsProtocol):
    """One connection of a browser."""

    cycle: Any

    def on_body(self, body: bytes) -> None:
        cycle = self.cycle
        if cycle.body or cycle.response_complete or self.parser.should_upgrade():
            super().on_body(body)
            return
        cycle.body = body
        if len(body) > WAITING:
            self.flow.pause_reading()
        cycle.message_event.set()

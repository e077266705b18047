"""The console against the embedded servers, and against a server that a test scripts byte by byte."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async

from accounts.models import Server
from console.consumers import ConsoleConsumer
from tests.chromium import chromium, tab  # noqa: F401
from tests.servers.embedded import EmbeddedLab


@pytest.fixture
def lab(transactional_db, tmp_path, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    running = EmbeddedLab(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def ann(lab):
    return lab.person("ann")


class Console(ApplicationCommunicator):
    """A browser's side of the socket. ``lines`` are all that were shown so far."""

    def __init__(self, person):
        super().__init__(
            ConsoleConsumer.as_asgi(),
            {"type": "websocket", "path": "/ws/console/", "query_string": b"", "headers": [], "user": person},
        )
        self.lines, self.told, self.hint, self.partial = [], [], {}, None

    async def open(self, server, security="plain"):
        await self.send_input({"type": "websocket.connect"})
        assert (await self.receive_output(10))["type"] == "websocket.accept"
        await self.put(type="open", server=server.pk, security=security, tab="0123456789abcdef")
        return self

    async def put(self, **message):
        await self.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def say(self, *lines, **more):
        for text in lines:
            await self.put(type="say", text=text, **more)

    async def until(self, true, seconds=10):
        """Take what is told until ``true()``; returns what it answered."""
        async with asyncio.timeout(seconds):
            while not (answer := true()):
                self.take(await self.receive_output(seconds))
            return answer

    def take(self, event):
        if event["type"] == "websocket.close":
            self.told.append({"type": "socket-closed", "code": event["code"]})
            return
        told = json.loads(event["text"])
        self.told.append(told)
        if told["type"] == "lines":
            self.lines += told["items"]
            self.hint, self.partial = told["hint"], told["partial"]

    def texts(self, who=""):
        return [text(line) for line in self.lines if line["who"] == who or not who]

    async def seen(self, part, who="", seconds=10):
        """Wait for a line that holds ``part`` and return it."""
        return await self.until(
            lambda: next(
                (one for one in self.lines if part in text(one) and one["who"] == (who or one["who"])), None
            ),
            seconds,
        )

    async def closed(self, seconds=10):
        return await self.until(
            lambda: next((one for one in self.told if one["type"] == "closed"), None), seconds
        )

    async def leave(self):
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(10)


def text(line):
    return "".join(f"[{what}]" if kind == "hidden" else str(what) for kind, what in line["pieces"])


@pytest.fixture
async def console(lab):
    """Opens consoles, and leaves them at the end."""
    opened = []

    async def open_console(person, protocol="smtp", security="plain", server=None):
        row = server or await database_sync_to_async(Server.objects.get)(protocol=protocol, lab=True)
        opened.append(await Console(person).open(row, security))
        return opened[-1]

    yield open_console
    for one in opened:
        await one.leave()


@pytest.fixture
async def scripted(lab):
    """A server on a free port that behaves as a coroutine says, and its row."""

    class Door:
        def __init__(self):
            self.heard, self.server = bytearray(), None

        async def open(self, behave, protocol="smtp"):
            async def met(reader, writer):
                try:
                    await behave(reader, writer)
                except ConnectionError:
                    pass
                finally:
                    writer.close()

            self.server = await asyncio.start_server(met, "127.0.0.1", 0)
            return await database_sync_to_async(Server.objects.create)(
                protocol=protocol, name="odd", host="odd.test", address="127.0.0.1", security="plain",
                port=self.server.sockets[0].getsockname()[1],
            )  # fmt: skip

    door = Door()
    yield door
    if door.server:
        door.server.close()

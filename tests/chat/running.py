"""The chat room while it runs, in a thread of the test's process: gateway, hub, sockets; over a Redis of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from asgiref.testing import ApplicationCommunicator

from accounts.models import Login, Server, User
from chat import bus, gateway, presence
from chat.consumers import ChatConsumer
from chat.models import Network, Talk
from netlab.broker import Broker

WAIT = 30.0
"""Patience on a machine that is busy: whoever waits goes on as soon as it has come about."""


def wait_until(true: Callable[[], Any], seconds: float = WAIT) -> Any:
    """Return what ``true`` answers as soon as it is not empty; AssertionError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := true():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"did not come about within {seconds} s")


def redis_server(broker: Broker) -> subprocess.Popen[bytes]:
    """Start the lab's private Redis."""
    process = subprocess.Popen(broker.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin
    process.stdin.write(broker.config)
    process.stdin.close()
    return process


class Running:
    """``server`` is the row of the IRC server; people are made with ``person``, their tabs with ``tab``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tabs: list[Tab] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._gateway: Any = None
        self.start_gateway()

    def do(self, work: Any, seconds: float = 30) -> Any:
        """Run something in the loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def running_loop(self, work: Callable[[], Any]) -> None:
        """Call something in the loop."""
        self._loop.call_soon_threadsafe(work)

    def start_gateway(self) -> None:
        self._stop = asyncio.Event()
        self._gateway = asyncio.run_coroutine_threadsafe(gateway.run(self._stop), self._loop)

    def stop_gateway(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._gateway.result(20)

    def stop(self) -> None:
        for tab in list(self.tabs):
            tab.close()
        self.stop_gateway()
        self.do(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def person(self, name: str, connected: bool = True) -> User:
        """Make somebody with a login; connected and in #lab, unless told otherwise."""
        person = User.objects.filter(username=name).first() or User.objects.create_user(name, password="site")
        if not Login.objects.filter(person=person, server=self.server).exists():
            login = Login(person=person, server=self.server, user_name=name)
            login.secret = f"{name}-secret-1"
            login.save()
        if connected:
            network = presence.visit(person, self.server)
            if not self.server.lab:
                presence.join(network, "#lab")
                # As the page does, for the gateway may have looked before.
                bus.order("windows", network=network.pk)
            self.is_inside(person, "#lab")
        return person

    def is_inside(self, person: User, channel: str) -> Talk:
        """Wait until the person's connection is in the channel; return its talk."""
        rows = Talk.objects.filter(
            windows__network__person=person, windows__inside=True, folded=channel, server=self.server
        )
        try:
            return wait_until(rows.first)
        except AssertionError as error:
            raise AssertionError(list(Network.objects.values())) from error

    def state(self, person: User, state: str) -> Network:
        """Wait until the person's network stands so."""
        return wait_until(Network.objects.filter(person=person, server=self.server, state=state).first)

    def tab(self, person: User) -> Tab:
        """Open a tab of the person's."""
        return Tab(self, person)


class Tab:
    """A browser's end of the socket: what it was told stands in ``told``, in order."""

    def __init__(self, running: Running, person: User) -> None:
        self.running, self.person = running, person
        self.told: list[dict[str, Any]] = []
        self.closed = 0
        self._number = 0
        running.tabs.append(self)
        running.do(self._open())

    async def _open(self) -> None:
        scope = {"type": "websocket", "path": "/ws/chat/", "query_string": b"", "headers": [], "cookies": {}}
        self._socket = ApplicationCommunicator(ChatConsumer.as_asgi(), scope | {"user": self.person})
        await self._socket.send_input({"type": "websocket.connect"})
        first = await self._socket.receive_output(10)
        if first["type"] == "websocket.close":
            self.closed = first["code"]
            return
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            event = await self._socket.receive_output(1e6)
            if event["type"] == "websocket.close":
                self.closed = event.get("code", 1000)
                return
            self.told.extend(json.loads(event["text"]))

    def say(self, talk: Talk, text: str, seconds: float = WAIT) -> dict[str, Any]:
        """Say something in a talk; return how it was answered within ``seconds``: taken or refused."""
        number = self.say_nowait(talk, text)
        return self.hear(lambda one: one["told"] in ("taken", "refused") and one["n"] == number, seconds)

    def say_nowait(self, talk: Talk, text: str) -> int:
        self._number += 1
        self.send(do="say", c=talk.pk, text=text, n=self._number)
        return self._number

    def send(self, **told: Any) -> None:
        text = json.dumps(told)
        self.running.do(self._socket.send_input({"type": "websocket.receive", "text": text}))

    def hear(self, is_it: Callable[[dict[str, Any]], Any], seconds: float = WAIT) -> dict[str, Any]:
        """Wait until something like that was told; return the first of it."""
        return wait_until(lambda: next((one for one in list(self.told) if is_it(one)), None), seconds)

    def lines(self, text: str) -> list[dict[str, Any]]:
        """The messages of that text that this tab was told."""
        return [one for one in list(self.told) if one["told"] == "line" and one["x"] == text]

    def hears(self, text: str) -> dict[str, Any]:
        """Wait for a message of that text."""
        return self.hear(lambda one: one["told"] == "line" and one["x"] == text)

    def close(self) -> None:
        if self in self.running.tabs:
            self.running.tabs.remove(self)
        if not self.closed:
            self.running.do(self._end())

    async def _end(self) -> None:
        await self._socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._socket.wait(5)
        self._reading.cancel()

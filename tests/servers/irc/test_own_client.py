"""netlab's own client at the lab's server: what others say is handed on as it comes, and nothing is overtaken."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import replace

import pytest

from protocols.errors import TooMuch, WireError
from protocols.events import Crossed
from protocols.irc import client
from protocols.irc.events import Identity, Joined, Left, Said, Topic
from protocols.login import Address


class Listener:
    """A session in #a. ``order`` is what it heard, ``at_once`` what of that came before it was read."""

    def __init__(self, port: int, limits=client.LIMITS) -> None:
        self.order: list[str] = []
        self.at_once: list[str] = []
        self.events: list = []
        self._port, self._limits = port, limits

    async def come(self) -> None:
        address = Address("irc", "localhost", "127.0.0.1", self._port, "none")
        identity = Identity("own", "own", "netlab's own")
        self.session, _ = await client.connect(address, self.events.append, identity, self._limits)
        self.session.hear(lambda said: said.target == "#a", self._hear)
        await self.session.send("JOIN", "#a")
        self._reading = asyncio.create_task(self._read())
        await self.until(lambda: "join own" in self.order)

    async def until(self, true) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.01)

    async def end(self) -> None:
        await self.session.close()
        with suppress(WireError):
            await self._reading

    def raw(self) -> bytes:
        return b"".join(one.raw for one in self.events if isinstance(one, Crossed) and one.speaker == "S")

    def _hear(self, said: Said) -> None:
        self.order.append(said.text)
        self.at_once.append(said.text)

    async def _read(self) -> None:
        while True:
            for event in await self.session.read():
                if isinstance(event, Said):
                    self.order.append(event.text)
                elif isinstance(event, Topic | Joined | Left):
                    await asyncio.sleep(0.05)  # whoever hears it asks the database, and has it heard then
                    kind = {Topic: "topic", Joined: "join", Left: "left"}[type(event)]
                    self.order.append(f"{kind} {getattr(event, 'text', '') or event.source.nick}")


@pytest.fixture
def listened(mail_lab):
    """Run a conversation with a Listener there: ``listened(talk)``; return the Listener."""

    def run(talk, limits=client.LIMITS):
        async def whole():
            listener = Listener(mail_lab.ports.irc, limits)
            await listener.come()
            try:
                await talk(listener)
            finally:
                await listener.end()
            return listener

        return asyncio.run(whole())

    return run


def test_what_others_say_is_heard_as_it_comes_and_overtakes_nothing(come, listened):
    dan = come("dan")
    dan.asked("JOIN #a")
    lines = [
        "PRIVMSG #a :one", "TOPIC #a :first", "PRIVMSG #a :two", "PRIVMSG #a :three", "PART #a", "JOIN #a",
        "PRIVMSG #a :four",
    ]  # fmt: skip
    said = ["one", "topic first", "two", "three", "left dan", "join dan", "four"]

    async def talk(listener):
        begin = len(listener.order)
        await asyncio.to_thread(dan.asked, "MODE #a", "TOPIC #a :before")
        await listener.until(lambda: "topic before" in listener.order)
        for line in lines:
            await asyncio.to_thread(dan.asked, line)
        await listener.until(lambda: "four" in listener.order)
        assert [one for one in listener.order[begin + 1 :] if not one.startswith("topic own")] == said
        await asyncio.to_thread(dan.asked, "PRIVMSG #a :alone")
        await listener.until(lambda: "alone" in listener.order)
        assert "alone" in listener.at_once

    listener = listened(talk)
    recorded = re.findall(rb"PRIVMSG #a :?(\w+)\r\n", listener.raw())
    assert recorded == [b"one", b"two", b"three", b"four", b"alone"]


def test_lines_that_come_in_one_piece_are_heard_in_their_order(come, listened):
    dan = come("dan")
    dan.asked("JOIN #a")
    words = [f"word {number}" for number in range(20)]

    async def talk(listener):
        await asyncio.to_thread(
            dan.wire.send, b"".join(b"PRIVMSG #a :%s\r\n" % one.encode() for one in words)
        )
        await listener.until(lambda: words[-1] in listener.order)

    assert [one for one in listened(talk).order if one in words] == words


def test_words_that_come_keep_the_connection_and_silence_ends_it(come, listened):
    dan = come("dan")
    dan.asked("JOIN #a")

    async def talk(listener):
        for number in range(8):
            await asyncio.to_thread(dan.asked, f"PRIVMSG #a :word {number}")
            await asyncio.sleep(0.1)
        assert not listener._reading.done()
        await listener.until(listener._reading.done)
        assert isinstance(listener._reading.exception(), TooMuch)

    # (The first may still find the server's words about the channel before it.)
    assert len(listened(talk, replace(client.LIMITS, idle=0.5)).at_once) >= 7

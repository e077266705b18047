"""An IRC connection: the one place where this protocol does I/O, over ``protocols.stream``.

A Session reads lines, lets ``state.Connection`` understand them, answers what must be answered at once, and hands
the events on. What people say goes out by ``send`` and ``say``, both of which refuse CR, LF and NUL.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from protocols import stream
from protocols.errors import Garbled, TooMuch
from protocols.events import Sink
from protocols.irc.events import Event, Failed, Identity, Said
from protocols.irc.grammar import (
    MAX_BYTES,
    MAX_CLIENT_TAGS,
    MAX_TAGS,
    format_message,
)
from protocols.irc.pieces import room_for_text, split_text
from protocols.irc.state import Connection
from protocols.login import Address, Limits

LIMITS = Limits(connect=10.0, idle=180.0, total=math.inf, line=MAX_TAGS + 4 * MAX_BYTES, reply=1 << 62)
"""A connection of days: no bound on the whole; silence is bounded, for whoever waits also sends PINGs."""

CAP_PATIENCE = 4.0
"""Seconds after which a server that does not answer CAP is taken for one that knows none."""

REGISTER = 45.0
"""Seconds that registration may take in all."""


async def connect(
    address: Address, sink: Sink, identity: Identity, limits: Limits = LIMITS
) -> tuple[Session, list[Event]]:
    """Connect and register; return the session and what the server told until it was ready.

    Unreachable, TlsFailed; Refused with the server's words (SASL, a ban, no nick free, ERROR); TooMuch in time.
    """
    session = Session(await stream.connect(address, sink, limits), Connection(identity), limits)
    try:
        async with asyncio.timeout(REGISTER):
            return session, await session.register()
    except TimeoutError as error:
        await session.close()
        raise TooMuch("registration took too long", cause="total-time", seconds=int(REGISTER)) from error
    except BaseException:
        await session.close()
        raise


class Session:
    """A registered connection. ``state`` is who and where we are; it must not be changed from outside."""

    def __init__(self, wire: stream.Stream, state: Connection, limits: Limits) -> None:
        self.state = state
        self._wire, self._limits = wire, limits
        self._rest = b""
        self._label = 0
        self._reading = False
        self._writing = asyncio.Lock()

    async def register(self) -> list[Event]:
        """Say CAP, SASL or PASS, NICK and USER until the server is ready (376 or 422)."""
        self.state.begin()
        await self._answer()
        giving_up = asyncio.get_running_loop().call_later(CAP_PATIENCE, self._no_cap)
        events: list[Event] = []
        try:
            while not self.state.ready:
                events += await self.read()
                for event in events:
                    if isinstance(event, Failed):
                        raise event.error
        finally:
            giving_up.cancel()
        return events

    async def read(self) -> list[Event]:
        """Wait for bytes and return what they told (perhaps nothing); errors as ``stream``'s.

        A ``Failed`` among the events is the last that the server had to say.
        """
        self._reading = not self._rest
        try:
            raw = await self._wire.read()
        finally:
            self._reading = False
        lines = (self._rest + raw).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > self._limits.line or any(len(line) > self._limits.line for line in lines):
            raise TooMuch("a line is too long", cause="line", bytes=self._limits.line)
        events = [event for line in lines for event in self.state.feed(line)]
        if self.state.out:
            await self._answer()
        return events

    def hear(self, may: Callable[[Said], bool], take: Callable[[Said], None]) -> None:
        """Hand what others say to ``take`` the moment it comes, where ``may`` agrees and somebody waits in ``read``.

        Nothing is overtaken: it is done only where all that came before was read.
        """

        def understood(raw: bytes) -> list[Said] | None:
            lines = raw.split(b"\n")
            if not self._reading or lines.pop() or len(raw) > self._limits.line:
                return None
            found = [said for line in lines if (said := self.state.said_to_all(line)) and may(said)]
            return found if len(found) == len(lines) else None

        def take_all(found: list[Said]) -> None:
            for said in found:
                take(said)

        self._wire.listen(understood, take_all)

    async def send(self, command: str, *params: str, tags: dict[str, str | None] | None = None) -> None:
        """Say one line. Garbled where a value may not stand in it, or where it is longer than 512 bytes."""
        await self.write([line(command, *params, tags=tags)])

    async def write(self, lines: list[bytes]) -> None:
        """Say lines that ``line`` made."""
        async with self._writing:
            await self._wire.write(b"".join(lines))

    def pieces(self, command: str, target: str, text: str, beside: int = 0) -> list[str]:
        """Cut ``text`` so that each piece fits into 512 bytes as others get it, never inside a character.

        ``beside`` are bytes that stand beside each piece (CTCP's marks).
        """
        return split_text(text, room_for_text(command, target, self.state.source) - beside)

    def label(self) -> dict[str, str | None] | None:
        """A fresh label tag (labeled-response); None where the server knows none."""
        if "labeled-response" not in self.state.caps:
            return None
        self._label += 1
        return {"label": f"n{self._label}"}

    async def close(self) -> None:
        """Close at once; whoever reads gets Unreachable(cause="cancelled")."""
        await self._wire.close()

    def _no_cap(self) -> None:
        self.state.give_up_cap()
        if self.state.out:
            self._task = asyncio.ensure_future(self._answer())

    async def _answer(self) -> None:
        lines, self.state.out = self.state.out, []
        await self.write(lines)


def line(command: str, *params: str, tags: dict[str, str | None] | None = None) -> bytes:
    """One line as it goes out; Garbled where it is too long or holds CR, LF or NUL."""
    raw = format_message(command, *params, tags=tags)
    bare = format_message(command, *params) if tags else raw
    if len(bare) > MAX_BYTES or len(raw) - len(bare) > MAX_CLIENT_TAGS:
        raise Garbled(f"a line of IRC has at most {MAX_BYTES} bytes", cause="length", bytes=MAX_BYTES)
    return raw

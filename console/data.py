"""FTP's second connection, beside the first: opened for a 227 or 229, shown as it comes, or sent as it is typed.

It goes to the control connection's address and to no other, whatever a 227 says (RFC 2577, section 3). In TLS
it is protected once ``PROT P`` was agreed (RFC 4217, section 9). Active mode (PORT) is the Files room's lesson.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from protocols import flow
from protocols.data import DataMeter
from protocols.errors import Unreachable, WireError
from protocols.events import Sink
from protocols.ftp import endpoint
from protocols.ftp.grammar import parse_command, parse_reply
from protocols.line import Line
from protocols.login import Address, Limits
from protocols.stream import Stream

SHOWN = 64 * 1024
"""Bytes that are shown of what came; the rest is counted."""
MOST = 64 * 1024 * 1024
"""Bytes that may come over one data connection."""
MOST_SENT = 1024 * 1024
LIMITS = Limits(connect=10.0, idle=3600.0, total=3600.0)
FRAME = 0.1

LEAST_PORT = 1024
"""Below it no data connection goes, whatever a 227 says: other servers listen there (RFC 2577, section 3)."""

Tell = Callable[[dict[str, Any]], Awaitable[None]]


class DataPane:
    """Hears the control connection's lines and does what a client does beside it."""

    def __init__(self, control: Stream, address: Address, sink: Sink, tell: Tell) -> None:
        self._control, self._address, self._sink, self._tell = control, address, sink, tell
        self._number, self._verb, self._level = 0, "", ""
        self._protected = False
        self._flow: flow.Flow | None = None
        self._begun = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._sending = False

    def hear(self, line: Line) -> None:
        """A line of the control connection crossed."""
        if line.speaker == "C" and line.kind == "text":
            command = parse_command(line.raw)
            self._verb = command.verb
            self._level = command.argument.strip().upper() if command.verb == "PROT" else self._level
        elif line.speaker == "S" and (reply := parse_reply(line.raw)):
            self._answered(reply.code, reply.text)

    def _answered(self, code: int, text: str) -> None:
        if code == 227 and (where := endpoint.parse_six(text)):
            self._open(where.port)
        elif code == 229 and (port := endpoint.parse_229(text)):
            self._open(port)
        elif code == 200 and self._verb == "PROT":
            self._protected = self._level == "P"
        elif code // 100 == 1:
            self._begun.set()

    async def send(self, text: str) -> bool:
        """Send ``text`` as the file that the server waits for, lines ended by CR LF; False where none waits."""
        made, raw = (
            self._flow,
            text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogatepass"),
        )
        if made is None or made.ended or len(raw) > MOST_SENT or self._sending:
            return False
        self._sending = True
        try:
            await self._secure(made)
            if raw:
                await made.write(raw)
            await made.finish()
        except WireError:
            return False
        finally:
            self._sending = False
        await self._tell(
            {"type": "data", "number": self._number, "text": text[:SHOWN], "size": len(raw), "who": "C"}
        )
        return True

    def close(self) -> None:
        """Close the data connection, where one is open."""
        if self._flow is not None and self._flow.transport is not None and not self._flow.ended:
            self._flow.abort()

    async def end(self) -> None:
        """The control connection is over."""
        self.close()
        if self._work:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work

    def _open(self, port: int) -> None:
        self.close()
        if self._work:
            self._work.cancel()
        self._number += 1
        self._begun.clear()
        self._work = asyncio.create_task(self._run(self._number, port))

    async def _run(self, number: int, port: int) -> None:
        meter = DataMeter(self._sink, LIMITS, number)
        meter.bound(MOST)
        made = self._flow = flow.Flow(meter, LIMITS)
        cause = ""
        try:
            if port < LEAST_PORT:
                raise Unreachable(
                    f"port {port} is below {LEAST_PORT}: no data goes there", cause="data-port", port=port
                )
            await flow.flow_to(self._address.ip, port, made, LIMITS.connect)
            await self._tell({"type": "data-open", "number": number, "port": port})
            if self._protected:
                await self._begun.wait()
                await self._secure(made)
            await self._read(number, made)
        except WireError as error:
            cause = "" if error.params.get("cause") == "cancelled" else str(error)
            if made.transport is not None:
                made.abort()
        finally:
            if self._flow is made:
                self._flow = None
        await self._tell({"type": "data-closed", "number": number, "size": meter.size, "why": cause})

    async def _secure(self, made: flow.Flow) -> None:
        """A server begins TLS here when it begins the transfer, not when it is connected to."""
        if self._protected and made.transport.get_extra_info("ssl_object") is None:
            context, session = self._control.tls()
            await flow.start_flow_tls(made, context, session, self._address)

    async def _read(self, number: int, made: flow.Flow) -> None:
        shown = size = 0
        pending = bytearray()
        told = asyncio.get_running_loop().time()
        while chunk := await made.read():
            size += len(chunk)
            pending += chunk[: max(0, SHOWN - shown - len(pending))]
            now = asyncio.get_running_loop().time()
            if now - told > FRAME or made.ended:
                shown += len(pending)
                await self._came(number, pending, size)
                told = now
        if pending or not shown:
            await self._came(number, pending, size)

    async def _came(self, number: int, pending: bytearray, size: int) -> None:
        raw = bytes(pending)
        pending.clear()
        text = "".join(sign if sign.isprintable() or sign in "\n\t" else _escape(sign) for sign in _text(raw))
        await self._tell({"type": "data", "number": number, "text": text, "size": size, "who": "S"})


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return raw.decode("latin-1").replace("\r\n", "\n")


def _escape(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"

"""A door in front of an SMTP server: it passes every line, and stops where a test wants to strike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable


class Between:
    """Passes lines between clients and the server on ``port``. ``strike(when, once)``: at a reply, once.

    ``when`` is the command whose reply is held back (``RCPT``, or ``.`` for the reply to a letter's text);
    ``then`` runs in a thread while it is; after that both connections are cut.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._when, self._then = "", lambda: None
        self.held = threading.Event()
        self.letters = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        opening = asyncio.start_server(self._pass, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    def strike(self, when: str, then: Callable[[], None]) -> None:
        """At the next reply to ``when``, hold it back, call ``then`` and cut the line."""
        self.held.clear()
        self._when, self._then = when, then

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await self._reply(far_reader, writer, "")
            while line := await reader.readline():
                far_writer.write(line)
                verb = line.split()[0].decode().upper() if line.strip() else ""
                if not await self._reply(far_reader, writer, verb):
                    return
                if verb == "DATA":
                    while (text := await reader.readline()) not in (b".\r\n", b""):
                        far_writer.write(text)
                    far_writer.write(text)
                    self.letters += 1
                    if not await self._reply(far_reader, writer, "."):
                        return
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for one in (writer, far_writer):
                one.transport.abort()

    async def _reply(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter, verb: str) -> bool:
        """Pass one reply on; False where this was the moment to strike."""
        lines = [await far.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(await far.readline())
        if verb and verb == self._when:
            self._when = ""
            await asyncio.to_thread(self._then)
            self.held.set()
            return False
        writer.writelines(lines)
        await writer.drain()
        return True

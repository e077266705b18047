"""The lab's IMAP4rev1 server (RFC 3501, with RFC 2177, 2342, 2971, 3691, 4315, 4959, 5161, 6154, 6851, 7888).

A Conversation reads commands, one after another, and lets the functions of ``signin``, ``folders`` and
``letters`` answer them. It bounds what a client can cost: lines, literals, commands per second, silence, and
slow reading.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time

from django.db import Error

from servers.authenticator import Person
from servers.folder import Gone
from servers.imap import folders, letters, signin
from servers.imap.request import Literal, Request
from servers.imap.view import View
from servers.imap.words import Bad, Command, No
from servers.keywords import TooManyKeywords
from servers.maildir import FolderExists, Home, NoFolder
from servers.names import BadName
from servers.parting import part
from servers.service import Service

log = logging.getLogger("netlab.imap")

LINE = 64 * 1024
MESSAGE = 64 * 1024 * 1024
"""Bytes of a message that APPEND takes."""

WORDS = 64 * 1024
"""Bytes of all literals of any other command; before signing in, 4 KiB."""

SILENCE = 30 * 60.0  # RFC 3501, 5.4: an autologout timer of at least 30 minutes
UNKNOWN = 3 * 60.0
SLOW = 120.0
"""Seconds in which a client must take what it is sent, piece by piece."""

RATE = 1000
"""Commands per second; a faster client waits."""

MOST_ERRORS = 50
COMMANDS: dict[str, Command] = {**signin.COMMANDS, **folders.COMMANDS, **letters.COMMANDS}
QUIET = ("FETCH", "STORE", "SEARCH", "UID FETCH", "UID STORE", "UID SEARCH")
"""Commands during which numbers must not move: no EXPUNGE (RFC 3501, 7.4.1)."""

_literal = re.compile(rb"\{([0-9]{1,10})(\+?)\}$")


class Goodbye(Exception):
    """The conversation ends; str() is said as BYE."""


class Conversation:
    """One client. ``implicit`` is TLS from the first byte. ``state``: not signed in, signed in, selected."""

    def __init__(
        self,
        service: Service,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        implicit: bool,
    ) -> None:
        self.service, self.reader, self.writer = service, reader, writer
        self.secure = implicit
        self.peer = str((writer.get_extra_info("peername") or ("?",))[0])
        self.person: Person | None = None
        self.home: Home | None = None
        self.view: View | None = None
        self.done = False
        self._entry = None
        self._errors = 0
        self._second, self._count = 0, 0

    @property
    def state(self) -> str:
        """Where the conversation stands."""
        if self.person is None:
            return "not signed in"
        return "selected" if self.view else "signed in"

    async def run(self) -> None:
        """Hold the whole conversation; never raises but for cancellation."""
        self._entry = self.service.sessions.enter("imap", self.peer, self.end)
        try:
            if self._entry is None:
                return await self.say(b"* BYE [UNAVAILABLE] too many connections, try again later")
            await self.say(b"* OK [CAPABILITY " + signin.capabilities(self) + b"] netlab IMAP server ready")
            while not self.done:
                await self._one_command()
        except Goodbye as goodbye:
            await self._part(str(goodbye))
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ssl.SSLError):
            log.debug("%s: the line was lost", self.peer)
        finally:
            self.service.sessions.leave(self._entry)
            self.writer.close()

    def end(self, reason: str) -> None:
        """Say BYE and close."""
        self.done = True
        if not self.writer.is_closing():
            self.writer.write(f"* BYE {reason}\r\n".encode("utf-8", "replace"))
            self.writer.close()

    async def _part(self, reason: str) -> None:
        """Say BYE to a client that may be sending still, and close."""
        self.service.sessions.leave(self._entry)
        if not self.writer.is_closing():
            self.writer.write(f"* BYE {reason}\r\n".encode("utf-8", "replace"))
            await part(self.reader, self.writer.transport)

    def enter(self, person: Person) -> None:
        """Somebody signed in."""
        self.person = person
        self.home = self.service.store.home(person.home)
        if self._entry is not None:
            self._entry.person = person

    async def say(self, *lines: bytes) -> None:
        """Send lines (CR LF is added)."""
        await self.send(b"".join(line + b"\r\n" for line in lines))

    async def send(self, raw: bytes) -> None:
        """Send bytes; waits while the client does not read, and gives it up when it never does."""
        self.writer.write(raw)
        async with asyncio.timeout(SLOW):
            await self.writer.drain()

    async def line(self, silence: float | None = None) -> bytes:
        """The next line without its end; Goodbye after too long a silence or for too long a line."""
        try:
            async with asyncio.timeout(silence or (SILENCE if self.person else UNKNOWN)):
                raw = await self.reader.readuntil(b"\n")
        except TimeoutError:
            raise Goodbye("you were silent for too long, good night") from None
        except asyncio.LimitOverrunError:
            raise Goodbye(f"a line can have {LINE} bytes at most; send long things as literals") from None
        return raw.removesuffix(b"\n").removesuffix(b"\r")

    async def synced(self, expunges: bool, with_uid: bool = False) -> None:
        """Tell the client what changed in its folder."""
        if self.view is None:
            return
        folder = self.view.folder
        if folder.deleted:
            raise Goodbye(f"the mailbox {folder.name} was deleted")
        if folder.stale() or folder.uidnext - folder.recent > 200:
            await asyncio.to_thread(folder.refresh)
        lines = self.view.sync(expunges, with_uid)
        if lines:
            await self.say(*lines)

    async def _one_command(self) -> None:
        request = await self._request()
        if request is None:
            return
        try:
            request.begin()
            reply = await self._carry_out(request)
        except Exception as error:
            if isinstance(error, LOST):
                raise
            await self._failed(request, error)
            return
        if request.name != "STARTTLS":  # its OK went out in clear text
            await self.say(request.tag.encode() + b" OK " + reply.encode("utf-8", "replace"))
        if request.name == "LOGOUT":
            self.done = True

    async def _carry_out(self, request: Request) -> str:
        await self._pace()
        if request.name == "UID":
            request.space("FETCH, STORE, SEARCH, COPY, MOVE or EXPUNGE after UID")
            request.name = "UID " + request.atom("a command after UID").upper()
        command = COMMANDS.get(request.name)
        if command is None:
            raise Bad(f"unknown command {request.name}; CAPABILITY and RFC 3501 say which there are")
        if self.state not in command.states:
            allowed = " or ".join(command.states)
            raise Bad(f"{request.name} is for a client that is {allowed}; you are {self.state}")
        if not command.arguments:
            request.end()
        reply = await command.run(self, request)
        await self.synced(request.name not in QUIET, request.name.startswith("UID "))
        return reply

    async def _failed(self, request: Request, error: Exception) -> None:
        kind, code, text = "NO", *_explained(error)
        if isinstance(error, Bad):
            kind = "BAD"
            self._errors += 1
            text = f"{request.name} {text}" if request.name and request.name not in text else text
        elif code in ("SERVERBUG", "UNAVAILABLE"):
            log.error("%s failed", request.name, exc_info=error)
        await self.synced(request.name not in QUIET)
        word = f"[{code}] " if code else ""
        await self.say(f"{request.tag} {kind} {word}{text}".encode("utf-8", "replace"))
        if self._errors >= MOST_ERRORS:
            raise Goodbye("too many errors")

    async def _request(self) -> Request | None:
        """Read a command with its literals; None when one was refused (that was said already)."""
        parts: list[bytes | Literal] = []
        total = 0
        while True:
            line = await self.line()
            found = _literal.search(line)
            parts.append(line[: found.start()] if found else line)
            if not found:
                return Request(parts) if len(parts) > 1 or line else None
            total += len(line) + int(found[1])
            if not await self._welcome(parts, int(found[1]), total, bool(found[2])):
                return None
            async with asyncio.timeout(SILENCE):
                parts.append(Literal(await self.reader.readexactly(int(found[1]))))

    async def _welcome(self, parts: list[bytes | Literal], size: int, total: int, sent: bool) -> bool:
        """Ask for a literal, or refuse it before it is sent; one that is on its way already ends the line."""
        words = parts[0].split(b" ", 2)
        appended = len(words) > 1 and words[1].upper() == b"APPEND"
        most = (MESSAGE if appended else WORDS) if self.person else 4096
        if total > most + LINE or size > most:
            if sent:
                raise Goodbye(f"[TOOBIG] a literal can have {most} bytes at most here")
            tag = words[0] if words[0].isalnum() else b"*"
            await self.say(tag + b" NO [TOOBIG] a literal can have %d bytes at most here" % most)
            return False
        if not sent:
            await self.say(b"+ send the %d bytes" % size)
        return True

    async def _pace(self) -> None:
        """Hold a client back that sends commands faster than anybody needs."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        if self._count > RATE:
            await asyncio.sleep(second + 1 - time.monotonic())


LOST = (Goodbye, asyncio.IncompleteReadError, ConnectionError, TimeoutError, ssl.SSLError)
"""What ends a conversation; anything else that a command raises is answered."""

EXPLAINED: dict[type[Exception], tuple[str, str]] = {
    Bad: ("", "{}"),
    NoFolder: ("NONEXISTENT", "there is no mailbox {}; LIST shows those there are"),
    FolderExists: ("ALREADYEXISTS", "the mailbox {} exists already"),
    Gone: ("EXPUNGEISSUED", "{}"),
    TooManyKeywords: ("LIMIT", "{}"),
    BadName: ("CANNOT", "{}"),
    OSError: ("UNAVAILABLE", "the server could not do that just now"),
    Error: ("UNAVAILABLE", "the server could not do that just now"),
}


def _explained(error: Exception) -> tuple[str, str]:
    """The response code (RFC 5530) and the text for what a command raised."""
    if isinstance(error, No):
        return error.code, str(error)
    for kind, (code, text) in EXPLAINED.items():
        if isinstance(error, kind):
            return code, text.format(error)
    return "SERVERBUG", "that is a fault of this server; its log says more"


async def serve(service: Service, *, implicit: bool = False, **where) -> asyncio.Server:
    """Listen; ``where`` is ``host``, ``port`` and, for TLS from the first byte, ``ssl``."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Conversation(service, reader, writer, implicit=implicit).run()

    return await asyncio.start_server(converse, limit=LINE, **where)

"""The lab's POP3 server (RFC 1939, 2449, 2595, 3206, 5034). What DELE marks goes only at QUIT."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import ssl
import time
from collections.abc import Awaitable, Callable

from django.db import Error

from servers import auth
from servers.authenticator import Person
from servers.maildrop import Gone, InUse, Maildrop, Maildrops
from servers.parting import part
from servers.service import Service

log = logging.getLogger("netlab.pop3")

LINE = 12_288  # AUTH's responses; every other command is 255 octets at most (RFC 2449 section 4)
COMMAND = 255
IDLE = 600.0  # RFC 1939 section 3: ten minutes at least
TOTAL = 6 * 3600.0
SLOW = 120.0
"""Seconds in which a client must take what it is sent, piece by piece."""

MOST_ERRORS = 30
PIECE = 256 * 1024
NUMBER = re.compile(r"[0-9]{1,9}")
GREETING = "netlab POP3 server ready"


class Refusal(Exception):
    """A command's ``-ERR``, without that word."""


class Conversation:
    """One client of the POP3 server. ``implicit`` is TLS from the first byte."""

    def __init__(
        self,
        service: Service,
        drops: Maildrops,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        implicit: bool,
    ) -> None:
        self._service, self._drops = service, drops
        self._reader, self._writer = reader, writer
        self._secure = implicit
        self._peer = str((writer.get_extra_info("peername") or ("?",))[0])
        self._word = f"<{secrets.randbelow(10**9)}.{time.time():.0f}@{service.domain}>"
        self._entry = None
        self._user = ""
        self._drop: Maildrop | None = None
        self._done = False
        self._errors = 0

    async def run(self) -> None:
        """Hold the whole conversation; never raises but for cancellation."""
        self._entry = self._service.sessions.enter("pop3", self._peer, self._end)
        try:
            if self._entry is None:
                return await self._say("-ERR [SYS/TEMP] too many connections, try again later")
            async with asyncio.timeout(TOTAL):
                await self._say(f"+OK {GREETING} {self._word}")
                while not self._done:
                    await self._one_command()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ssl.SSLError):
            log.debug("%s: the line was lost", self._peer)
        finally:
            self._service.sessions.leave(self._entry)
            self._drops.leave(self._drop)
            self._writer.close()

    def _end(self, reason: str) -> None:
        if not self._done and not self._writer.is_closing():
            self._writer.write(f"-ERR [SYS/TEMP] {reason}\r\n".encode())
        self._done = True
        self._writer.close()

    async def _one_command(self) -> None:
        line = await self._line()
        try:
            verb, words = self._parse(line)
            await self._method(verb)(*words)
        except Refusal as refusal:
            self._errors += 1
            await self._say(f"-ERR {refusal}")
        except Gone as error:
            await self._say(f"-ERR {error}")
        except (OSError, Error) as error:
            if isinstance(error, ConnectionError | TimeoutError | ssl.SSLError):
                raise
            log.exception("a command failed")
            await self._say("-ERR [SYS/TEMP] local error, try again later")
        if self._errors >= MOST_ERRORS and not self._done:
            self._done = True
            self._service.sessions.leave(self._entry)
            await self._say("-ERR [SYS/TEMP] too many errors, goodbye")
            await part(self._reader, self._writer.transport)

    def _parse(self, line: bytes) -> tuple[str, list[str]]:
        if len(line) > COMMAND and not line.upper().startswith(b"AUTH "):
            raise Refusal("the line is too long")
        if b"\0" in line or b"\r" in line:
            raise Refusal("a command cannot hold NUL or a CR inside")
        verb, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
        verb = verb.upper()
        least, most, syntax = SYNTAX.get(verb, (0, 0, ""))
        if not syntax:
            raise Refusal("unknown command")
        # A password may hold spaces: all that follows PASS is the password (RFC 1939 section 7).
        words = [rest] if verb == "PASS" and rest else rest.split()
        if not least <= len(words) <= most:
            raise Refusal(f"syntax: {syntax}")
        return verb, words

    def _method(self, verb: str) -> Callable[..., Awaitable[None]]:
        if verb in BEFORE and self._drop is not None:
            raise Refusal(f"{verb} comes only before signing in")
        if verb in AFTER and self._drop is None:
            raise Refusal(f"{verb} comes only after signing in")
        return getattr(self, "_user_name" if verb == "USER" else f"_{verb.lower()}")

    # Reading and saying

    async def _line(self) -> bytes:
        try:
            async with asyncio.timeout(IDLE):
                line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            self._end("a line without end")
            raise ConnectionAbortedError from error
        except TimeoutError:
            self._end("nothing was said for too long")  # and nothing is deleted (RFC 1939 section 3)
            raise
        return line.removesuffix(b"\n").removesuffix(b"\r")

    async def _say(self, text: str) -> None:
        await self._send(text.encode("utf-8", "surrogateescape") + b"\r\n")

    async def _say_list(self, first: str, lines: list[str]) -> None:
        await self._say("\r\n".join([first, *lines, "."]))

    async def _send(self, raw: bytes) -> None:
        for at in range(0, len(raw), PIECE):
            self._writer.write(raw[at : at + PIECE])
            async with asyncio.timeout(SLOW):
                await self._writer.drain()

    async def _challenge(self, challenge: bytes) -> bytes:
        await self._send(b"+ " + challenge + b"\r\n")
        return await self._line()

    # Before signing in

    async def _capa(self) -> None:
        lines = ["TOP", "USER", f"SASL {' '.join(auth.MECHANISMS)}", "RESP-CODES", "AUTH-RESP-CODE"]
        lines += ["PIPELINING", "UIDL", "EXPIRE NEVER", "IMPLEMENTATION netlab"]
        lines += [] if self._secure or self._drop else ["STLS"]
        await self._say_list("+OK this server can do", lines)

    async def _user_name(self, name: str) -> None:
        self._user = name
        await self._say("+OK now the password (PASS)")

    async def _pass(self, password: str) -> None:
        if not self._user:
            raise Refusal("USER comes first")
        user, self._user = self._user, ""
        await self._enter(await self._service.authenticator.check("pop3", user, password, self._peer))

    async def _apop(self, user: str, digest: str) -> None:
        def proof(secret: bytes) -> bool:
            wanted = hashlib.md5(self._word.encode() + secret, usedforsecurity=False).hexdigest()
            return hmac.compare_digest(wanted.encode(), digest.lower().encode("utf-8", "surrogateescape"))

        await self._enter(await self._service.authenticator.prove("pop3", user, proof, self._peer))

    async def _auth(self, mechanism: str = "", initial: str | None = None) -> None:
        if not mechanism:
            return await self._say_list("+OK mechanisms:", list(auth.MECHANISMS))
        if mechanism.upper() not in auth.MECHANISMS:
            raise Refusal("unknown mechanism")
        try:
            person = await auth.converse(
                self._service, "pop3", mechanism.upper(), initial, self._challenge, self._peer
            )
        except auth.Malformed as error:
            raise Refusal(str(error)) from error
        return await self._enter(person)

    async def _enter(self, person: Person | None) -> None:
        if person is None:
            raise Refusal("[AUTH] user name or password is wrong")
        try:
            self._drop = await self._drops.enter(person.home)
        except InUse as error:
            raise Refusal("[IN-USE] another POP3 connection holds this mailbox") from error
        self._entry.person = person
        count, size = self._drop.stat()
        warning = "" if self._secure else " (without TLS: the password could be read on the way)"
        await self._say(f"+OK {person.name} has {count} messages, {size} octets{warning}")

    async def _stls(self) -> None:
        if self._secure:
            raise Refusal("TLS is on already")
        await self._say("+OK begin TLS")
        # What came in clear text after STLS must not be taken for words said inside TLS (RFC 2595 section 4).
        self._reader._buffer.clear()
        await self._writer.start_tls(self._service.context, ssl_handshake_timeout=30.0)
        self._secure, self._user = True, ""

    # Signed in

    async def _stat(self) -> None:
        count, size = self._drop.stat()
        await self._say(f"+OK {count} {size}")

    async def _list(self, number: str = "") -> None:
        if number:
            return await self._say(f"+OK {number} {self._drop.size(_number(number))}")
        count, size = self._drop.stat()
        lines = [f"{at} {self._drop.size(at)}" for at in self._drop.numbers()]
        return await self._say_list(f"+OK {count} messages, {size} octets", lines)

    async def _uidl(self, number: str = "") -> None:
        if number:
            return await self._say(f"+OK {number} {self._drop.uidl(_number(number))}")
        return await self._say_list("+OK", [f"{at} {self._drop.uidl(at)}" for at in self._drop.numbers()])

    async def _retr(self, number: str) -> None:
        raw = await self._drop.read(_number(number))
        await self._say(f"+OK {len(raw)} octets")
        await self._send(stuffed(raw))

    async def _top(self, number: str, lines: str) -> None:
        raw = await self._drop.read(_number(number))
        count = _number(lines)
        await self._say("+OK the top of the message follows")
        await self._send(stuffed(top(raw, count)))

    async def _dele(self, number: str) -> None:
        self._drop.delete(_number(number))
        await self._say(f"+OK message {number} marked: QUIT will delete it, RSET would spare it")

    async def _rset(self) -> None:
        self._drop.reset()
        count, size = self._drop.stat()
        await self._say(f"+OK {count} messages, {size} octets")

    async def _noop(self) -> None:
        await self._say("+OK")

    async def _quit(self) -> None:
        deleted = 0
        try:
            if self._drop is not None:
                deleted = await self._service.finish(self._drop.update())
        except Exception:
            log.exception("the deleted messages of a POP3 session could not be removed")
            await self._say("-ERR [SYS/TEMP] some deleted messages were not removed")
        else:
            await self._say(f"+OK goodbye ({deleted} deleted)" if deleted else "+OK goodbye")
        self._done = True


# verb: (fewest words after it, most, how it is written)
SYNTAX = {
    "CAPA": (0, 0, "CAPA"),
    "USER": (1, 1, "USER name"),
    "PASS": (1, 1, "PASS password"),
    "APOP": (2, 2, "APOP name digest"),
    "AUTH": (0, 2, "AUTH mechanism [initial-response]"),
    "STLS": (0, 0, "STLS"),
    "STAT": (0, 0, "STAT"),
    "LIST": (0, 1, "LIST [number]"),
    "UIDL": (0, 1, "UIDL [number]"),
    "RETR": (1, 1, "RETR number"),
    "TOP": (2, 2, "TOP number lines"),
    "DELE": (1, 1, "DELE number"),
    "RSET": (0, 0, "RSET"),
    "NOOP": (0, 0, "NOOP"),
    "QUIT": (0, 0, "QUIT"),
}
BEFORE = {"USER", "PASS", "APOP", "AUTH", "STLS"}
AFTER = {"STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP"}


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise Refusal("that is no number")
    return int(text)


def stuffed(raw: bytes) -> bytes:
    """``raw`` as RETR sends it: a line that begins with a dot gets one more, and a lone dot ends it all."""
    whole = raw if raw.endswith(b"\r\n") or not raw else raw + b"\r\n"
    first = b"." if whole.startswith(b".") else b""
    return first + whole.replace(b"\n.", b"\n..") + b".\r\n"


def top(raw: bytes, lines: int) -> bytes:
    """The header, the empty line and the first ``lines`` lines of the body (RFC 1939 section 7)."""
    head, empty, body = raw.partition(b"\r\n\r\n")
    kept = body.split(b"\n", lines)[:lines]
    end = b"\n" if lines and len(kept) == lines and body.count(b"\n") >= lines else b""
    return head + empty + b"\n".join(kept) + end

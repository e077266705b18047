"""The lab's SMTP server: aiosmtpd's machinery, with our own door, sign-in and delivery. No open relay.

Who may write as whom, who gets mail: ``servers.post``. Here: lines, order, TLS, sign-in, the letter's bytes.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, TLSSetupException
from django.db import Error

from servers import auth
from servers.authenticator import Person
from servers.letter import BareLine, path, read_letter
from servers.parting import part
from servers.post import Post
from servers.service import Service

log = logging.getLogger("netlab.smtp")
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd would log every address

SIZE = 32 * 1024 * 1024
"""Bytes of one letter: 25 MiB."""

COMMAND_LIMITS = {
    "AUTH": 12_288,
    "MAIL": 1024,
    "RCPT": 1024,
}  # RFC 4954 section 4; RFC 5321 4.5.3.1.4 and RFC 6531
MOST_COMMANDS = 5_000
MOST_ERRORS = 20
IDLE = 300.0  # RFC 5321 section 4.5.3.2.7
TOTAL = 3_600.0


# A browser that was talked into speaking to this port says one of these first.
BROWSERS = {"GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "DELETE"}

# RFC 2034: every 2xx, 4xx and 5xx but a greeting carries an enhanced status code; these for aiosmtpd's own.
ENHANCED = {
    "214": "2.0.0", "220": "2.0.0", "221": "2.0.0", "250": "2.0.0", "252": "2.5.0", "454": "4.7.0",
    "500": "5.5.2", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1", "504": "5.5.4", "552": "5.3.4",
    "553": "5.1.3", "554": "5.0.0", "555": "5.5.4",
}  # fmt: skip
WITH_STATUS = re.compile(r"[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3} ")
LINE_ERROR = "521 5.5.2 A line ended in {} alone, but SMTP's lines end in CR LF (with nc: use -C). Goodbye"


class Letter(Envelope):
    """One mail transaction: aiosmtpd's envelope, and whose mailboxes its recipients are."""

    def __init__(self) -> None:
        super().__init__()
        self.mailboxes: dict[str, tuple[Person, ...]] = {}


class Conversation(SMTP):
    """One client of the SMTP server. ``implicit`` is TLS from the first byte."""

    line_length_limit = 16_384

    def __init__(self, service: Service, post: Post, *, implicit: bool = False) -> None:
        super().__init__(
            post,
            data_size_limit=SIZE,
            enable_SMTPUTF8=True,
            hostname=service.domain,
            ident="ESMTP netlab",
            tls_context=None if implicit else service.context,
            timeout=IDLE,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )
        self.service, self.post, self.implicit = service, post, implicit
        self.entry: Any = None
        self.errors = 0
        self.done = False

    @property
    def secure(self) -> bool:
        return self.implicit or self._tls_protocol is not None

    @property
    def person(self) -> Person | None:
        """Who signed in; None before."""
        return self.session.auth_data if self.session else None

    @property
    def peer(self) -> str:
        return str(self.session.peer[0]) if self.session and self.session.peer else ""

    def _create_envelope(self) -> Letter:
        return Letter()

    def end(self, reason: str) -> None:
        """Say 421 and close (a disabled person, a server that ends)."""
        if self.transport is None or self.transport.is_closing():
            return
        if not self.done:  # it may have said its last word already, and closed its side
            self.transport.write(f"421 4.3.2 {self.hostname} closes this connection: {reason}\r\n".encode())
        self.done = True
        self.transport.close()

    def _timeout_cb(self) -> None:
        self.end("nothing was said for too long")

    def eof_received(self) -> bool:
        # A client may say all and close its side, as `printf ... | nc -N` does: it still gets its answers.
        asyncio.StreamReaderProtocol.eof_received(self)
        return not self.secure

    def connection_lost(self, error: Exception | None) -> None:
        self.service.sessions.leave(self.entry)
        super().connection_lost(error)

    # The loop of one conversation

    async def _handle_client(self) -> None:
        self.entry = self.service.sessions.enter("smtp", self.peer, self.end)
        try:
            if self.entry is None:
                await super().push(f"421 4.3.2 {self.hostname} has too many connections, try again later")
                return
            async with asyncio.timeout(TOTAL):
                await super().push(f"220 {self.hostname} {self.__ident__}")
                await self._converse()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, TLSSetupException, ssl.SSLError):
            log.debug("%s: the line was lost", self.peer)
        finally:
            self.service.sessions.leave(self.entry)
            if self.transport is not None:
                self.transport.close()

    async def _converse(self) -> None:
        for _ in range(MOST_COMMANDS):
            line = await self._command_line()
            self._reset_timeout()
            await self._answer(line)
            if self.done or self.transport is None:
                return
            if self.errors >= MOST_ERRORS:
                break
        await self.push("421 4.7.0 Too many errors or commands in one connection, goodbye")
        await self._part()

    async def _part(self) -> None:
        """Close, so that the last word arrives at a client that may be sending still."""
        self.done = True
        self.service.sessions.leave(self.entry)
        if self.transport is not None:
            await part(self._reader, self.transport)

    async def _command_line(self) -> bytes | None:
        """Read one line without its ending; None for one that was too long (it is read to its end)."""
        try:
            return (await self._reader.readuntil(b"\n")).removesuffix(b"\n").removesuffix(b"\r")
        except asyncio.LimitOverrunError as error:
            await self._reader.readexactly(error.consumed)
        for _ in range(64):
            try:
                await self._reader.readuntil(b"\n")
                return None
            except asyncio.LimitOverrunError as error:
                await self._reader.readexactly(error.consumed)
        raise ConnectionAbortedError("a line without end")

    async def _answer(self, line: bytes | None) -> None:
        raw_verb, _, rest = (line or b"").partition(b" ")
        verb = raw_verb.decode("latin-1").upper()
        if line is None or len(line) > COMMAND_LIMITS.get(verb, 510):
            return await self.push("500 5.5.6 The line is too long")
        if not line.strip():
            return await self.push("500 5.5.2 An empty line is no command")
        if b"\0" in line or b"\r" in line:
            return await self.push("500 5.5.2 A command cannot hold NUL or a CR inside")
        if verb in BROWSERS:
            await self.push("421 4.7.0 This is SMTP, and that was HTTP. Goodbye")
            return await self._part()
        method = self._smtp_methods.get(verb)
        if method is None:
            return await self.push(f"500 5.5.2 Command not recognized: {_shown(verb)}")
        try:
            await method(rest.strip().decode("utf-8", "surrogateescape") or None)
        except (asyncio.IncompleteReadError, ConnectionError, TLSSetupException):
            raise
        except Exception:
            log.exception("%s failed", verb)
            await self.push("451 4.3.0 Local error in processing, try again later")
        return None

    async def push(self, status: str | bytes) -> None:
        """Say a reply line; an enhanced status code is put in where aiosmtpd gave none."""
        text = status if isinstance(status, str) else status.decode("latin-1")
        code = text[:3]
        if code in ENHANCED and text[3:4] == " " and not WITH_STATUS.match(text):
            text = f"{code} {ENHANCED[code]} {text[4:].removeprefix('Error: ')}"
        if code[:1] == "5":
            self.errors += 1
        await super().push(text if isinstance(status, str) else text.encode("latin-1"))

    # Commands

    async def smtp_HELO(self, hostname: str) -> None:
        await self._hello(hostname, extended=False)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._hello(hostname, extended=True)

    async def _hello(self, name: str | None, *, extended: bool) -> None:
        if not name:
            return await self.push(f"501 5.5.4 Syntax: {'EHLO' if extended else 'HELO'} hostname")
        self._set_rset_state()
        self.session.extended_smtp = extended
        self.session.host_name = _shown(name)
        lines = [f"{self.hostname} Hello {self.session.host_name}"]
        if extended:
            lines += ["PIPELINING", f"SIZE {SIZE}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
            lines += [] if self.secure else ["STARTTLS"]
            lines += [] if self.person else [f"AUTH {' '.join(auth.MECHANISMS)}"]
            lines += ["HELP"]
        whole = [f"250{' ' if at == len(lines) - 1 else '-'}{line}" for at, line in enumerate(lines)]
        return await super().push("\r\n".join(whole))

    async def smtp_STARTTLS(self, arg: str) -> None:
        if self.secure:
            return await self.push("503 5.5.1 TLS is on already")
        if self.entry is not None:
            self.entry.person = None  # RFC 3207 section 4.2: what was said before TLS is forgotten
        return await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str | None) -> None:
        mechanism, _, initial = (arg or "").partition(" ")
        if not self.session.host_name or not self.session.extended_smtp:
            return await self.push("503 5.5.1 Send EHLO first")
        if self.person or self.envelope.mail_from:
            return await self.push(
                f"503 5.5.1 {'Signed in already' if self.person else 'Not during a mail transaction'}"
            )
        if mechanism.upper() not in auth.MECHANISMS:
            return await self.push("504 5.5.4 Mechanisms here: " + " ".join(auth.MECHANISMS))
        try:
            person = await auth.converse(
                self.service, "smtp", mechanism.upper(), initial.strip() or None, self._challenge, self.peer
            )
        except auth.Malformed as error:
            return await self.push(f"501 5.5.2 {error}")
        except Error as error:
            log.warning("the database does not answer: %s", error)
            return await self.push("454 4.7.0 Temporary authentication failure")
        if person is None:
            return await self.push("535 5.7.8 User name or password is wrong")
        self.session.auth_data, self.session.authenticated = person, True
        self.entry.person = person
        warning = "" if self.secure else " (without TLS: the password could be read on the way)"
        return await self.push(f"235 2.7.0 Signed in as {person.name}{warning}")

    async def _challenge(self, challenge: bytes) -> bytes:
        await super().push(b"334 " + challenge)
        line = await self._command_line()
        if line is None:
            raise auth.Malformed("The line is too long")
        return line

    async def smtp_HELP(self, arg: str) -> None:
        if arg and (method := self._smtp_methods.get(arg.upper())):
            return await self.push(f"214 2.0.0 Syntax: {getattr(method, '__smtp_syntax__', arg.upper())}")
        return await self.push(f"214 2.0.0 Commands: {' '.join(sorted(self._smtp_methods))}")

    async def smtp_QUIT(self, arg: str) -> None:
        if arg:
            return await self.push("501 5.5.4 Syntax: QUIT")
        self.done = True
        return await self.push("221 2.0.0 Bye")

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        return path(arg)

    def _getparams(self, params: list[str]) -> dict[str, str | bool] | None:
        found = super()._getparams(params)
        if found is not None:
            found.pop("AUTH", None)  # RFC 4954 section 5: taken, and not believed
        return found

    async def smtp_DATA(self, arg: str | None) -> None:
        if not self.session.host_name:
            return await self.push("503 5.5.1 Send EHLO or HELO first")
        if not self.envelope.rcpt_tos:
            return await self.push("503 5.5.1 No recipient yet: RCPT comes before DATA")
        if arg:
            return await self.push("501 5.5.4 Syntax: DATA")
        await super().push("354 End data with <CR><LF>.<CR><LF>")
        letter = self.envelope
        try:
            raw = await read_letter(self._reader, SIZE, self._reset_timeout)
        except BareLine as error:
            return await self._refuse_bare(str(error))
        self._set_post_data_state()
        if raw is None:
            return await self.push(f"552 5.3.4 The letter is larger than {SIZE} bytes")
        return await self.push(await self.service.finish(self.post.deliver(self, letter, raw)))

    async def _refuse_bare(self, which: str) -> None:
        """Answer at once, for with LF alone the lone dot never comes; then hear the client out."""
        await self.push(LINE_ERROR.format(which))
        await self._part()


def _shown(text: str) -> str:
    """A client's word as it may be said back to it: printable ASCII, not long."""
    return "".join(sign for sign in text if sign.isascii() and sign.isprintable())[:255] or "?"

"""Speaking FTP for asyncio: what ``client`` is for threads, for files that stream and for the command line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from protocols import flow, stream
from protocols.data import DataMeter
from protocols.errors import Garbled, Refused, TlsFailed, Unreachable, WireError
from protocols.events import Sink
from protocols.flow import Flow
from protocols.ftp import endpoint, names
from protocols.ftp.client import LISTING
from protocols.ftp.grammar import Answer, Answers, command_line
from protocols.ftp.listing import Entry, Listing
from protocols.ftp.replies import features, number
from protocols.login import Address, Credentials, Limits

AFTER = 5.0
"""Seconds that a server is given to say what became of a transfer that we broke off."""

Heard = Callable[[str, str], None]
"""Called with ``("C", command)`` as it is said (PASS without its secret) and ``("S", line)`` for a reply's lines."""


async def connect(
    address: Address,
    sink: Sink,
    limits: Limits | None = None,
    *,
    passive: bool = True,
    heard: Heard | None = None,
) -> Session:
    """Open a session: greeting, and AUTH TLS where the address asks for it; WireErrors as ``Session``."""
    limits = limits or Limits()
    session = Session(address, await stream.connect(address, sink, limits), sink, limits)
    session.passive, session.heard = passive, heard or session.heard
    try:
        await session.open()
    except BaseException:
        await session.close()
        raise
    return session


class Session:
    """One control connection. ``say`` returns any answer; every other verb raises Refused on 4yz and 5yz."""

    def __init__(self, address: Address, control: stream.Stream, sink: Sink, limits: Limits) -> None:
        self.address, self._control, self._sink, self._limits = address, control, sink, limits
        self.passive = True
        self.greeting = Answer(0, ("",))
        self.heard: Heard = lambda speaker, line: None
        self._answers = Answers()
        self._features: frozenset[str] | None = None
        self._protected, self._extended, self._type = False, True, ""
        self._number = 0
        self.broken = False
        self.last = 0

    async def open(self) -> None:
        """Hear the greeting; AUTH TLS where the address says so (RFC 4217, 4)."""
        self.greeting = _good(await self.answer())
        if self.address.security == "starttls":
            if (await self.say("AUTH", "TLS")).code != 234:
                raise TlsFailed(
                    "the server does not offer AUTH TLS", cause="not-offered", host=self.address.host
                )
            await self._control.start_tls()

    async def login(self, credentials: Credentials) -> Answer:
        """Sign in; under TLS, have the data connections protected as well."""
        answer = await self.say("USER", credentials.user)
        if answer.code == 331:
            answer = await self.say("PASS", credentials.secret)
        if answer.code == 332 or answer.code // 100 == 3:
            raise Refused(str(answer.code), answer.text, stage="login")
        _good(answer, "login")
        await self.protect()
        return answer

    async def protect(self) -> None:
        """Inside TLS: PBSZ 0 and PROT P, then UTF-8 where FEAT offers it."""
        if self._control.secured:
            await self.ask("PBSZ", "0")
            await self.ask("PROT", "P")
            self._protected = True
        if "UTF8" in await self.features():
            await self.say("OPTS", "UTF8 ON")

    async def features(self) -> frozenset[str]:
        """The first words of FEAT's lines, upper case; empty where the server has no FEAT."""
        if self._features is None:
            answer = await self.say("FEAT")
            told = "\n".join(answer.lines)
            self._features = features(told) if answer.code == 211 else frozenset()
        return self._features

    async def say(self, verb: str, argument: str = "") -> Answer:
        """Say a command and return the answer, whatever it is."""
        raw = command_line(verb, names.encode(argument))
        self.heard("C", verb if verb == "PASS" else f"{verb} {argument}".rstrip())
        try:
            await self._control.write(raw)
        except BaseException:
            self.broken = True
            raise
        return await self.answer()

    async def ask(self, verb: str, argument: str = "") -> Answer:
        """Say a command and return the answer; Refused on 4yz and 5yz."""
        return _good(await self.say(verb, argument))

    async def answer(self) -> Answer:
        """The next whole reply."""
        try:
            while True:
                raw = (await self._control.readline()).rstrip(b"\r\n")
                self.heard("S", names.decode(raw))
                if answer := self._answers.feed(raw):
                    self.last = answer.code
                    return answer
        except BaseException:
            self.broken = True
            raise

    async def binary(self) -> None:
        """TYPE I, said once."""
        await self.type("I")

    async def type(self, letter: str) -> None:
        """TYPE A or I, said where it is not so already."""
        if self._type != letter:
            await self.ask("TYPE", letter)
            self._type = letter

    @property
    def secured(self) -> bool:
        """Whether the control connection is inside TLS."""
        return self._control.secured

    async def follow(self, verb: str, argument: str, answer: Answer) -> bool:
        """Something was said by hand: stand as the server now does. True where TLS was begun by it.

        AUTH's 234 begins TLS at once; PROT says how the data goes (RFC 4217, 4 and 9); REIN ends both (RFC 959).
        TlsFailed as ``open``.
        """
        verb, argument = verb.upper(), argument.strip().upper()
        if verb in ("TYPE", "REIN"):
            self._type = ""  # it is said again before the next file
        if verb == "PROT" and answer.code // 100 == 2:
            self._protected = argument == "P"
        if verb in ("REIN", "AUTH") and answer.code // 100 == 2:
            self._protected, self._features = False, None
        if verb != "AUTH" or answer.code != 234 or argument not in ("TLS", "TLS-C", "SSL", "TLS-P"):
            return False
        try:
            await self._control.start_tls()
        except BaseException:
            self.broken = True
            raise
        return True

    async def size(self, path: str) -> int | None:
        """A file's size; None where the server does not tell. In TYPE A a server may refuse to (RFC 3659, 4.2)."""
        await self.binary()
        answer = await self.say("SIZE", path)
        try:
            return number(f"{answer.code} {answer.text}")
        except Garbled:
            return None

    async def rename(self, old: str, new: str) -> None:
        """RNFR, RNTO."""
        await self.ask("RNFR", old)
        await self.ask("RNTO", new)

    async def entries(self, path: str) -> list[Entry]:
        """What is in ``path``: MLSD, or LIST where the server has no MLSD."""
        known = await self.features()
        how = "MLSD" if "MLST" in known or "MLSD" in known else "LIST"
        if how == "LIST":
            await self.ask("CWD", path)
        found, entries = Listing(how), []
        async with self.incoming(how, path if how == "MLSD" else "", most=LISTING) as source:
            while chunk := await source.read():
                entries += found.feed(chunk)
        return entries + found.close()

    @asynccontextmanager
    async def incoming(
        self, verb: str, argument: str = "", offset: int = 0, most: int = 0
    ) -> AsyncIterator[Flow]:
        """RETR, LIST, MLSD, NLST: yield the data connection to read from; leaving early breaks the transfer off."""
        source = await self._transfer(verb, argument, offset, most)
        try:
            yield source
        except BaseException:
            source.abort()
            await self._after()
            raise
        if source.ended:
            source.transport.close()
            _good(await self.answer())
        else:
            source.abort()
            await self._after()

    @asynccontextmanager
    async def outgoing(self, verb: str, argument: str, offset: int = 0) -> AsyncIterator[Flow]:
        """STOR, APPE, STOU: yield the data connection to write to; an error breaks the transfer off."""
        target = await self._transfer(verb, argument, offset, 0)
        try:
            yield target
            await target.finish()
        except BaseException as error:
            target.abort()
            answer = await self._after()
            if answer is not None and answer.code >= 400 and isinstance(error, Unreachable):
                # The server broke it off, and it says why: no room left, for instance.
                raise Refused(str(answer.code), answer.text) from error
            raise
        _good(await self.answer())

    async def quit(self) -> None:
        """Say QUIT and close; a server that is gone already is no error."""
        with suppress(WireError):
            await self.say("QUIT")
        await self.close()

    def renew(self) -> None:
        """Begin a new action on a connection that is kept."""
        self._control.renew()

    async def close(self) -> None:
        """Close at once."""
        self.broken = True
        await self._control.close()

    async def _after(self) -> Answer | None:
        """Hear what the server says of a broken-off transfer, so that the connection can go on; None: it cannot."""
        try:
            async with asyncio.timeout(AFTER):
                return await self.answer()
        except (TimeoutError, WireError, asyncio.CancelledError):
            self.broken = True
            return None

    async def _transfer(self, verb: str, argument: str, offset: int, most: int) -> Flow:
        self._number += 1
        meter = DataMeter(self._sink, self._limits, self._number)
        meter.bound(most)
        made = Flow(meter, self._limits)
        try:
            await (self._passively if self.passive else self._actively)(made, verb, argument, offset)
            if self._protected:
                context, session = self._control.tls()
                await flow.start_flow_tls(made, context, session, self.address)
        except BaseException:
            if made.transport is not None:
                made.abort()
            raise
        return made

    async def _passively(self, made: Flow, verb: str, argument: str, offset: int) -> None:
        port = await self._port()
        await flow.flow_to(self.address.ip, port, made, self._limits.connect)
        await self._begin(verb, argument, offset)

    async def _actively(self, made: Flow, verb: str, argument: str, offset: int) -> None:
        local, remote = self._control.ends()
        door = flow.FlowDoor(local, remote, made)
        await door.open()
        try:
            where = endpoint.Endpoint(local, door.port)
            if not await self._extend("EPRT", endpoint.eprt_argument(where)):
                await self.ask("PORT", endpoint.port_argument(where))
            await self._begin(verb, argument, offset)
            await door.accept(self._limits.connect)
        finally:
            door.close()

    async def _begin(self, verb: str, argument: str, offset: int) -> None:
        if offset:
            await self.ask("REST", str(offset))
        answer = await self.ask(verb, argument)
        if answer.code // 100 == 2:  # some servers say 200 before 150 (RFC 959 knows no such answer)
            answer = _good(await self.answer())
        if answer.code // 100 != 1:
            raise Refused(str(answer.code), answer.text)

    async def _port(self) -> int:
        """Ask where the server listens: EPSV, then PASV, of whose answer only the port is believed."""
        if answer := await self._extend("EPSV", ""):
            port = endpoint.parse_229(answer.text)
            if port is None:
                raise Garbled("229 without a port", cause="no-port", verb="EPSV")
            return port
        where = endpoint.parse_six((await self.ask("PASV")).text)
        if where is None or not where.port:
            raise Garbled("227 without a port", cause="no-port", verb="PASV")
        return where.port

    async def _extend(self, verb: str, argument: str) -> Answer | None:
        """Say EPSV or EPRT (RFC 2428); None where the server knows them not, which is remembered."""
        if not self._extended:
            return None
        answer = await self.say(verb, argument)
        if answer.code in (500, 501, 502, 522) and ":" not in self.address.ip:
            self._extended = False
            return None
        return _good(answer)


def _good(answer: Answer, stage: str = "") -> Answer:
    if answer.code >= 400:
        raise Refused(str(answer.code), answer.text, **({"stage": stage} if stage else {}))
    return answer

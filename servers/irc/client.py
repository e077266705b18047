"""One connection: lines in, within bounds; lines out, within bounds; and who it is.

The bounds: 512 bytes of a line and 4,096 of its tags; RATE lines a second beyond the first BURST (the rest waits,
the client is told, and is cut at MOST_WAITING); SENDQ bytes that a slow reader leaves unread; silence is asked
about with PING and then ended.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import Error

from protocols.errors import Garbled
from protocols.irc.grammar import MAX_BYTES, MAX_CLIENT_TAGS, Message, parse_message
from protocols.line import LineSplitter
from servers.authenticator import Person
from servers.irc.channel import Channel
from servers.irc.line import ACCOUNT, TAGS, TIME, Out
from servers.irc.network import Network

log = logging.getLogger("netlab.irc")

BURST = 100
RATE = 25.0
MOST_WAITING = 400
SENDQ = 1024 * 1024
UNKNOWN = 180.0
"""Seconds in which a newcomer has to say NICK and USER: a person who types needs a while."""

SILENCE = 120.0
ANSWER = 60.0
FAREWELL = 5.0
"""Seconds in which whoever is sent away may read what waits for them; else a socket nobody reads stays for good."""

_batches = itertools.count(1)
_speaking: ContextVar[Client | None] = ContextVar("speaking", default=None)


@dataclass(frozen=True, slots=True)
class Command:
    """What a command needs: ``run`` answers it, ``least`` parameters, and whether it is known before 001."""

    run: Callable[[Any, Message], Awaitable[None] | None]
    least: int = 0
    early: bool = False


class Client(asyncio.Protocol):
    """A client of the network. ``account`` is the user name of the lab's person who signed in, or ""."""

    def __init__(self, network: Network, commands: dict[str, Command], *, secure: bool) -> None:
        self.network, self.secure = network, secure
        self.nick, self.user, self.real, self.host, self.peer = "*", "", "", "", "?"
        self.person: Person | None = None
        self.password = ""
        self.registered = self.negotiating = self.completing = False
        self.cap_version = 301
        self.capabilities: set[str] = set()
        self.modes: set[str] = set()
        self.away = ""
        self.channels: dict[Channel, None] = {}
        self.invitations: set[str] = set()
        self.signed_on = self.spoke = time.time()
        self.sasl = ""
        self.sasl_pieces = ""
        self.done = False
        self._commands = commands
        self._bits = 0
        self._transport: asyncio.Transport | None = None
        self._session: Any = None
        self._lines = LineSplitter(MAX_BYTES + MAX_CLIENT_TAGS)
        self._waiting: deque[tuple[bytes, bytes, int]] = deque()
        self._tokens, self._filled = float(BURST), time.monotonic()
        self._told = self._busy = False
        self._later: asyncio.TimerHandle | None = None
        self._heard = time.monotonic()
        self._pinged = 0.0
        self._label = ""
        self._answers: list[tuple[Out, dict[str, str]]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def account(self) -> str:
        return self.person.name if self.person else ""

    @property
    def operator(self) -> bool:
        return "o" in self.modes

    @property
    def source(self) -> str:
        """``nick!user@host``."""
        return f"{self.nick}!{self.user}@{self.host}"

    # Lines out

    def send(self, out: Out) -> None:
        """Send a line; while a labelled command of this client is answered, its answers are gathered."""
        if self._answers is not None and _speaking.get() is self:
            self._answers.append((out, {}))
        else:
            self.write(out.raw(self._bits))

    def send_tagged(self, out: Out, tags: dict[str, str]) -> None:
        """Send a line with tags of its own (a batch's reference, a label)."""
        if self._answers is not None and _speaking.get() is self:
            self._answers.append((out, tags))
        else:
            self.write(out.raw(self._bits, tags))

    def deliver(self, out: Out) -> None:
        """Send what somebody said to this client: never an answer, also where the client said it to itself."""
        self.write(out.raw(self._bits))

    def reply(self, numeric: str, *params: str) -> None:
        """Send a numeric; the client's nick is put before ``params``."""
        self.send(Out(self.network.source, numeric, self.nick, *params))

    def notice(self, text: str) -> None:
        self.send(Out(self.network.source, "NOTICE", self.nick, text))

    def fail(self, command: str, code: str, *context: str) -> None:
        """Say what went wrong for programs and people (IRCv3 standard replies)."""
        self.send(Out(self.network.source, "FAIL", command, code, *context))

    def tell(self, command: str, *params: str, source: str = "") -> None:
        """Send a line of the server's, or of ``source``."""
        self.send(Out(source or self.network.source, command, *params))

    def write(self, raw: bytes) -> None:
        """Write bytes; a reader so slow that SENDQ bytes wait for it is cut off."""
        transport = self._transport
        if transport is None or self.done:
            return
        transport.write(raw)

    def pause_writing(self) -> None:
        """The transport's: more than SENDQ bytes wait."""
        self.end("SendQ exceeded", abort=True)

    def set_capabilities(self, capabilities: set[str]) -> None:
        self.capabilities = capabilities
        found = {"server-time": TIME, "message-tags": TAGS, "account-tag": ACCOUNT}
        self._bits = sum(bit for name, bit in found.items() if name in capabilities)

    # The connection's life

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport
        transport.set_write_buffer_limits(high=SENDQ)
        self.peer = str((transport.get_extra_info("peername") or ("?",))[0])
        # A host that begins with a colon would be read as the last parameter.
        self.host = f"0{self.peer}" if self.peer.startswith(":") else self.peer
        self._session = self.network.service.sessions.enter("irc", self.peer, self.end)
        self.network.enter(self)
        if self._session is None:
            return self.end("too many connections, try again later")
        secured = "inside TLS" if self.secure else "in clear: what you say can be read on the way"
        self.notice(f"Welcome to {self.network.source}, {secured}. Say NICK and USER to come in.")
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.end("Connection closed" if exc is None else "Connection lost", abort=True)

    def enter_person(self, person: Person) -> None:
        """Somebody signed in: the session is theirs, and ends with their login."""
        self.person = person
        if self._session is not None:
            self._session.person = person

    def end(self, reason: str, *, abort: bool = False) -> None:
        """Say ERROR, tell the channels, close. May be called twice."""
        if self.done:
            return
        self.done = True  # before ERROR is said: the transport may answer by ``pause_writing``
        if not abort and self._transport is not None:
            self._transport.write(Out("", "ERROR", f"Closing link: {reason}").raw(0))
        if self.registered:
            out = Out(self.source, "QUIT", reason, account=self.account)
            self.network.tell(self.network.peers(self), out)
        for channel in list(self.channels):
            channel.members.pop(self, None)
            self.network.drop_if_empty(channel)
        self.channels.clear()
        self.network.leave(self)
        self.network.service.sessions.leave(self._session)
        for task in self._tasks:
            task.cancel()
        if self._later:
            self._later.cancel()
        self._waiting.clear()
        if self._transport is None:
            return
        if abort:
            self._transport.abort()
        else:
            self._transport.close()
            asyncio.get_running_loop().call_later(FAREWELL, self._transport.abort)

    def look(self, now: float) -> None:
        """Asked every few seconds: ping the silent, end the dead and those who never say who they are."""
        if not self.registered and time.time() - self.signed_on > UNKNOWN:
            self.end("you did not say NICK and USER in time")
        elif self._pinged and now - self._pinged > ANSWER:
            self.end(f"Ping timeout: {int(now - self._heard)} seconds")
        elif self.registered and not self._pinged and now - self._heard > SILENCE:
            self._pinged = now
            self.write(Out("", "PING", self.network.source).raw(0))

    # Lines in

    def data_received(self, data: bytes) -> None:
        self._heard, self._pinged = time.monotonic(), 0.0
        self._waiting.extend(self._lines.feed(data))
        if self._lines.pending > 10 * (MAX_BYTES + MAX_CLIENT_TAGS):
            return self.end("a line without end")
        return self._go_on()

    def _go_on(self) -> None:
        while self._waiting and not self._busy and not self.done:
            if not self._may_go_on():
                return
            self._one_line(*self._waiting.popleft())

    def _may_go_on(self) -> bool:
        """Take one from the bucket; where it is empty, say so and wait."""
        now = time.monotonic()
        self._tokens = min(float(BURST), self._tokens + (now - self._filled) * RATE)
        self._filled = now
        if self._tokens >= 1:
            self._tokens -= 1
            self._told = self._told and self._tokens < BURST / 2
            return True
        if not self._told:
            self._told = True
            self.notice(
                f"You are faster than {RATE:.0f} lines a second: your lines wait. More of them will end this."
            )
        if len(self._waiting) > MOST_WAITING:
            self.end("Excess flood")
        elif self._later is None:
            self._later = asyncio.get_running_loop().call_later(1 / RATE, self._resume)
        return False

    def _resume(self) -> None:
        self._later = None
        self._go_on()

    def _one_line(self, raw: bytes, end: bytes, size: int) -> None:
        tags = raw.find(b" ") + 1 if raw.startswith(b"@") else 0
        if size - tags > MAX_BYTES or tags > MAX_CLIENT_TAGS:
            return self.reply(
                "417", f"The line is too long: {MAX_BYTES} bytes with its end, tags {MAX_CLIENT_TAGS}"
            )
        # A NUL or CR inside a line would become part of somebody else's.
        message = parse_message(raw.replace(b"\0", b"").replace(b"\r", b""), any_word=True)
        if message is None:
            return None
        label = message.tags.get("label", "") if "labeled-response" in self.capabilities else ""
        self._label, self._answers = label[:64], [] if label else None
        token = _speaking.set(self)
        try:
            work = self._carry_out(message)
            if work is not None:
                self._wait_for(work)
        finally:
            _speaking.reset(token)
        if not self._busy:
            self._flush_label()
        return None

    def _carry_out(self, message: Message) -> Awaitable[None] | None:
        verb = message.command
        command = self._commands.get(verb)
        if command is None:
            known = "" if self.registered else " (first say NICK and USER)"
            # What came may be no command at all: a parameter has no colon at its start.
            return self.reply(
                "421", verb[:50].lstrip(":") or "*", f"Unknown command; HELP lists those there are{known}"
            )
        if not self.registered and not command.early:
            return self.reply("451", "You have not registered: first say NICK and USER")
        if len(message.params) < command.least or (command.least and not message.params[command.least - 1]):
            if verb in ("PRIVMSG", "NOTICE", "NICK", "PING", "TAGMSG"):
                return self._missing(verb, message)
            return self.reply("461", verb, f"Not enough parameters: {verb} needs {command.least}")
        try:
            return command.run(self, message)
        except Garbled:
            return self.reply("400", verb, "That cannot be said in IRC")

    def _missing(self, verb: str, message: Message) -> None:
        if verb == "NOTICE":
            return None  # a NOTICE is never answered automatically (RFC 2812 3.3.2)
        if verb == "NICK":
            return self.reply("431", "No nickname given")
        if verb == "PING":
            return self.reply(
                "409" if message.params else "461", *([] if message.params else ["PING"]), "No token given"
            )
        if not message.params or not message.param(0):
            return self.reply("411", f"No recipient given ({verb})")
        return self.reply("412", "No text to send")

    def _wait_for(self, work: Awaitable[None]) -> None:
        self._busy = True
        task = asyncio.ensure_future(self._finish(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Error as error:
            log.warning("the database does not answer: %s", error)
            self.notice("The logins cannot be looked at just now: try again in a moment")
        except Garbled:
            self.reply("400", "*", "That cannot be said in IRC")
        self._flush_label()
        self._busy = False
        self._go_on()

    def _flush_label(self) -> None:
        """Send what answers a labelled command (IRCv3 labeled-response): ACK for nothing, one line, or a batch."""
        answers, label = self._answers, self._label
        self._answers, self._label = None, ""
        if answers is None:
            return
        if not answers:
            self.send_tagged(Out(self.network.source, "ACK"), {"label": label})
        elif len(answers) == 1 or _is_batch(answers):
            for place, (out, tags) in enumerate(answers):
                self.send_tagged(out, tags if place else {**tags, "label": label})
        else:
            name = f"l{next(_batches):x}"
            self.send_tagged(
                Out(self.network.source, "BATCH", f"+{name}", "labeled-response"), {"label": label}
            )
            for out, tags in answers:
                self.send_tagged(out, tags or {"batch": name})
            self.send(Out(self.network.source, "BATCH", f"-{name}"))

    def send_batch(self, kind: str, target: str, lines: list[Out]) -> None:
        """Send lines as one batch, or as they are to a client that knows no batches."""
        if "batch" not in self.capabilities:
            for out in lines:
                self.send(out)
            return
        name = f"b{next(_batches):x}"
        self.send(Out(self.network.source, "BATCH", f"+{name}", kind, *([target] if target else [])))
        for out in lines:
            self.send_tagged(out, {"batch": name})
        self.send(Out(self.network.source, "BATCH", f"-{name}"))


def _is_batch(answers: list[tuple[Out, dict[str, str]]]) -> bool:
    return not answers[0][1] and b" BATCH +" in answers[0][0].line and all(tags for _, tags in answers[1:-1])

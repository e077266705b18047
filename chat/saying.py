"""What a person says goes out by their connection, in order, not faster than the server likes, and is answered for.

Every word is acknowledged: taken (the server echoed it, or answered a label or a PING sent after it) or refused, with
the server's words or ours. Silence is a refusal as well, after PATIENCE: nothing that was typed is lost unsaid.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from chat import commands, doings, ignoring
from chat.doings import Unclear, Where
from chat.models import NICK
from protocols.errors import Garbled, WireError
from protocols.irc import client
from protocols.irc.events import Acked, Told
from protocols.irc.grammar import format_ctcp
from protocols.irc.support import Support

if TYPE_CHECKING:
    from chat.link import Link
    from chat.models import Window

log = logging.getLogger(__name__)
_CONTROLS = re.compile(r"[\0-\x1f\x7f]")
PATIENCE = 15.0
MOST_WAITING = 2_000
LAB_PACE, OTHER_PACE = (80, 20.0), (10, 1.0)
"""Lines at once, and then a second: a little less than the lab's own server allows; other servers expect a person
(RFC 1459 8.10 lets ten seconds' worth go ahead, one line in two seconds after that)."""

NOT_SENT = frozenset(
    {"401", "402", "403", "404", "407", "408", "411", "412", "413", "414", "415", "417", "477", "486", "489", "505",
     "531", "716"}
)  # fmt: skip
"""Numerics that refuse a PRIVMSG or NOTICE (modern.ircdocs.horse, and what other networks added)."""

NOT_CONNECTED = gettext_noop(
    "There is no connection at the moment. Your words are kept; say them again when it is back."
)
LOST = gettext_noop("The connection broke before the server answered. It may not have heard this.")
SILENT = gettext_noop("The server did not answer. It may not have heard this.")
TOO_MUCH = gettext_noop("That is too much at once: what you said before is still on its way.")
TOO_LONG = gettext_noop("A line of IRC has at most 512 bytes. This one is longer.")
CONTROLS = gettext_noop("A line break or NUL cannot stand in a command. Take it out and try again.")
NO_NICK = gettext_noop("Nobody can be called “%(name)s”.")
STUMBLED = gettext_noop("netlab could not do that just now. Your words are kept; try again in a moment.")
NO_TEXT = gettext_noop("There is nothing in it to say.")


@dataclass(slots=True, eq=False)
class Spoken:
    """Words on their way: how many of their lines are not answered yet, and whom to tell."""

    answer: Callable[..., None]
    waits: int = 0
    target: str = ""
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    until: float = 0.0
    done: bool = False

    def taken(self) -> None:
        self.waits -= 1
        if self.waits <= 0 and not self.done:
            self.done = True
            self.answer(True)

    def refused(self, key: str = "", words: str = "", **params: str) -> None:
        if not self.done:
            self.done = True
            self.answer(False, key=key, words=words, params=params)


@dataclass(slots=True)
class Waiting:
    """A line that is to be said: whose words it carries, and the label or token by which it is answered."""

    raw: bytes
    spoken: Spoken | None = None
    label: str = ""
    token: str = ""


class Mouth:
    """Speaks for one link."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._queue: deque[Waiting] = deque()
        self._labels: dict[str, tuple[Spoken, float]] = {}
        self._fences: dict[str, Spoken] = {}
        self._fence = 0
        self._sending: asyncio.Task | None = None
        self._credit, self._at = 0.0, 0.0

    async def say(self, window: Window, text: str, answer: Callable[..., None]) -> None:
        """Do what was typed in ``window``; ``answer(taken, key=, words=, params=)`` is called once."""
        spoken = Spoken(answer)
        try:
            await self._do(commands.parse(text, self._where(window)), window, spoken)
        except Unclear as error:
            spoken.refused(error.key, **error.params)
        except Garbled as error:
            spoken.refused(TOO_LONG if error.params.get("cause") == "length" else CONTROLS)
        except WireError:
            spoken.refused(LOST)
        except Exception:  # the database is away, say: whoever typed it is told, and has it still
            log.exception("what was typed could not be done")
            spoken.refused(STUMBLED)

    def later(self, command: str, *params: str) -> None:
        """Say a line of our own accord."""
        self._put([Waiting(client.line(command, *params))])

    def acked(self, event: Acked) -> None:
        """The server answered a label or a PING."""
        if event.label:
            spoken, _ = self._labels.pop(event.label, (None, 0.0))
            if spoken:
                spoken.taken()
        spoken = self._fences.pop(event.token, None)
        if spoken and not spoken.done:
            if "echo-message" not in self.link.session.state.caps:
                for target, piece, kind in spoken.lines:
                    self.link.ear.own_words(target, piece, kind)
            spoken.taken()

    def refusal(self, event: Told) -> None:
        """A numeric came: where it says no to words that wait, they were not taken."""
        label = event.mark.label
        if label and label in self._labels:
            spoken, _ = self._labels.pop(label)
            if event.refused:
                spoken.refused(words=f"{event.code} {event.text}")
            else:
                spoken.taken()
        elif event.code in NOT_SENT and not label:
            named = {self.link.fold(word) for word in event.params[:-1]}
            for spoken in self._fences.values():
                if not spoken.done and spoken.target and self.link.fold(spoken.target) in named:
                    spoken.refused(words=f"{event.code} {event.text}")
                    return

    def expire(self) -> None:
        """Called now and then: what nobody answered in time is told as such."""
        now = time.monotonic()
        for name, spoken in list(self._fences.items()):
            if spoken.until and spoken.until < now:
                del self._fences[name]
                spoken.refused(SILENT)
        for label, (spoken, until) in list(self._labels.items()):
            if until < now:
                del self._labels[label]
                spoken.refused(SILENT)

    def silence(self) -> None:
        """The connection is over."""
        if self._sending:
            self._sending.cancel()
        waiting = [one.spoken for one in self._queue if one.spoken]
        waiting += [spoken for spoken, _ in self._labels.values()] + list(self._fences.values())
        self._queue.clear()
        self._labels.clear()
        self._fences.clear()
        for spoken in waiting:
            spoken.refused(LOST)

    def _where(self, window: Window) -> Where:
        support = self.link.session.state.support if self.link.session else None
        types = support.channel_types if support else "#&"
        modes = support.number("MODES", 3) if support else 3
        return Where(window.talk.kind, window.talk.name, self.link.nick, types, modes)

    async def _do(self, asked: list[doings.Doing], window: Window, spoken: Spoken) -> None:
        lines: list[Waiting] = []
        for doing in asked:
            if isinstance(doing, doings.Speak):
                if not self._where_is_channel(doing.target) and "," not in doing.target:
                    _may_be_nick(doing.target)
                lines += self._speak(doing, spoken)
                if not self._is_open(doing.target):
                    await self.link.ear.open_query(doing.target)
            elif isinstance(doing, doings.Line | doings.Raw):
                self._connected()
                self.link.ear.answers.near(window.talk_id)
                raw = doing.text if isinstance(doing, doings.Raw) else ""
                lines.append(Waiting(_raw(raw) if raw else client.line(doing.command, *doing.params)))
                self._remember(doing)
            elif isinstance(doing, doings.Ignore):
                (ignoring.ignore if doing.on else ignoring.hear_again)(self.link, doing.nick)
            else:
                await self._ours(doing, window)
        if not lines:
            spoken.taken()
            return
        if not any(one.spoken for one in lines):
            # Commands are taken when they are said; what the server thinks of them is shown where they were typed.
            lines[-1].spoken = spoken
            spoken.waits = -1
        self._put(lines)

    def _is_open(self, target: str) -> bool:
        if self._where_is_channel(target) or "," in target:
            return True
        window = self.link.window("query", target)
        return window is not None and window.open

    def _where_is_channel(self, target: str) -> bool:
        support = self.link.session.state.support if self.link.session else Support()
        return support.channel_of(target) != "" or target.lower().endswith("serv")

    def _speak(self, doing: doings.Speak, spoken: Spoken) -> list[Waiting]:
        """The lines of some words, each with its label, or a PING after the last one where there are no labels."""
        self._connected()
        session = self.link.session
        command = "NOTICE" if doing.manner == "notice" else "PRIVMSG"
        beside = len(format_ctcp("ACTION", "")) + 1 if doing.manner == "action" else 0
        pieces = session.pieces(command, doing.target, doing.text, beside)
        if not pieces:
            raise Unclear(NO_TEXT)
        if len(self._queue) + len(pieces) > MOST_WAITING:
            raise Unclear(TOO_MUCH)
        # Until they are written: what stands before them, at the pace of the connection. A connection that takes
        # nothing is silence as well.
        latest = time.monotonic() + PATIENCE + (len(self._queue) + len(pieces)) / self._pace()[1]
        lines: list[Waiting] = []
        spoken.target = doing.target
        for piece in pieces:
            text = format_ctcp("ACTION", piece) if doing.manner == "action" else piece
            tags = session.label()
            label = tags["label"] if tags else ""
            if label:
                self._labels[label] = (spoken, latest)
                spoken.waits += 1
            else:
                spoken.lines.append((doing.target, piece, doing.manner))
            lines.append(Waiting(client.line(command, doing.target, text, tags=tags), spoken, label))
        if spoken.lines:
            self._fence += 1
            token = f"said-{self._fence}"
            self._fences[token] = spoken
            spoken.until = latest
            spoken.waits += 1
            lines.append(Waiting(client.line("PING", token), spoken, token=token))
        return lines

    def _connected(self) -> None:
        if self.link.session is None or not self.link.session.state.ready:
            raise Unclear(NOT_CONNECTED)

    def _remember(self, doing: doings.Line | doings.Raw) -> None:
        """A nick that the person chose is asked for at the next connection as well, once the server has given it."""
        if isinstance(doing, doings.Line) and doing.command == "NICK" and doing.params:
            self.link.ear.wished = doing.params[0]
        if isinstance(doing, doings.Line) and doing.command == "JOIN" and len(doing.params) == 2:
            self.link.gateway.keep_keys(self.link, *doing.params)

    async def _ours(self, doing: doings.Doing, window: Window) -> None:
        work: dict[type, Callable[[], Awaitable[Any]]] = {
            doings.Open: lambda: self.link.ear.open_query(_may_be_nick(doing.nick)),  # type: ignore[union-attr]
            doings.Close: lambda: self.link.gateway.close_window(self.link, window),
            doings.Hang: lambda: self.link.gateway.hang_up(self.link, doing.text),  # type: ignore[union-attr]
            doings.Meet: lambda: self.link.gateway.meet(self.link),
        }
        await work[type(doing)]()

    def _put(self, lines: list[Waiting]) -> None:
        self._queue.extend(lines)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._queue and self.link.session:
            count = await self._allowed()
            batch = [self._queue.popleft() for _ in range(min(count, len(self._queue)))]
            try:
                await self.link.session.write([one.raw for one in batch])
            except WireError:
                for one in batch:
                    if one.spoken:
                        one.spoken.refused(LOST)
                return
            self._said(batch)

    def _said(self, batch: list[Waiting]) -> None:
        """Time runs from here: a line that waited for its turn was not left unanswered by anybody.

        A server that takes one line in two seconds (RFC 1459 8.10) answers the last of many that much later.
        """
        unanswered = max(0, len(self._labels) - len(self._queue)) + len(batch)
        until = time.monotonic() + PATIENCE + 2 * unanswered
        for one in batch:
            if one.spoken and one.spoken.waits == -1:
                one.spoken.taken()
            elif one.spoken and one.label in self._labels:
                self._labels[one.label] = (one.spoken, until)
            elif one.spoken and one.token:
                one.spoken.until = until + 2 * len(one.spoken.lines)

    def _pace(self) -> tuple[int, float]:
        return LAB_PACE if self.link.row.server.lab else OTHER_PACE

    async def _allowed(self) -> int:
        """Wait until at least one line may be said; return how many."""
        most, rate = self._pace()
        while True:
            now = time.monotonic()
            self._credit = (
                min(float(most), self._credit + (now - self._at) * rate) if self._at else float(most)
            )
            self._at = now
            if self._credit >= 1:
                count = min(int(self._credit), len(self._queue), 20)
                self._credit -= count
                return max(1, count)
            await asyncio.sleep((1 - self._credit) / rate)


def _may_be_nick(name: str) -> str:
    """``name``, where a server could know somebody by it (``nick@server`` too); Unclear or Garbled where none could."""
    if _CONTROLS.search(name):
        raise Garbled("CR, LF and NUL stand in no nick", cause="controls")
    if not name or len(name) > NICK or name.startswith(":") or " " in name:
        raise Unclear(NO_NICK, name=name[:40])
    return name


def _raw(text: str) -> bytes:
    """A line exactly as typed; Garbled where it has a line break or NUL in it, or is too long."""
    raw = text.encode("utf-8", "surrogateescape")
    if any(sign in text for sign in "\r\n\0"):
        raise Garbled("CR, LF and NUL cannot be said in IRC", cause="controls")
    if len(raw) > 510:
        raise Garbled("a line of IRC has at most 512 bytes", cause="length")
    return raw + b"\r\n"

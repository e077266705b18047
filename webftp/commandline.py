"""The course's ``ftp>``: what a person types becomes FTP commands, each shown as it is said.

A Shell owns one session with its own recording. It knows nothing of the socket: it writes through ``Screen`` and
asks through it. A password goes from ``ask`` to ``login`` and is kept nowhere on the way.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Server, User
from protocols.errors import Garbled, Refused, TooMuch, WireError
from protocols.ftp import async_client as ftp
from protocols.ftp import names
from protocols.ftp.guard import Guard
from protocols.line import Line
from transcripts.recorder import Recording
from webftp import wording
from webftp.warm import Live, transcript

LONGEST = 4000
"""Signs of a line that is typed."""

HAND = 45.0
"""Seconds for the last answer to a command; a server that takes longer is left."""


class Screen(Protocol):
    """Where a Shell writes and whom it asks."""

    async def write(self, kind: str, text: str) -> None:
        """Show a line: ``said`` (a command that was said), ``reply``, ``text`` or ``error``."""
        ...

    async def ask(self, prompt: str, *, secret: bool = False) -> str:
        """Ask the person for a line; a secret one is not echoed."""
        ...

    async def download(self, shell: Shell, path: str) -> tuple[str, int]:
        """Have the browser fetch ``path``; return how it ended (an error's text, or empty) and the bytes."""
        ...

    async def local(self, pattern: str) -> list[dict]:
        """The local files that ``pattern`` means: chosen by the person where none are known yet."""
        ...

    async def upload(self, shell: Shell, file: dict, path: str) -> tuple[str, int]:
        """Have the browser send a local file to ``path``; as ``download``."""
        ...

    async def change_local(self, folder: str) -> str:
        """``lcd``: choose a local folder, or go into one of its folders; return what to show."""
        ...


class Shell:
    """One command line: the session where there is one, and how it stands."""

    def __init__(self, person: User, screen: Screen, tab: str = "") -> None:
        self.person, self.screen, self.tab = person, screen, tab
        self.live: Live | None = None
        self.recording: Recording | None = None
        self.server: Server | None = None
        self.user = ""
        self.letter, self.passive, self.prompting, self.hashes = "I", True, True, False
        self._said: list[tuple[str, str]] = []

    async def run(self, line: str) -> None:
        """Do what one line says; every error is shown, none comes through."""
        line = names.storable(line[:LONGEST])
        words = split(line)
        if not words:
            return
        name = _meant(words[0].lower())
        if not name:
            await self.screen.write("error", _("?Invalid command. “help” lists the commands."))
            return
        await self._attempt(VERBS[name], [name, *words[1:]], line)

    async def _attempt(self, work: Work, words: list[str], line: str) -> None:
        try:
            if work in LOCAL:
                await work(self, words, line)
            elif self.live is None:
                await self.screen.write("error", _("Not connected. Say “open” and the name of a server."))
            else:
                await self._recorded(work, words, line)
        except WireError as error:
            await self.flush()
            await self._tell(error)

    async def _recorded(self, work: Work, words: list[str], line: str) -> None:
        """Run ``work`` as one transcript. Its subject never holds what may be a password."""
        live = self.connected()
        live.session.renew()
        try:
            async with transcript(live.recording, CAUSE, tab=self.tab, subject=_subject(words)) as action:
                try:
                    await work(self, words, line)
                except Refused as error:
                    action.fail(error)
                    await self.flush()
        finally:
            if live.session.broken and self.live is live:
                await self.close()

    async def lines(self, verb: str, argument: str) -> list[str]:
        """The lines of a listing."""
        raw = b""
        session = self.connected().session
        async with session.incoming(verb, argument, most=ftp.LISTING) as source:
            await self.flush()
            while chunk := await source.read():
                raw += chunk
        await self.flush()
        return [names.decode(one.rstrip(b"\r")) for one in raw.split(b"\n") if one.strip(b"\r")]

    async def say(self, verb: str, argument: str = "") -> ftp.Answer:
        """Say a command, show it with its answers, and return the last: after a 1yz another comes (RFC 959, 4.2).

        Servers wait a while, before or after the 1yz, for a data connection that nobody opens.
        """
        session = self.connected().session
        try:
            async with asyncio.timeout(HAND):
                answer = await session.say(verb, argument)
                await self.flush()
                if answer.code // 100 == 1:
                    await self.screen.write("text", no_data())
                while answer.code // 100 == 1:
                    answer = await session.answer()
                    await self.flush()
        except TimeoutError as error:
            raise TooMuch("the server is silent", cause="idle", seconds=int(HAND)) from error
        return answer

    async def flush(self) -> None:
        """Show what was said and answered since."""
        said, self._said = self._said, []
        for kind, text in said:
            await self.screen.write(kind, text)

    async def close(self) -> None:
        """Close the session, if there is one."""
        live, self.live = self.live, None
        if live is not None:
            await live.close()
        elif self.recording is not None:
            self.recording.close()
        self.recording = None

    def hear(self, speaker: str, line: str) -> None:
        """Keep what was said and answered until ``flush`` shows it."""
        self._said.append(("said" if speaker == "C" else "reply", line))

    def connected(self) -> Live:
        """The connection; Garbled where there is none."""
        if self.live is None:
            raise Garbled("not connected", cause="not-supported")
        return self.live

    async def _tell(self, error: WireError) -> None:
        if not isinstance(error, Refused):
            await self.screen.write("error", wording.spoken(error))


Work = Callable[[Shell, list[str], str], Awaitable[None]]
CAUSE = gettext_noop("Command line")

VERBS: dict[str, Work] = {}
"""What is done by which word; ``commandsession``, ``commandremote`` and ``commandfiles`` enter theirs."""

LOCAL: set[Work] = set()
"""What needs no connection; all else is recorded, each as one transcript."""

NAMING = {
    *("cd", "delete", "mkdir", "rmdir", "size", "modtime", "ls", "dir", "nlist", "rename", "chmod"),
    *("get", "recv", "put", "send", "mget", "mput", "mdelete"),
}
"""Commands whose arguments name files."""


def split(line: str) -> list[str]:
    """Cut a line into words as a shell does: quotes and backslashes keep blanks; an open quote is just a sign."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _meant(start: str) -> str:
    """The command that is named so, or the one that begins so, as in every ftp program; empty for none or several."""
    found = [start] if start in VERBS else [name for name in VERBS if name.startswith(start)]
    return found[0] if len(found) == 1 else ""


def _subject(words: list[str]) -> str:
    """What a transcript is called: the command, and its arguments where they can only be names of files.

    A person may type a password anywhere, so an argument that the FTP guard would hide is left out as well.
    """
    argument = " ".join(words[1:3])
    guarded = Guard(lambda secret: "").feed(Line("C", names.encode(argument)))
    return f"{words[0]} {argument}".rstrip() if words[0] in NAMING and not guarded.hidden else words[0]


def no_data() -> str:
    """Why nothing comes after a transfer command that was said by hand."""
    return _("(No data connection follows a command said by hand here.)")

"""The course's ``ftp>``: what a person types becomes FTP commands, each shown as it is said.

A Shell owns one session with its own recording. It knows nothing of the socket: it writes through ``Screen`` and
asks through it. A password goes from ``ask`` to ``login`` and is kept nowhere on the way.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from typing import Protocol

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from accounts import reach
from accounts.models import Server, User
from protocols.errors import Garbled, Refused, TooMuch, WireError
from protocols.ftp import async_client as ftp
from protocols.ftp import names
from protocols.ftp.commands import client_commands
from protocols.ftp.guard import Guard
from protocols.line import Line
from protocols.login import Credentials
from transcripts.recorder import Recording, open_recording
from webftp import wording
from webftp.warm import LIMITS, Live, database, transcript

LONGEST = 4000
"""Signs of a line that is typed."""

SHOWN = 5000
"""Lines of a listing that are shown."""

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
        live = self._live()
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

    async def open(self, words: list[str], line: str) -> None:
        """open host [port]: connect, hear the greeting, then ask for name and password."""
        if self.live is not None:
            await self.screen.write("error", _("Already connected. Say “close” first."))
            return
        host = words[1] if len(words) > 1 else await self.screen.ask(_("(to) "))
        port = int(words[2]) if len(words) > 2 and words[2].isdecimal() else 0
        self.server = await database(reach.find)(host, "ftp", port)
        address = await database(reach.address)(self.server)
        self.recording = await database(open_recording)(owner=self.person, server=self.server)
        try:
            async with transcript(self.recording, CAUSE, tab=self.tab, subject=f"open {host}"[:200]):
                await self.screen.write("text", _("Connected to %(host)s.") % {"host": host})
                session = await ftp.connect(
                    address, self.recording.sink, LIMITS, passive=self.passive, heard=self._hear
                )
                self.live = Live(session, self.recording, self.passive)
                await self.flush()
                await self._sign_in()
        except BaseException:
            await self.close()
            raise

    async def user_(self, words: list[str], line: str) -> None:
        """user name [password]."""
        name = words[1] if len(words) > 1 else ""
        await self._sign_in(name, words[2] if len(words) > 2 else None)

    async def _sign_in(self, name: str = "", secret: str | None = None) -> None:
        name = name or await self.screen.ask(_("Name: "))
        self.user = name or self.person.username
        session = self._live().session
        answer = await session.say("USER", self.user)
        await self.flush()
        if answer.code == 331:
            if secret is None:
                secret = await self.screen.ask(_("Password: "), secret=True)
            answer = await session.say("PASS", Credentials(self.user, secret).secret)
            await self.flush()
        if answer.code == 230 or answer.code // 100 == 2:
            await session.protect()
            await self.flush()
        elif answer.code >= 400:
            await self.screen.write("error", _("Login failed. Say “user” and your name to try again."))

    async def bye(self, words: list[str], line: str) -> None:
        """bye, quit, close: QUIT."""
        if self.live is not None:
            await self.live.session.say("QUIT")
            await self.flush()
        await self.close()

    async def ls(self, words: list[str], line: str) -> None:
        """ls, dir: LIST; nlist: NLST."""
        verb = "NLST" if words[0] == "nlist" else "LIST"
        for count, text in enumerate(await self.lines(verb, " ".join(words[1:]))):
            if count == SHOWN:
                await self.screen.write("text", "…")
                break
            await self.screen.write("text", text)

    async def lines(self, verb: str, argument: str) -> list[str]:
        """The lines of a listing."""
        raw = b""
        session = self._live().session
        async with session.incoming(verb, argument, most=ftp.LISTING) as source:
            await self.flush()
            while chunk := await source.read():
                raw += chunk
        await self.flush()
        return [names.decode(one.rstrip(b"\r")) for one in raw.split(b"\n") if one.strip(b"\r")]

    async def plain(self, words: list[str], line: str) -> None:
        """Commands that are one FTP command."""
        verb, usage, least = PLAIN[words[0]]
        arguments = words[1:]
        if len(arguments) < least:
            arguments = [await self.screen.ask(f"({usage}) ")]
        if verb == "CWD" and arguments[0] == "..":
            verb, arguments = "CDUP", []
        await self.say(verb, " ".join(arguments))

    async def chmod(self, words: list[str], line: str) -> None:
        """chmod mode file."""
        if len(words) < 3:
            raise Garbled("chmod mode file", cause="not-supported")
        await self.say("SITE", f"CHMOD {words[1]} {' '.join(words[2:])}")

    async def rename(self, words: list[str], line: str) -> None:
        """rename a b: RNFR, RNTO."""
        old = words[1] if len(words) > 1 else await self.screen.ask(_("(from-name) "))
        new = words[2] if len(words) > 2 else await self.screen.ask(_("(to-name) "))
        if (await self.say("RNFR", old)).code == 350:
            await self.say("RNTO", new)

    async def quote(self, words: list[str], line: str) -> None:
        """quote text: said as it was typed."""
        raw = "".join(line.split(None, 1)[1:]).strip() or await self.screen.ask(_("(command line to send) "))
        verb, _blank, argument = raw.partition(" ")
        answer = await self.say(verb, argument)
        if verb.upper() == "TYPE":
            self._live().session.forget_type()
        if verb.upper() in ("PASV", "EPSV", "PORT", "EPRT") and answer.code < 400:
            await self.screen.write("text", _no_data())

    async def type_(self, words: list[str], line: str) -> None:
        """ascii, binary: TYPE."""
        self.letter = "A" if words[0].lower().startswith("a") else "I"
        await self._live().session.type(self.letter)
        await self.flush()

    async def toggle(self, words: list[str], line: str) -> None:
        """passive, prompt, hash: nothing crosses the wire."""
        name = {"pr": "prompting", "ha": "hashes"}.get(words[0].lower()[:2], "passive")
        on = not getattr(self, name) if len(words) < 2 else words[1].lower() in ("on", "1", "yes")
        setattr(self, name, on)
        if self.live is not None and name == "passive":
            self.live.session.passive = on
        told = {
            "passive": (_("Passive mode: on."), _("Passive mode: off; the server will connect to us.")),
            "prompting": (_("Interactive mode on."), _("Interactive mode off.")),
            "hashes": (_("Hash mark printing on."), _("Hash mark printing off.")),
        }[name]
        await self.screen.write("text", told[0] if on else told[1])

    async def status(self, words: list[str], line: str) -> None:
        """status: how this client stands."""
        where = (
            _("Connected to %(host)s as %(user)s.") % {"host": self.server.host, "user": self.user}
            if self.live is not None and self.server
            else _("Not connected.")
        )
        switch = {True: _("on"), False: _("off")}
        kind = "ascii" if self.letter == "A" else "binary"
        for text in (
            where,
            _("Type: %(type)s; Mode: stream; Structure: file") % {"type": kind},
            _("Passive mode: %(on)s; Prompting: %(prompt)s; Hash mark printing: %(hash)s")
            % {
                "on": switch[self.passive],
                "prompt": switch[self.prompting],
                "hash": switch[self.hashes],
            },
        ):
            await self.screen.write("text", text)

    async def lcd(self, words: list[str], line: str) -> None:
        """lcd [folder]: the local folder, which is one of this computer that the person chooses."""
        await self.screen.write("text", await self.screen.change_local(" ".join(words[1:])))

    async def help(self, words: list[str], line: str) -> None:
        """help [command]: what there is, and the FTP commands it becomes."""
        language = (get_language() or "en")[:2]
        for name, entry in client_commands().items():
            if len(words) > 1 and words[1].lower() not in name.split():
                continue
            meaning = entry.meaning.get(language, entry.meaning["en"])
            wire = ", ".join(entry.facts.get("wire", ()))
            await self.screen.write("text", f"{name:16} {meaning}" + (f"  [{wire}]" if wire else ""))

    async def say(self, verb: str, argument: str = "") -> ftp.Answer:
        """Say a command, show it with its answers, and return the last: after a 1yz another comes (RFC 959, 4.2).

        Servers wait a while, before or after the 1yz, for a data connection that nobody opens.
        """
        session = self._live().session
        try:
            async with asyncio.timeout(HAND):
                answer = await session.say(verb, argument)
                await self.flush()
                if answer.code // 100 == 1:
                    await self.screen.write("text", _no_data())
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

    def _hear(self, speaker: str, line: str) -> None:
        self._said.append(("said" if speaker == "C" else "reply", line))

    def _live(self) -> Live:
        if self.live is None:
            raise Garbled("not connected", cause="not-supported")
        return self.live

    async def _tell(self, error: WireError) -> None:
        if not isinstance(error, Refused):
            await self.screen.write("error", wording.spoken(error))


Work = Callable[[Shell, list[str], str], Awaitable[None]]
CAUSE = gettext_noop("Command line")

PLAIN = {
    "cd": ("CWD", "remote-directory", 1),
    "pwd": ("PWD", "", 0),
    "cdup": ("CDUP", "", 0),
    "delete": ("DELE", "remote-file", 1),
    "mkdir": ("MKD", "directory-name", 1),
    "rmdir": ("RMD", "directory-name", 1),
    "size": ("SIZE", "remote-file", 1),
    "modtime": ("MDTM", "remote-file", 1),
    "system": ("SYST", "", 0),
    "noop": ("NOOP", "", 0),
    "rhelp": ("HELP", "", 0),
    "rstatus": ("STAT", "", 0),
    "features": ("FEAT", "", 0),
}

VERBS: dict[str, Work] = {
    **dict.fromkeys(PLAIN, Shell.plain),
    **dict.fromkeys(("open", "ftp"), Shell.open),
    **dict.fromkeys(("bye", "quit", "exit", "close", "disconnect"), Shell.bye),
    **dict.fromkeys(("ls", "dir", "nlist"), Shell.ls),
    **dict.fromkeys(("quote", "literal"), Shell.quote),
    **dict.fromkeys(("ascii", "binary", "image"), Shell.type_),
    **dict.fromkeys(("passive", "prompt", "hash"), Shell.toggle),
    **dict.fromkeys(("help", "?"), Shell.help),
    "user": Shell.user_,
    "rename": Shell.rename,
    "chmod": Shell.chmod,
    "status": Shell.status,
    "lcd": Shell.lcd,
}

NAMING = {
    *("cd", "delete", "mkdir", "rmdir", "size", "modtime", "ls", "dir", "nlist", "rename", "chmod"),
    *("get", "recv", "put", "send", "mget", "mput", "mdelete"),
}
"""Commands whose arguments name files."""

LOCAL: set[Work] = {Shell.open, Shell.help, Shell.toggle, Shell.status, Shell.lcd}
"""What needs no connection; all else is recorded, each as one transcript."""


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


def _no_data() -> str:
    """Why nothing comes after a transfer command that was said by hand."""
    return _("(No data connection follows a command said by hand here.)")

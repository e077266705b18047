"""The sockets of a Files tab: one is told what changed, the other is the command line."""

from __future__ import annotations

import asyncio
import re
import secrets
from contextlib import suppress

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.middleware import language_of_socket
from protocols.ftp import names
from webftp import commandfiles, commandremote, commandsession, handover, tickets, wording
from webftp.commandline import Shell
from webftp.live import group
from webftp.models import Ticket
from webftp.warm import database

TAB = re.compile("[0-9a-f]{8,32}")
FLUSH = 0.2
"""Seconds between two looks at what a running transfer said."""

VERBS_OF = (commandsession, commandremote, commandfiles)
"""Importing them gives the shell its verbs."""


class FilesConsumer(AsyncJsonWebsocketConsumer):
    """JSON out: ``{"what": ..., "number": ...}``."""

    async def connect(self) -> None:
        self.person = self.scope["user"]
        if not (self.person.is_authenticated and self.person.is_active):
            await self.close(4403)
            return
        for name in (group(self.person.pk), f"person.{self.person.pk}"):
            await self.channel_layer.group_add(name, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.person.is_authenticated:
            for name in (group(self.person.pk), f"person.{self.person.pk}"):
                await self.channel_layer.group_discard(name, self.channel_name)

    async def files_news(self, event: dict) -> None:
        await self.send_json({"what": event["what"], "number": event["number"]})

    async def transcript_changed(self, event: dict) -> None:
        """The dock's business."""

    async def person_gone(self, event: dict) -> None:
        """The person was disabled."""
        await self.close(4403)


class CommandLineConsumer(AsyncJsonWebsocketConsumer):
    """One command line: lines, answers and chosen files come in; what to show, ask, save and send goes out.

    It is its Shell's Screen. What is asked with ``secret`` comes as an answer like any other, is handed to the one
    who asked, and stands in no attribute, log or message afterwards.
    """

    async def connect(self) -> None:
        self.person = self.scope["user"]
        if not (self.person.is_authenticated and self.person.is_active):
            await self.close(4403)
            return
        self.shell = Shell(self.person, self)
        self.running: asyncio.Task | None = None
        self.asked: asyncio.Future | None = None
        self.ticket: Ticket | None = None
        self.language = language_of_socket(self.scope)
        await self.channel_layer.group_add(f"person.{self.person.pk}", self.channel_name)
        await self.accept()
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        if not self.person.is_authenticated or not hasattr(self, "shell"):
            return
        await self.channel_layer.group_discard(f"person.{self.person.pk}", self.channel_name)
        await self._stop()
        if self.running:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)
        await self.shell.close()

    async def receive_json(self, content: object, **kwargs: object) -> None:
        if not isinstance(content, dict):
            return
        kind = content.get("type")
        if kind == "hello":
            tab = str(content.get("tab", ""))
            self.shell.tab = tab if TAB.fullmatch(tab) else ""
        elif kind == "line" and (self.running is None or self.running.done()):
            self.running = asyncio.create_task(self._run(str(content.get("text", ""))))
        elif kind == "answer" and self.asked and not self.asked.done():
            self.asked.set_result(content.get("value", ""))
        elif kind == "stop":
            await self._stop()

    async def transcript_changed(self, event: dict) -> None:
        """The dock's business."""

    async def person_gone(self, event: dict) -> None:
        """The person was disabled."""
        await self.close(4403)

    async def write(self, kind: str, text: str) -> None:
        """Show one line."""
        await self.send_json({"type": "write", "kind": kind, "text": text})

    async def ask(self, prompt: str, *, secret: bool = False) -> str:
        """Ask for a line."""
        answer = await self._answer({"type": "ask", "prompt": prompt, "secret": secret})
        return names.storable(str(answer)[:1000])

    async def download(self, shell: Shell, path: str) -> tuple[str, int]:
        """Have the browser download ``path`` over the shell's own connection."""
        return await self._transfer(shell, "down", path, {"type": "save", "name": path.rpartition("/")[2]})

    async def upload(self, shell: Shell, file: dict, path: str) -> tuple[str, int]:
        """Have the browser send a local file over the shell's own connection."""
        return await self._transfer(shell, "up", path, {"type": "send", "id": file.get("id")})

    async def local(self, pattern: str) -> list[dict]:
        """Local files by name or pattern."""
        answer = await self._answer({"type": "local", "pattern": pattern})
        files = answer if isinstance(answer, list) else []
        return [
            {"id": file.get("id"), "name": names.storable(str(file.get("name", "")))[:1000]}
            for file in files[: commandfiles.MOST]
            if isinstance(file, dict) and str(file.get("name", ""))
        ]

    async def change_local(self, folder: str) -> str:
        """Choose a local folder."""
        return names.storable(str(await self._answer({"type": "lcd", "folder": folder}))[:1000])

    async def _run(self, line: str) -> None:
        with translation.override(self.language):
            try:
                await self.shell.run(line)
            except asyncio.CancelledError:
                await self.shell.close()
                with suppress(Exception):
                    await self.write("error", _("Stopped. The connection was closed."))
                raise
            except Exception:
                await self.shell.close()
                await self.write("error", _("This went wrong on our side; the connection was closed."))
                raise
            finally:
                with suppress(Exception):
                    await self.send_json({"type": "ready"})

    async def _answer(self, question: dict) -> object:
        self.asked = asyncio.get_running_loop().create_future()
        await self.shell.flush()
        await self.send_json(question)
        try:
            return await self.asked
        finally:
            self.asked = None

    async def _transfer(self, shell: Shell, direction: str, path: str, order: dict) -> tuple[str, int]:
        line = f"{secrets.token_hex(8)}-{shell.letter.lower()}"
        session = self.scope["session"].session_key or ""
        ticket, key = await database(tickets.issue)(
            self.person, session, direction, "", [path], line=line, replace=True, tab=shell.tab
        )
        self.ticket = ticket
        lending = asyncio.create_task(handover.lend(ticket, shell.live))
        await asyncio.sleep(0)
        await self.send_json({**order, "url": f"/files/transfer/{key}"})
        try:
            while not lending.done():
                await asyncio.wait({lending}, timeout=FLUSH)
                await shell.flush()
        finally:
            lending.cancel()
            self.ticket = None
        ended = lending.result()
        if ended.state == Ticket.State.DONE:
            return "", ended.size
        told = wording.told(ended.trouble).get("text", "")
        if ended.state == Ticket.State.STOPPED:
            return " ".join(filter(None, (_("Stopped."), told))), ended.size
        return told, ended.size

    async def _stop(self) -> None:
        """Ctrl-C: a file stops and its server is told; anything else ends with its connection."""
        if self.ticket is not None:
            await database(Ticket.objects.filter(pk=self.ticket.pk).update)(stop=True)
        elif self.running and not self.running.done():
            self.running.cancel()

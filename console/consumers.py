"""The console's socket: the browser's connection owns the server's. JSON both ways.

In: ``open`` (server, security, tab), ``say`` (text, end, escapes), ``close``, ``reveal`` (id), ``data`` (text for FTP's
data connection, or close).
Out: ``opening``, ``open``, ``lines``, ``idle`` (it ends soon), ``closed``, ``refused`` (a line that was not sent,
and why), ``revealed``, ``data-open``, ``data``, ``data-closed``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections import Counter

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts import reach
from accounts.middleware import language_of_socket
from accounts.models import Server, User
from console import typed
from console.session import MOST_QUEUED, Session
from protocols import catalog
from protocols.errors import TlsFailed, WireError
from transcripts.recorder import open_recording

log = logging.getLogger("netlab.console")

CAUSE = gettext_noop("Typed by hand")
MOST_EACH = 8
"""Connections that one person may hold open in consoles."""
LOOK_SECONDS = 5.0
TAB = re.compile(r"[0-9a-f]{8,32}")
_open: Counter[int] = Counter()


class ConsoleConsumer(AsyncJsonWebsocketConsumer):
    """One browser tab's console: at most one connection at a time."""

    async def connect(self):
        self.person = self.scope.get("user")
        if not getattr(self.person, "is_authenticated", False) or not self.person.is_active:
            await self.close(4401)
            return
        self.language = language_of_socket(self.scope)
        self.session, self.running, self.early, self.gone = None, None, [], False
        with contextlib.suppress(
            Exception
        ):  # a channel layer that is down: we look into the database as well
            await self.channel_layer.group_add(f"person.{self.person.pk}", self.channel_name)
        await self.accept()
        self.looking = asyncio.create_task(self._look())

    async def disconnect(self, code):
        if not hasattr(self, "looking"):
            return
        self.gone = True
        self.looking.cancel()
        await self._stop()
        with contextlib.suppress(Exception):
            await self.channel_layer.group_discard(f"person.{self.person.pk}", self.channel_name)

    async def receive_json(self, content, **more):
        kind = content.get("type") if isinstance(content, dict) else ""
        if kind == "open":
            await self._begin(content)
        elif kind == "say":
            await self._say(content)
        elif kind == "data":
            await self._data(content)
        elif kind == "close":
            if self.session:
                await self.session.close()
        elif kind == "reveal" and self.session and isinstance(content.get("id"), int):
            number = content["id"]
            await self.send_json(
                {"type": "revealed", "id": number, "text": self.session.screen.reveal(number)}
            )

    async def receive(self, text_data=None, bytes_data=None, **more):
        try:
            told = json.loads(text_data or "")
        except (ValueError, RecursionError):  # brackets within brackets without end
            return
        await self.receive_json(told)

    async def person_gone(self, message):
        """The person was disabled."""
        await self._stop()
        await self.close(4403)

    async def transcript_changed(self, message):
        """The dock's news, in the same group."""

    async def _begin(self, told):
        if self.running and not self.running.done():
            return await self._refuse("busy", self._why("busy"))
        if _open[self.person.pk] >= MOST_EACH:
            return await self._refuse("busy", self._why("many"))
        self.early = []  # typed while the connection is being made
        self.running = asyncio.create_task(self._run(told))
        return None

    async def _run(self, told):
        _open[self.person.pk] += 1
        try:
            server, address = await self._address(told.get("server"), told.get("security"))
            await self.send_json({"type": "opening", "host": address.host, "port": address.port})
            await self._converse(server, address, told)
        except WireError as error:
            await self._over(catalog.phrase(error.key, error.params, self.language), error.text)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a console failed")
            await self._over(catalog.phrase("error.wire", {}, self.language))
        finally:
            self.session = None
            _open[self.person.pk] -= 1

    async def _converse(self, server, address, told):
        recording = await self._in_thread(
            lambda: open_recording(owner=self.person, server=server, origin="typed")
        )
        tab = str(told.get("tab", ""))
        action = recording.transcript(
            CAUSE, tab=tab if TAB.fullmatch(tab) else "", subject=f"{address.host}:{address.port}"
        )
        failure = None
        try:
            row = await self._in_thread(action.__enter__)
            try:
                await self._tell({"type": "transcript", "id": row.id})
                self.session = Session(address, recording.sink, self._heard, self.language)
                for raw in self.early:
                    self.session.say(raw)
                failure = await self.session.run()
            finally:
                await asyncio.shield(self._finish(action, row, failure))
        finally:
            recording.close()
        await self._over(self.session.sentence(failure) if failure else "")

    async def _finish(self, action, row, failure):
        if failure is not None:
            row.fail(failure)
        await self._in_thread(lambda: action.__exit__(None, None, None))

    async def _say(self, told):
        try:
            raw = typed.octets(
                str(told.get("text", "")), str(told.get("end", "crlf")), escapes=bool(told.get("escapes"))
            )
        except typed.NotTyped as error:
            return await self._refuse(str(error), self._why(str(error)), told)
        connecting = self.running and not self.running.done() and not self.session
        if connecting and len(self.early) < MOST_QUEUED:
            self.early.append(raw)
        elif not self.session or not self.session.say(raw):
            return await self._refuse("closed", self._why("full" if self.session else "closed"), told)
        return None

    async def _data(self, told):
        """Text for the data connection; ``close`` alone closes it."""
        pane = self.session.data if self.session else None
        if pane and told.get("close"):
            pane.close()
        elif not pane or not await pane.send(str(told.get("text", ""))):
            await self._tell(
                {"type": "data-refused", "why": self._why("no-data"), "text": str(told.get("text", ""))}
            )

    def _why(self, reason):
        with translation.override(self.language):
            return {
                "too-long": _("This line is longer than 64 KiB. It was not sent."),
                "escape": _(
                    "After a backslash comes x00 to xff, r, n, t, 0 or a second backslash. It was not sent."
                ),
                "no-data": _(
                    "There is no data connection to send over, or this is more than 1 MiB. It was not sent."
                ),
                "line-break": _("One line at a time. It was not sent."),
                "full": _(
                    "The server does not read what was sent before. This line was not sent; it is kept below."
                ),
                "busy": _("A connection is open already. Close it first."),
                "many": _("You have many consoles open. Close one of them, then connect again."),
                "closed": _("There is no connection. The line was not sent; it is kept below."),
            }[reason]

    async def _refuse(self, reason, why, told=None):
        await self._tell(
            {"type": "refused", "reason": reason, "why": why, "text": (told or {}).get("text", "")}
        )

    async def _over(self, why, said=""):
        await self._tell({"type": "closed", "why": why, "said": said if why else ""})

    async def _heard(self, message):
        """Pass on what the session tells; its numbers become a sentence here, where the person's language is known."""
        if message["type"] == "idle":
            message = {"type": "idle", "why": self._silence(message["seconds"])}
        await self._tell(message)

    def _silence(self, seconds):
        if not seconds:
            return ""
        with translation.override(self.language):
            minutes = max(1, round(seconds / 60))
            said = ngettext(
                "Silent for a day: this connection ends in %(minutes)d minute unless somebody speaks.",
                "Silent for a day: this connection ends in %(minutes)d minutes unless somebody speaks.",
                minutes,
            )
            return said % {"minutes": minutes}

    async def _tell(self, message):
        if not self.gone:
            with contextlib.suppress(RuntimeError):  # the browser closed its side meanwhile
                await self.send_json(message)

    async def _stop(self):
        if self.session:
            await self.session.close()
        if self.running and self.running is not asyncio.current_task():
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(self.running, 10)

    async def _look(self):
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not await self._active():
                await self.person_gone({})
                return

    @database_sync_to_async
    def _active(self):
        return User.objects.filter(pk=self.person.pk, is_active=True).exists()

    @database_sync_to_async
    def _address(self, pk, security):
        rows = Server.objects.filter(pk=pk if isinstance(pk, int) and 0 < pk < 2**63 else 0)
        server = rows.filter(protocol__in=catalog.NAMES).first() or Server(host="?")
        chosen = security if security in ("plain", "tls") else "plain"
        if chosen == "tls" and not server.tls_port and server.security != Server.Security.TLS:
            raise TlsFailed("no port for TLS from the first byte", cause="not-offered", host=server.host)
        return server, reach.address(server, chosen)

    async def _in_thread(self, work):
        """Waits of the recorder take a thread of their own, not the one that all pages' queries share."""
        return await database_sync_to_async(work, thread_sensitive=False)()

"""The socket of a Chat tab: Channels lets it in, the hub feeds it, and what is typed goes to the gateway."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from accounts.middleware import chosen_language
from chat import rights, shown
from chat.hub import Socket, hub
from chat.models import Network, Window

MOST_TEXT = 200_000
"""Characters of one thing said: a line of 100,000 is cut into lines of IRC; more is refused."""

AWAY = gettext_noop(
    "The part of netlab that keeps the connections is not running. Your words are kept; try again in a moment."
)
TOO_LONG = gettext_noop("That is longer than netlab takes at once.")
NOT_YOURS = gettext_noop("You have no such window.")


class ChatConsumer(AsyncWebsocketConsumer):
    """JSON in: ``{"do": "say" | "read" | "members" | "state", ...}``. Out: lists of ``{"told": ...}``."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Channels' own, but for the channel layer, which Chat has no use for: the hub brings the news."""
        self.scope, self.base_send = scope, send
        with suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def connect(self) -> None:
        self.person = self.scope["user"]
        self.socket: Socket | None = None
        if not (self.person.is_authenticated and self.person.is_active):
            await self.close(4403)
            return
        self.language = self._language()
        self.working: set[asyncio.Task] = set()
        # Past the session's middleware, where the server offers that (netlab.straight): it looks at each frame.
        send = self.scope.get("netlab.send", self.base_send)
        self.socket = Socket(self.person.pk, send, self._special, self._gone)
        self.hub = hub()
        await self.hub.enter(self.socket)
        await self.accept()
        self.pumping = asyncio.create_task(self.socket.pump())
        await self._state()

    async def disconnect(self, code: int) -> None:
        if self.socket is not None:
            self.pumping.cancel()
            for task in self.working:
                task.cancel()
            await self.hub.leave(self.socket)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            told = json.loads(text_data or "")
            work = getattr(self, f"_do_{told['do']}")
            await work(told)
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            self._put({"told": "error"})

    async def _do_say(self, told: dict[str, Any]) -> None:
        talk, text, number = int(told["c"]), _whole(str(told["text"])), int(told["n"])
        if len(text) > MOST_TEXT:
            self._answer({"told": "refused", "n": number, "key": TOO_LONG})
            return
        order = {"person": self.person.pk, "c": talk, "text": text, "n": number}
        if not await self.hub.order("say", socket=self.socket.name, **order):
            self._answer({"told": "refused", "n": number, "key": AWAY})

    async def _do_read(self, told: dict[str, Any]) -> None:
        talk, upto = int(told["c"]), int(told["upto"])
        if 0 < upto < 1 << 62 and await self._read(talk, upto):
            await self.hub.tell([self.person.pk], {"told": "read", "c": talk, "upto": upto})

    async def _do_members(self, told: dict[str, Any]) -> None:
        await self.hub.order("members", socket=self.socket.name, person=self.person.pk, c=int(told["c"]))

    async def _do_state(self, told: dict[str, Any]) -> None:
        await self._state()

    async def _do_here(self, told: dict[str, Any]) -> None:
        """A heartbeat, so that nothing in between takes the connection for dead."""

    async def _state(self) -> None:
        self._put({"told": "state", **await self._everything()})

    def _special(self, item: dict[str, Any]) -> None:
        """News that this socket puts into its person's language or asks the database for."""
        if "answer" in item:
            self._answer(item["answer"])
        elif "network" in item:
            with translation.override(self.language):
                says = shown.trouble(Network(trouble=item.get("trouble") or {}))
            self._put({"told": "network", **item["network"], "says": says})
        elif "window" in item:
            task = asyncio.create_task(self._window(item["window"]))
            self.working.add(task)
            task.add_done_callback(self.working.discard)

    def _answer(self, told: dict[str, Any]) -> None:
        if told.get("key"):
            with translation.override(self.language):
                told = told | {"says": gettext(told["key"]) % (told.get("params") or {})}
        self._put(told)

    def _put(self, frame: dict[str, Any]) -> None:
        self.socket.put(json.dumps(frame, ensure_ascii=False))

    async def _gone(self) -> None:
        await self.close(4403)

    async def _window(self, pk: int) -> None:
        found = await self._one_window(pk)
        if found:
            self._put(found)

    @database_sync_to_async
    def _one_window(self, pk: int) -> dict[str, Any] | None:
        row = rights.windows(self.person).filter(pk=pk).first()
        if row is None:
            return None
        told = "window" if row.open else "closed"
        return {"told": told, **shown.window(self.person, row)}

    @database_sync_to_async
    def _everything(self) -> dict[str, Any]:
        with translation.override(self.language):
            return shown.everything(self.person)

    @database_sync_to_async
    def _read(self, talk: int, upto: int) -> bool:
        mine = Window.objects.filter(network__person=self.person, talk_id=talk)
        return bool(mine.filter(read__lt=upto).update(read=Greatest(F("read"), upto)))

    def _language(self) -> str:
        headers = {
            name.decode("latin-1").title(): value.decode("latin-1") for name, value in self.scope["headers"]
        }
        reader = SimpleNamespace(user=self.person, COOKIES=self.scope.get("cookies", {}), headers=headers)
        return chosen_language(reader)


def _whole(text: str) -> str:
    """``text`` with U+FFFD for half a sign (a browser cut an emoji in two): no line of bytes takes one."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

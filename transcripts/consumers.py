"""The dock's socket: join the group, replay from the database, then follow."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from dataclasses import dataclass
from types import SimpleNamespace

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation

from accounts.middleware import chosen_language
from accounts.models import User
from transcripts import rights, shown
from transcripts.blocks import Reading
from transcripts.models import Transcript

RECENT, RECENT_ASIDE = 6, 2
"""Tabs that a page finds when it opens: of what a person did, and of what went on beside it."""
LOOK_SECONDS = 1.0
"""A channel layer drops silently when it is full: each socket looks into the database by itself as well."""
TAB = re.compile(r"[0-9a-f]{8,32}")


@dataclass(slots=True)
class Followed:
    """A transcript on its way to the browser, which has its lines up to number ``after``."""

    conversation: int
    after: int
    reading: Reading


class TranscriptConsumer(AsyncWebsocketConsumer):
    """``hello`` tells the tab and gets its recent transcripts; ``follow`` gets lines after the last one seen,
    or, with ``tail``, that many of the last ones."""

    async def connect(self):
        self.person = self.scope.get("user")
        if not getattr(self.person, "is_authenticated", False):
            await self.close(4401)
            return
        self.tab, self.newest = "", 0
        self.following: dict[int, Followed] = {}
        self.told: dict[int, str] = {}
        self.groups_joined: set[str] = set()
        self.turn = asyncio.Lock()
        self.language = self._language()
        await self._join(f"person.{self.person.pk}")
        await self.accept()
        self.looking = asyncio.create_task(self._look())

    async def disconnect(self, code):
        looking = getattr(self, "looking", None)
        if looking:
            looking.cancel()
        for group in getattr(self, "groups_joined", ()):
            with contextlib.suppress(Exception):
                await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        try:
            told = json.loads(text_data or "")
            kind = told["type"]
            if kind == "hello":
                await self._hello(str(told.get("tab", "")))
            elif kind == "follow":
                after, tail = (max(0, int(told.get(name) or 0)) for name in ("after", "tail"))
                await self._follow(int(told["transcript"]), after, tail)
        except (ValueError, RecursionError, KeyError, TypeError):
            await self.send(json.dumps({"type": "error"}))

    async def lines_saved(self, message):
        """Lines of a conversation that we follow were saved."""
        await self._catch_up(message["conversation"], message["upto"])

    async def transcript_changed(self, message):
        """A transcript of this person began or ended."""
        row = await self._one(message["transcript"])
        ours = row is not None and row.owner_id == self.person.pk and row.tab in (self.tab, "")
        if ours and not row.quiet:
            await self._tell(row)
        if row is not None:
            await self._catch_up(row.conversation_id)

    async def person_gone(self, message):
        """The person was disabled."""
        await self.close(4403)

    async def _hello(self, tab):
        self.tab = tab if TAB.fullmatch(tab) else ""
        for row in reversed(await self._recent(0)):
            await self._tell(row)

    async def _follow(self, pk, after, tail=0):
        row = await self._one(pk)
        if row is None:
            await self.send(json.dumps({"type": "gone", "transcript": pk}))
            return
        await self._join(f"conversation.{row.conversation_id}")
        skipped = (row.last or row.conversation.lines) - tail if tail else 0
        after = max(after, row.first - 1, skipped)
        self.following[pk] = Followed(row.conversation_id, after, Reading(row.conversation))
        await self._tell(row)
        await self._catch_up(row.conversation_id)

    async def _join(self, group):
        if group in self.groups_joined:
            return
        self.groups_joined.add(group)
        with contextlib.suppress(Exception):  # a channel layer that is down costs time: we look by ourselves
            await self.channel_layer.group_add(group, self.channel_name)

    async def _look(self):
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not await self._active():
                await self.close(4403)
                return
            await self._news()
            await self._catch_up()

    async def _news(self):
        async with self.turn:
            for row in reversed(await self._recent(self.newest)):
                await self._tell(row)

    async def _tell(self, row):
        """Send a transcript's tab where it is not told yet as it stands; one that is new is followed by the
        browser's answer."""
        self.newest = max(self.newest, row.pk)
        stands = json.dumps(await self._header(row))
        if self.told.get(row.pk) != stands:
            self.told[row.pk] = stands
            await self.send(stands)

    async def _catch_up(self, conversation=0, upto=None):
        """Send the lines that are not sent yet: of all that is followed, or of one ``conversation``, which has
        lines up to ``upto``."""
        async with self.turn:
            for pk, followed in list(self.following.items()):
                if conversation not in (0, followed.conversation):
                    continue
                if upto is not None and upto <= followed.after:
                    continue
                row, part = await self._part(pk, followed)
                if part is None:
                    self.following.pop(pk, None)
                    continue
                if part["last"]:
                    followed.after = part["last"]
                    await self.send(json.dumps(part))
                if row.ended and followed.after >= (row.last or 0):
                    await self._tell(row)
                    self.following.pop(pk, None)

    @database_sync_to_async
    def _recent(self, after):
        mine = Transcript.objects.filter(owner=self.person, quiet=False, pk__gt=after).select_related(
            "conversation"
        )
        ours = mine.filter(Q(tab=self.tab) | Q(tab="")).order_by("-pk")
        found = [*ours.filter(aside=False)[:RECENT], *ours.filter(aside=True)[:RECENT_ASIDE]]
        return sorted(found, key=lambda row: row.pk, reverse=True)

    @database_sync_to_async
    def _one(self, pk):
        return rights.find(self.person, pk)

    @database_sync_to_async
    def _active(self):
        return User.objects.filter(pk=self.person.pk, is_active=True).exists()

    @database_sync_to_async
    def _header(self, row):
        with translation.override(self.language):
            return {
                "type": "transcript",
                "transcript": row.pk,
                "first": row.first,
                "last": row.last,
                "ended": bool(row.ended),
                "outcome": row.outcome,
                "aside": row.aside,
                "started": row.started.timestamp(),
                "title": str(row),
                "peer": f"{row.conversation.host}:{row.conversation.port}",
                "states": shown.states(row.conversation.protocol),
                "url": row.get_absolute_url(),
                "html": render_to_string("transcripts/_dock_tab.html", {"transcript": row}),
            }

    @database_sync_to_async
    def _part(self, pk, followed):
        row = rights.find(self.person, pk)
        if row is None:
            return None, None
        own, bodies = row.owner_id == self.person.pk, rights.reads_bodies(self.person, row)
        with translation.override(self.language):
            found = shown.lines(row, followed.after + 1, own=own, bodies=bodies, reading=followed.reading)
            return row, {
                "type": "lines",
                "transcript": pk,
                "first": found[0]["number"] if found else 0,
                "last": found[-1]["number"] if found else 0,
                "html": shown.html(found),
            }

    def _language(self):
        headers = {
            name.decode("latin-1").title(): value.decode("latin-1") for name, value in self.scope["headers"]
        }
        reader = SimpleNamespace(user=self.person, COOKIES=self.scope.get("cookies", {}), headers=headers)
        return chosen_language(reader)

"""The socket of a Mail tab: it is told what changed; its presence is what the gateway listens for."""

from __future__ import annotations

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import timezone

from webmail.live import group
from webmail.models import MailTab


class MailConsumer(AsyncJsonWebsocketConsumer):
    """JSON out: ``{"what": ..., "number": ...}``. JSON in: any word is a heartbeat."""

    async def connect(self) -> None:
        self.person = self.scope["user"]
        if not (self.person.is_authenticated and self.person.is_active):
            await self.close(4403)
            return
        await self.channel_layer.group_add(group(self.person.pk), self.channel_name)
        await self._beat()
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.person.is_authenticated:
            await self.channel_layer.group_discard(group(self.person.pk), self.channel_name)
            await self._gone()

    async def receive_json(self, content: object, **kwargs: object) -> None:
        await self._beat()

    async def mail_news(self, event: dict) -> None:
        await self.send_json({"what": event["what"], "number": event["number"]})

    @database_sync_to_async
    def _beat(self) -> None:
        MailTab.objects.update_or_create(
            channel=self.channel_name, defaults={"person": self.person, "beat": timezone.now()}
        )

    @database_sync_to_async
    def _gone(self) -> None:
        MailTab.objects.filter(channel=self.channel_name).delete()

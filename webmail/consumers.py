"""The socket of a Mail tab: it is told what changed; its presence is what the gateway listens for."""

from __future__ import annotations

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import timezone

from accounts.models import User
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
        if not await self._beat():
            await self.close(4403)

    async def mail_gone(self, event: dict) -> None:
        """The person was disabled."""
        await self.close(4403)

    async def mail_news(self, event: dict) -> None:
        await self.send_json({"what": event["what"], "number": event["number"]})

    @database_sync_to_async
    def _beat(self) -> bool:
        """Keep the tab's presence; False where the person was disabled meanwhile."""
        if not User.objects.filter(pk=self.person.pk, is_active=True).exists():
            return False
        MailTab.objects.update_or_create(
            channel=self.channel_name, defaults={"person": self.person, "beat": timezone.now()}
        )
        return True

    @database_sync_to_async
    def _gone(self) -> None:
        MailTab.objects.filter(channel=self.channel_name).delete()

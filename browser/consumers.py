"""The socket of a Web tab: it is told that something of a visit came."""

from __future__ import annotations

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from browser.live import group


class WebConsumer(AsyncJsonWebsocketConsumer):
    """JSON out: ``{"visit": number}``. Nothing that comes in means anything."""

    async def connect(self) -> None:
        self.person = self.scope["user"]
        if not (self.person.is_authenticated and self.person.is_active):
            await self.close(4403)
            return
        await self.channel_layer.group_add(group(self.person.pk), self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.person.is_authenticated:
            await self.channel_layer.group_discard(group(self.person.pk), self.channel_name)

    async def receive_json(self, content: object, **kwargs: object) -> None:
        """A heartbeat."""

    async def web_news(self, event: dict) -> None:
        await self.send_json({"visit": event["visit"]})

"""Which socket leads to which consumer, and which path past Django."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from django.urls import URLPattern, path

from browser.consumers import WebConsumer
from chat.consumers import ChatConsumer
from console.consumers import ConsoleConsumer
from transcripts.consumers import TranscriptConsumer
from webftp.consumers import CommandLineConsumer, FilesConsumer
from webftp.transfers import PATH, Transfers
from webmail.consumers import MailConsumer

sockets: list[URLPattern] = [
    path("ws/wire/", TranscriptConsumer.as_asgi()),
    path("ws/console/", ConsoleConsumer.as_asgi()),
    path("ws/web/", WebConsumer.as_asgi()),
    path("ws/mail/", MailConsumer.as_asgi()),
    path("ws/chat/", ChatConsumer.as_asgi()),
    path("ws/files/", FilesConsumer.as_asgi()),
    path("ws/files/line/", CommandLineConsumer.as_asgi()),
]


def beside(pages: Any) -> Any:
    """``pages`` for every path but those of files on their way: Django's handler would keep each on disk first."""
    files = AuthMiddlewareStack(Transfers())

    async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await (files if scope["path"].startswith(PATH) else pages)(scope, receive, send)

    return http

"""Which socket leads to which consumer."""

from __future__ import annotations

from django.urls import URLPattern, path

from chat.consumers import ChatConsumer
from console.consumers import ConsoleConsumer
from transcripts.consumers import TranscriptConsumer
from webmail.consumers import MailConsumer

sockets: list[URLPattern] = [
    path("ws/wire/", TranscriptConsumer.as_asgi()),
    path("ws/console/", ConsoleConsumer.as_asgi()),
    path("ws/mail/", MailConsumer.as_asgi()),
    path("ws/chat/", ChatConsumer.as_asgi()),
]

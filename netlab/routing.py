"""Which socket leads to which consumer."""

from __future__ import annotations

from django.urls import URLPattern, path

from webmail.consumers import MailConsumer

sockets: list[URLPattern] = [path("ws/mail/", MailConsumer.as_asgi())]

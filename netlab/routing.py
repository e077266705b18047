"""Which socket leads to which consumer."""

from __future__ import annotations

from django.urls import URLPattern

sockets: list[URLPattern] = []

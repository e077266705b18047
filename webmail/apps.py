"""Django's name for this room."""

from django.apps import AppConfig


class WebmailConfig(AppConfig):
    name = "webmail"

"""Django's name for this room."""

from django.apps import AppConfig


class BrowserConfig(AppConfig):
    name = "browser"

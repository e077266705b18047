"""Django's name for this room."""

from django.apps import AppConfig


class ServersConfig(AppConfig):
    name = "servers"

"""Django's name for the wiring; it holds the commands."""

from django.apps import AppConfig


class NetlabConfig(AppConfig):
    name = "netlab"

"""Django's name for this room."""

from django.apps import AppConfig


class WebftpConfig(AppConfig):
    name = "webftp"

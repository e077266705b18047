"""Django's name for this room."""

from django.apps import AppConfig


class TranscriptsConfig(AppConfig):
    name = "transcripts"

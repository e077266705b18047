"""Django's name for this room."""

from django.apps import AppConfig


class ReferenceConfig(AppConfig):
    name = "reference"

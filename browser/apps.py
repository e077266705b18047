"""Django's name for this room; what a deleted person looked at goes with them."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_delete


class BrowserConfig(AppConfig):
    name = "browser"

    def ready(self) -> None:
        from browser import storage  # models may be imported only once apps are ready

        post_delete.connect(
            storage.person_deleted, sender=settings.AUTH_USER_MODEL, dispatch_uid="browser.person_deleted"
        )

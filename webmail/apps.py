"""Django's name for this room; it closes the Mail tabs of a person who is disabled, drops a deleted one's letters."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_delete


class WebmailConfig(AppConfig):
    name = "webmail"

    def ready(self) -> None:
        from accounts.signals import person_disabled  # models may be imported only once apps are ready
        from webmail import letters, live

        post_delete.connect(
            letters.person_deleted, sender=settings.AUTH_USER_MODEL, dispatch_uid="webmail.person_deleted"
        )
        person_disabled.connect(live.person_gone, dispatch_uid="webmail.live")

"""Django's name for this room; it closes the Mail tabs of a person who is disabled."""

from django.apps import AppConfig


class WebmailConfig(AppConfig):
    name = "webmail"

    def ready(self) -> None:
        from accounts.signals import person_disabled  # models may be imported only once apps are ready
        from webmail import live

        person_disabled.connect(live.person_gone, dispatch_uid="webmail.live")

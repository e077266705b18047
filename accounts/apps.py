"""Django's name for this room, and what it listens to."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and servers")

    def ready(self) -> None:
        from accounts import sessions  # models may be imported only once apps are ready
        from accounts.signals import person_disabled

        person_disabled.connect(sessions.end, dispatch_uid="accounts.sessions")

"""Django's name for this room; it closes the sockets of a person who is disabled."""

from django.apps import AppConfig


class TranscriptsConfig(AppConfig):
    name = "transcripts"

    def ready(self) -> None:
        from accounts.signals import person_disabled  # models may be imported only once apps are ready
        from transcripts import live

        person_disabled.connect(live.person_gone, dispatch_uid="transcripts.live")

"""Django's name for this room; it closes the sockets of the disabled and starts connection tests."""

from django.apps import AppConfig
from django.db.models.signals import pre_delete


class TranscriptsConfig(AppConfig):
    name = "transcripts"

    def ready(self) -> None:
        # Models may be imported only once apps are ready.
        from accounts.signals import connection_test_wanted, person_disabled
        from transcripts import live, models, tasks

        pre_delete.connect(models.lock, sender=models.Conversation, dispatch_uid="transcripts.lock")
        person_disabled.connect(live.person_gone, dispatch_uid="transcripts.live")
        connection_test_wanted.connect(tasks.start_test, dispatch_uid="transcripts.probe")

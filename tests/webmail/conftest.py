"""The mail room against the embedded servers; its tasks run at once, in the test's own process."""

from __future__ import annotations

import pytest

from netlab.celery import app
from tests.servers.embedded import EmbeddedLab
from transcripts import blocks, shown
from transcripts.models import Conversation
from transcripts.writer import writer
from webmail import connections

BOTH = pytest.mark.parametrize("lab", ["the lab's own", "Dovecot and Postfix"], indirect=True)
"""For a module whose tests are held with Debian's servers in the lab servers' place as well."""


@pytest.fixture
def lab(request, transactional_db, tmp_path, settings):
    """Running servers; their people are made by ``person``. What was said to them has all been explained."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.STORAGES = {
        **settings.STORAGES,
        "letters": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "letters"},
        },
    }
    app.conf.task_always_eager = True
    peers = getattr(request, "param", "") == "Dovecot and Postfix"
    running = request.getfixturevalue("debian_servers") if peers else EmbeddedLab(tmp_path)
    if peers:
        running.begin()
    yield running
    connections.pool.close()
    app.conf.task_always_eager = False
    if not peers:
        running.stop()
    if hasattr(request, "param"):
        _everything_is_explained()


def _everything_is_explained() -> None:
    writer().flush()
    for conversation in Conversation.objects.all():
        for line, note in blocks.read(conversation, 1):
            parts = [note, *note.details]
            assert all(part.known and shown.said(part) for part in parts), (line.speaker, line.raw, parts)


@pytest.fixture
def ann(lab):
    return lab.person("ann")


@pytest.fixture
def ben(lab):
    return lab.person("ben")

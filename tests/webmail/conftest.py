"""The mail room against the embedded servers; its tasks run at once, in the test's own process."""

from __future__ import annotations

import pytest

from netlab.celery import app
from tests.servers.embedded import EmbeddedLab
from webmail import connections


@pytest.fixture
def lab(transactional_db, tmp_path, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.STORAGES = {
        **settings.STORAGES,
        "letters": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "letters"},
        },
    }
    app.conf.task_always_eager = True
    running = EmbeddedLab(tmp_path)
    yield running
    connections.close_idle(everything=True)
    app.conf.task_always_eager = False
    running.stop()


@pytest.fixture
def ann(lab):
    return lab.person("ann")


@pytest.fixture
def ben(lab):
    return lab.person("ben")

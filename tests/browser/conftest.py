"""The lab's browser against the lab's web server; its tasks run at once, in the test's own process."""

from __future__ import annotations

import pytest

from accounts.models import Server
from browser import client as wires
from browser import storage
from browser.models import Exchange, Window
from netlab.celery import app
from tests.browser.hostile import QUICK
from tests.servers.embedded import EmbeddedLab
from tests.webmail.hostile import Hostile
from transcripts import blocks, shown
from transcripts.models import Conversation, Transcript
from transcripts.writer import writer


@pytest.fixture
def lab(request, transactional_db, tmp_path, settings):
    """Running servers; every line of what was said to them has been explained."""
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
    app.conf.task_always_eager = False
    running.stop()
    writer().flush()
    if request.node.get_closest_marker("unexplained"):
        return
    for conversation in Conversation.objects.all():
        for line, note in blocks.read(conversation, 1):
            if line.kind != "binary":
                assert note.known and shown.said(note), (line.speaker, line.raw)


@pytest.fixture
def ann(lab):
    return lab.person("ann")


class Web:
    """A person's browser: what they press, and what they then see."""

    def __init__(self, client, person, site):
        self.client, self.person, self.site = client, person, site
        client.force_login(person)
        client.defaults["HTTP_HX_REQUEST"] = "true"

    def open(self, url, **more):
        url = f"{self.site}{url}" if url.startswith("/") else url
        self.answer = self.client.post("/web/open/", {"url": url, **more})
        return self

    def press(self, path, **fields):
        self.answer = self.client.post(path, fields)
        return self

    def show(self, pane, exchange=None):
        return self.client.get(
            "/web/visit/", {"show": pane, "exchange": exchange.pk if exchange else ""}
        ).content.decode()

    def said(self):
        """The page of the transcript in which the last answer came."""
        row = Transcript.objects.get(pk=self.last.transcript)
        answer = self.client.get(row.get_absolute_url())
        assert answer.status_code == 200
        return answer.content.decode()

    @property
    def html(self):
        return self.answer.content.decode()

    @property
    def exchanges(self):
        window = Window.objects.get(person=self.person)
        return list(Exchange.objects.filter(visit=window.current))

    @property
    def last(self):
        return [row for row in self.exchanges if row.kind in ("page", "redirect")][-1]

    @property
    def body(self):
        return storage.read(self.last.content).decode()

    def frame(self, exchange=None):
        return self.client.get(f"/web/page/{(exchange or self.last).pk}/")


@pytest.fixture
def web(lab, ann, client):
    return Web(client, ann, f"http://localhost:{lab.ports.http}")


@pytest.fixture
def quick(monkeypatch):
    """Little patience."""
    monkeypatch.setattr(wires, "LIMITS", QUICK)


@pytest.fixture
def bad(lab):
    """Enters a server of our own into the list, as ``bad.example``; returns its address."""
    running = []

    def put(speak) -> str:
        running.append(Hostile(speak))
        port = running[-1].port
        Server.objects.create(
            name="bad", protocol="http", host="bad.example", address="127.0.0.1", port=port, security="plain"
        )
        return f"http://bad.example:{port}/"

    yield put
    for one in running:
        one.stop()

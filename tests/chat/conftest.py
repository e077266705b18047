"""The chat room with ngIRCd and with the lab's own server in turn; a private Redis lasts for the session."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from accounts.models import Server
from chat import saying
from netlab import broker
from tests.chat.running import Running, redis_server
from tests.needs import left_out, need
from tests.ngircd import Ngircd
from tests.servers.embedded import EmbeddedLab
from transcripts.writer import writer


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory) -> Iterator[str]:
    own = broker.private(tmp_path_factory.mktemp("redis"))
    if own is None:
        left_out(broker.ADVICE)
    process = redis_server(own)
    yield own.url
    process.terminate()
    process.wait(10)


@pytest.fixture
def bus_settings(settings, redis_url):
    settings.REDIS_URL = redis_url
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "")


@pytest.fixture
def ngircd(tmp_path) -> Iterator[Ngircd]:
    server = Ngircd(tmp_path / "ngircd", need("ngircd"))
    yield server
    server.stop()


@pytest.fixture
def own(transactional_db, bus_settings, tmp_path) -> Iterator[Running]:
    """The room on the lab's own server, with TLS, labels, message ids and echoes."""
    lab = EmbeddedLab(tmp_path)
    running = Running(Server.objects.get(protocol="irc", lab=True))
    running.irc = lab
    yield running
    running.stop()
    writer().flush()
    lab.stop()


@pytest.fixture(params=["own", "peer"])
def room(request, transactional_db) -> Running:
    """The room on both servers in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def peer(transactional_db, bus_settings, ngircd, monkeypatch) -> Iterator[Running]:
    """The room on Debian's ngIRCd, which knows neither labels nor message ids nor echoes."""
    row = Server.objects.create(
        protocol="irc",
        name="ngircd",
        host="localhost",
        port=ngircd.port,
        security="plain",
        address="127.0.0.1",
    )
    monkeypatch.setattr(saying, "OTHER_PACE", saying.LAB_PACE)  # this one has MaxPenaltyTime = 0
    running = Running(row)
    running.irc = ngircd
    yield running
    running.stop()
    writer().flush()

"""The files room against ProFTPD; its tasks run at once, its transfers in the test's own loop."""

from __future__ import annotations

import hashlib

import pytest

from accounts.models import Login, Server, User
from netlab.celery import app
from tests.conftest import need
from tests.proftpd import Proftpd
from tests.webftp.browser import Tab
from webftp import connections, sites


@pytest.fixture
def eager(settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    app.conf.task_always_eager = True
    yield
    connections.close_idle(everything=True)
    app.conf.task_always_eager = False


@pytest.fixture
def proftpd(tmp_path):
    """ProFTPD with ann's folder as the root of all she sees."""
    server = Proftpd(tmp_path / "proftpd", need("proftpd"), more="DefaultRoot ~")
    yield server
    server.stop()


def enter(person, server, password, **values) -> Server:
    """Make a Server row and ``person``'s login there."""
    row = Server.objects.create(
        protocol="ftp", name="School", host="localhost", address="127.0.0.1", port=server.port, **values
    )
    login = Login(person=person, server=row, user_name=person.username)
    login.secret = password
    login.save()
    return row


@pytest.fixture
def ann(transactional_db):
    return User.objects.create_user("ann", password="x")


@pytest.fixture
def ben(transactional_db):
    return User.objects.create_user("ben", password="x")


@pytest.fixture
def site(ann, proftpd, eager):
    """ann's site at ProFTPD, over AUTH TLS."""
    enter(ann, proftpd, proftpd.password, ca=proftpd.pem, aliases=["ftp.vnd.net"])
    [site] = sites.of(ann)
    return site


@pytest.fixture
def tab(site, client, ann):
    """A browser's tab of ann's: pages through Django's client, files through the whole ASGI application."""
    client.force_login(ann)
    return Tab(client)


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()

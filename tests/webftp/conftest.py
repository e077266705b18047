"""The files room against ProFTPD and the lab's own server; its tasks run at once, its transfers in the test's loop."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from accounts.models import Login, Server, User
from accounts.provision import provision
from netlab.celery import app
from tests.conftest import need
from tests.proftpd import Proftpd
from tests.servers.embedded import EmbeddedLab
from tests.webftp.browser import Tab
from webftp import connections, sites, warm


@pytest.fixture
def eager(settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    app.conf.task_always_eager = True
    yield
    connections.pool.close()
    app.conf.task_always_eager = False


@pytest.fixture(scope="session")
def proftpd(tmp_path_factory):
    """One ProFTPD for all tests: starting it takes longer than most of them."""
    running = Proftpd(tmp_path_factory.mktemp("proftpd"), need("proftpd"), more="DefaultRoot ~")
    yield running
    running.stop()


class School:
    """ProFTPD with ann's folder, empty at first, as the root of all she sees."""

    name, password = "School", Proftpd.password

    def __init__(self, running: Proftpd) -> None:
        self._server = running
        self.port, self.tls_port = running.port, running.tls_port
        self.stop, self.start = running.stop, running.start
        for path in running.home.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if not running.runs:
            running.start()

    def part(self) -> None:
        """Nothing: it goes on for the next test."""

    def admit(self, person) -> None:
        """Give ``person`` a login; ``home`` is where their files are."""
        row = Server.objects.create(
            protocol="ftp", name=self.name, host="localhost", address="127.0.0.1", port=self.port,
            ca=self._server.pem, aliases=["ftp.vnd.net"],
        )  # fmt: skip
        login = Login(person=person, server=row, user_name=person.username)
        login.secret = self.password
        login.save()
        self.home = self._server.home


class OurOwn:
    """The lab's own FTP server, in a thread."""

    name, password = "netlab", "ann's secret"

    def __init__(self, folder) -> None:
        self._lab = EmbeddedLab(folder)
        self.port, self.tls_port = self._lab.ports.ftp, self._lab.ports.ftps
        self.stop = self.part = self._lab.stop

    def admit(self, person) -> None:
        """Give ``person`` a login; ``home`` is where their files are."""
        provision(person, self.password)
        self.home = self._lab.root / "files" / str(person.pk)
        self.home.mkdir(parents=True, exist_ok=True)


@pytest.fixture
def server(request, transactional_db, tmp_path):
    """ProFTPD, which can be stopped and started; for BOTH, the lab's own too."""
    own = getattr(request, "param", "") == "the lab's own"
    running = OurOwn(tmp_path) if own else School(request.getfixturevalue("proftpd"))
    yield running
    running.part()


BOTH = pytest.mark.parametrize("server", ["ProFTPD", "the lab's own"], indirect=True)


@pytest.fixture
def ann(transactional_db):
    return User.objects.create_user("ann", password="x")


@pytest.fixture
def ben(transactional_db):
    return User.objects.create_user("ben", password="x")


@pytest.fixture
def site(ann, server, eager):
    """ann's own site at the server, over AUTH TLS."""
    server.admit(ann)
    return sites.of(ann)[0]


@pytest.fixture(autouse=True)
async def goodbye():
    """A test that lives in a loop leaves no connection idle in it."""
    yield
    await warm.close()


@pytest.fixture
def tab(site, client, ann):
    """A browser's tab of ann's: pages through Django's client, files through the whole ASGI application."""
    client.force_login(ann)
    return Tab(client)


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()

"""The lab's IRC server for irctest, in a thread of its process: docs/irctest.md says how it is run."""
# ruff: noqa: E402  Django is set up before anything of it is imported

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

import django

django.setup()

from django.core.management import call_command
from irctest.basecontrollers import BaseServerController
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities

from accounts.models import Login, Server, User
from servers.authenticator import Authenticator
from servers.irc import server
from servers.irc.network import Network
from servers.irc.registration import CAPABILITIES
from servers.maildir import Mailstore
from servers.service import Service
from servers.tls import Authority

call_command("migrate", verbosity=0)
_folder = Path(tempfile.mkdtemp(prefix="netlab-irctest-"))
_authority = Authority(_folder / "ca", ["localhost", "127.0.0.1"])


class NetlabController(BaseServerController):
    """Each test gets a network of its own; accounts are people of the lab, operators its administrators."""

    software_name = "netlab"
    supported_sasl_mechanisms = {"PLAIN"}
    supports_sts = False
    capabilities = frozenset(one for one in Capabilities if one.value in CAPABILITIES)

    def run(self, hostname: str, port: int, *, password: str | None, ssl: bool, run_services: bool,
            faketime: str | None, websocket_hostname: str | None, websocket_port: int | None) -> None:  # fmt: skip
        if password:
            raise NotImplementedByController("a password of the server: PASS signs people of the lab in")
        if websocket_hostname:
            raise NotImplementedByController("IRC over WebSocket: netlab's own room speaks to its gateway")
        self.hostname, self.port = hostname, port
        self._people()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._start(hostname, port, ssl))

    def registerUser(self, case: Any, username: str, password: str | None = None) -> None:
        self._person(username, password or "", User.Role.STUDENT)

    def wait_for_services(self) -> None:
        """Accounts are part of the server: nothing to wait for."""

    def check_is_alive(self) -> None:
        """It is a thread of ours."""

    def kill(self) -> None:
        if getattr(self, "_loop", None):
            with contextlib.suppress(Exception):
                self._do(self._stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()
            self._loop = None
        self.proc = None
        super().kill()

    terminate = kill

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _start(self, hostname: str, port: int, ssl: bool) -> None:
        self._service = Service(
            "lab.test", Mailstore(_folder / "mail", False), Authenticator(), _authority.context
        )
        network = Network(self._service, name="My.Little.Server", about="test server", lasting="")
        where = {"host": hostname, "port": port, **({"ssl": _authority.context} if ssl else {})}
        self._server = await server.serve(network, implicit=ssl, **where)

    async def _stop(self) -> None:
        self._server.close()
        self._service.sessions.end_all("the server is shutting down")
        await asyncio.sleep(0.01)
        await self._service.authenticator.close()

    def _people(self) -> None:
        User.objects.all().delete()
        values = {"name": "irctest", "host": "localhost", "address": "127.0.0.1", "port": self.port}
        self._row, _ = Server.objects.update_or_create(protocol="irc", lab=True, defaults=values)
        self._person("operuser", "operpassword", User.Role.ADMIN)

    def _person(self, name: str, password: str, role: str) -> None:
        person = User.objects.create(username=name, role=role)
        login = Login(person=person, server=self._row, user_name=name, addresses=[f"{name}@lab.test"])
        login.secret = password
        login.save()


def get_irctest_controller_class() -> type[NetlabController]:
    return NetlabController

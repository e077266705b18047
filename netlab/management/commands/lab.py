"""``manage.py lab``: web, worker, gateway, mail servers and a private Redis, started together and ended together."""

from __future__ import annotations

import asyncio
import errno
import http.client
import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import provision
from netlab import broker, prepared
from netlab.only import BUSY, only_one
from netlab.supervisor import Part, Supervisor, say
from netlab.uploads import WEB
from servers.rows import ANYWHERE

READY = 60.0
"""Seconds within which every part must have come up."""
PROTOCOLS = ("SMTP", "POP3", "IMAP", "FTP", "IRC", "HTTP")
PORTS = ("WEB", *(name + tls for name in PROTOCOLS for tls in ("", "S")))


class Command(BaseCommand):
    requires_system_checks = []
    help = "Run the whole lab on this machine until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default=settings.HOST, help="the address to listen on; 0.0.0.0 for a class"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host = options["host"]
        settings.DATA.mkdir(parents=True, exist_ok=True)
        with only_one():
            asyncio.run(_ports_are_free(host))
            url, redis = _redis()
            _prepare()
            if not asyncio.run(_run(host, url, redis)):
                raise CommandError("the lab did not come up; the lines above say which part", returncode=1)


def _prepare() -> None:
    """Bring the database and the static files up to date, and make the demo people where they belong."""
    say("lab", "bringing the database and the static files up to date; the first time takes a moment")
    prepared.database()
    prepared.static()
    if settings.DEMO:
        _introduce(provision.demo())


def _introduce(people: list[tuple[str, str, str | None]]) -> None:
    for name, role, password in people:
        told = f"password {password}" if password and not settings.DEMO_PASSWORD else ""
        if settings.DEMO_PASSWORD:
            told = "password: the one in NETLAB_DEMO_PASSWORD"
        say("lab", f"{role:>8} {name:<6} {told or f'(new password: manage.py changepassword {name})'}")


async def _run(host: str, url: str, redis: Part | None) -> bool:
    environment = {**os.environ, "REDIS_URL": url, "PYTHONUNBUFFERED": "1", "NETLAB_HOST": host}
    supervisor = Supervisor(environment, str(settings.BASE_DIR))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stopping.set)
    came_up = False
    try:
        for part in [*([redis] if redis else []), *_parts(host)]:
            await supervisor.start(part)
        came_up = await _ready(supervisor, host)
        if came_up and not supervisor.stopping.is_set():
            who = " and sign in as one of the people above" if settings.DEMO else ""
            say("lab", f"ready: open {_address(host)}{who}   (Ctrl-C ends the lab)")
            await supervisor.stopping.wait()
    finally:
        await supervisor.stop()
        say("lab", "ended")
    return came_up


def _parts(host: str) -> list[Part]:
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    celery = [python, "-m", "celery", "-q", "-A", "netlab"]
    return [
        Part("servers", [python, manage, "servers", "--host", host]),
        Part("worker", [*celery, "worker", "-P", "threads", "-c", "8", "-l", "WARNING",
                        "--without-mingle", "--without-gossip"]),
        Part("gateway", [python, manage, "gateway"]),
        Part("web", [python, "-m", "uvicorn", *WEB, "--host", host, "--port", str(settings.WEB_PORT),
                     "--log-level", "warning", "--no-server-header", "--timeout-graceful-shutdown", "3",
                     "--ws-per-message-deflate", "false", *_believed()]),
    ]  # fmt: skip


def _believed() -> list[str]:
    """Whose X-Forwarded-For is believed: nobody's, for throttling goes by address; or the proxy's that is named."""
    return [] if os.environ.get("FORWARDED_ALLOW_IPS") else ["--no-proxy-headers"]


async def _ready(supervisor: Supervisor, host: str) -> bool:
    """Wait until /healthz says that every part is up; True too where the lab is ended meanwhile."""
    deadline = asyncio.get_running_loop().time() + READY
    while asyncio.get_running_loop().time() < deadline:
        if supervisor.stopping.is_set() or await asyncio.to_thread(_healthy, host):
            return True
        await asyncio.sleep(0.1)
    return False


def _healthy(host: str) -> bool:
    # What listens everywhere is reached here; what listens at one address is reached there alone.
    connection = http.client.HTTPConnection(ANYWHERE.get(host, host), settings.WEB_PORT, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _redis() -> tuple[str, Part | None]:
    if os.environ.get("REDIS_URL"):
        return os.environ["REDIS_URL"], None
    own = broker.private(settings.DATA)
    if own is None:
        raise CommandError(broker.ADVICE, returncode=1)
    return own.url, Part("redis", own.command, stdin=own.config)


def _address(host: str) -> str:
    shown = settings.PUBLIC_HOST or ("localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host)  # noqa: S104
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{settings.WEB_PORT}/"


async def _ports_are_free(host: str) -> None:
    for name in PORTS:
        port = getattr(settings, f"{name}_PORT")
        variable = "NETLAB_PORT" if name == "WEB" else f"NETLAB_{name}_PORT"
        if not port:
            continue
        try:
            door = await asyncio.start_server(lambda *_: None, host, port)
        except OSError as error:
            said = "is taken: end the program that holds it"
            if error.errno != errno.EADDRINUSE:
                said = f"cannot be opened at {host} ({os.strerror(error.errno or 0)}): choose another address"
            raise CommandError(
                f"port {port} ({name}) {said}, or set {variable} to another port", returncode=BUSY
            ) from error
        door.close()
        await door.wait_closed()

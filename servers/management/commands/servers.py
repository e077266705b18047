"""``manage.py servers``: the lab's own servers, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from dataclasses import fields
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from accounts.provision import provision_all
from servers import rows
from servers.lab import Ports, PortTaken, Running, start

TAKEN = 3
"""The exit code for a port that cannot be had."""


class Command(BaseCommand):
    requires_system_checks = []  # the pages' own checks cost a second that every start would pay
    help = "Run the lab's own servers: mail, files, and the web site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host",
            default="127.0.0.1",
            help="the address to listen on; 0.0.0.0 for a class (default: 127.0.0.1)",
        )
        for field in fields(Ports):
            default = getattr(settings, f"{field.name.upper()}_PORT")
            parser.add_argument(
                f"--{field.name}-port",
                type=int,
                default=default,
                metavar="N",
                help=f"0: any free one ({default})",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        ports = Ports(**{field.name: options[f"{field.name}_port"] for field in fields(Ports)})
        _allow_many_connections()
        try:
            asyncio.run(self._serve(options["host"], ports))
        except PortTaken as error:
            raise CommandError(str(error), returncode=TAKEN) from error
        except DatabaseError as error:
            raise CommandError(
                f"the database does not answer as it should ({error}): manage.py migrate"
            ) from error

    async def _serve(self, host: str, ports: Ports) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        running = await start(
            host,
            ports,
            mail=settings.MAIL,
            keys=settings.KEYS / "ca",
            domain=settings.DOMAIN,
            public_host=settings.PUBLIC_HOST,
            files=settings.FILES,
            quota=settings.FTP_QUOTA,
            passive=settings.FTP_PASSIVE,
        )
        try:
            await self._enter(host, running)
            await self._stay(host, running, stop)
        finally:
            await running.stop()

    async def _enter(self, host: str, running: Running) -> None:
        pem = running.authority.pem
        for row in await running.service.authenticator.ask(lambda: rows.enter(host, running.ports, pem)):
            self.stdout.write(
                f"{row.get_protocol_display()} on {host}:{row.port}, with TLS on {row.tls_port}"
            )
        await running.renew()  # the rows name the lab's other names
        await running.service.authenticator.ask(provision_all)
        self.stdout.write("ready")
        self.stdout.flush()

    async def _stay(self, host: str, running: Running, stop: asyncio.Event) -> None:
        """Wait for the end; where the CA was renewed meanwhile, the rows get the new one."""
        gc.freeze()  # what is there for good is looked through no more: that would stop every session for 50 ms
        known = running.authority.pem
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), 60.0)
            except TimeoutError:
                if running.authority.pem != known:
                    known = running.authority.pem
                    await running.service.authenticator.ask(
                        lambda pem=known: rows.enter(host, running.ports, pem)
                    )


def _allow_many_connections() -> None:
    """A process may open 1,024 files unless it asks for more; a class with its programs needs more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(16_384, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

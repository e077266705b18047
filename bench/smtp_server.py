"""Letters that the lab's SMTP server takes over one connection, each on the disk before its 250.

The floor is the bare library with a handler that writes each letter to a file of its own and syncs it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import smtplib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from django.conf import settings
from django.core.management import call_command

from accounts.models import User
from accounts.provision import provision
from bench.pairs import compared
from servers import rows
from servers.lab import Ports, start

LETTER = "From: ann@lab.test\r\nTo: ben@lab.test\r\nSubject: bench\r\n\r\n" + "A line of a letter.\r\n" * 95


class Shelf:
    """Keeps each letter as a file, synced: what a letter on the disk costs at least."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        folder.mkdir()

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        self._count += 1
        await asyncio.to_thread(self._write, self._folder / str(self._count), envelope.content)
        return "250 2.0.0 Ok"

    def _write(self, path: Path, raw: Any) -> None:
        with path.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())


def measure(pairs: int = 400) -> dict[str, dict[str, float]]:
    """Return milliseconds for one letter (median, p95, floor, ratio) and letters per second."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def do(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    data = Path(settings.DATA)
    running = do(start("127.0.0.1", Ports(), mail=data / "mail", keys=data / "ca", domain="lab.test"))
    try:
        rows.enter("127.0.0.1", running.ports, running.authority.pem)
        for name in ("ann", "ben"):
            provision(User.objects.create_user(name), "bench")
        bare = do(_listen(Shelf(data / "shelf")))
        ours = _sender(running.ports.smtp, "ann")
        found = compared(ours, _sender(bare.sockets[0].getsockname()[1]), pairs)
    finally:
        do(running.stop())
        loop.call_soon_threadsafe(loop.stop)
    return {"letter_ms": found, "letters_per_s": {"median": round(1000 / found["median"], 1),
                                                  "floor": round(1000 / found["floor"], 1)}}  # fmt: skip


async def _listen(shelf: Shelf) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: SMTP(shelf, hostname="bench", loop=loop), "127.0.0.1", 0)


def _sender(port: int, user: str = "") -> Callable[[], object]:
    connection = smtplib.SMTP("127.0.0.1", port, local_hostname="bench")
    if user:
        connection.login(user, "bench")
    return lambda: connection.sendmail("ann@lab.test", ["ben@lab.test"], LETTER)

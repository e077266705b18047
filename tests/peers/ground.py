"""What Debian's servers need to stand on: free ports, an account to run under, and waiting until they listen."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Account:
    """Whom mailboxes belong to: an account without rights where the tests are root's, else whoever runs them."""

    name: str
    uid: int
    gid: int
    root: bool


def me() -> Account:
    """The account for mailboxes and unprivileged servers."""
    root = os.geteuid() == 0
    row = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    return Account(row.pw_name, row.pw_uid, row.pw_gid, root)


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(door.getsockname()[1]) for door in doors]
    for door in doors:
        door.close()
    return ports


def listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody listens on ``port``; AssertionError with the log where ``process`` ends or is late."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    said = log.read_text() if log.exists() else ""
    raise AssertionError(f"nobody listens on {port}, exit code {process.poll()}: {said[-3000:]}")


def ended(process: subprocess.Popen[bytes]) -> None:
    """Ask a server to end, and make it where it will not."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)

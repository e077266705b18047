"""A file through the room beside a bare relay and beside curl alone, both ways, against one ProFTPD in one run.

``python -m bench.files [MiB] [pairs]``: medians of pairs (1,024 MiB and 3 unless said otherwise); the web process'
growth, also while a reader takes 8 MiB/s; the ratios are speeds: 1.0 is as fast as the relay.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command

from accounts.models import Login, Server, User
from netlab.uploads import WEB
from tests.proftpd import Proftpd
from webftp import sites, tickets

ROOT = Path(__file__).resolve().parents[1]
SIZE, PAIRS = 1024, 3
SLOW = 8 * 1024 * 1024


def measure(mebibytes: int = SIZE, pairs: int = PAIRS) -> dict[str, dict[str, float]]:
    """Return seconds and ratios for ``down`` and ``up``, and the web process' growth in MiB."""
    program = shutil.which("proftpd", path="/usr/sbin:/usr/bin")
    if not program or not shutil.which("curl"):
        raise SystemExit("bench.files needs proftpd-core and curl")
    server = Proftpd(settings.DATA / "proftpd", program, more="DefaultRoot ~")
    room = Room(server)
    relay_port = _free()
    relay = subprocess.Popen(  # noqa: S603 - our own program
        [
            sys.executable,
            str(ROOT / "bench/_relay.py"),
            str(server.port),
            server.user,
            server.password,
            str(relay_port),
        ]
    )
    try:
        _make(server.home / "file", mebibytes)
        _await(relay_port)
        return _compare(server, room, relay_port, pairs, mebibytes)
    finally:
        for process in (relay, room.web):
            process.terminate()
            process.wait(10)
        server.stop()


class Room:
    """The web process alone, as ``lab`` starts it, and a person signed in to it."""

    def __init__(self, server: Proftpd) -> None:
        call_command("migrate", verbosity=0)
        self.person = User.objects.create_user("ann", password=None)
        row = Server.objects.create(
            protocol="ftp",
            name="bench",
            host="localhost",
            address="127.0.0.1",
            port=server.port,
            security="plain",
        )
        login = Login(person=self.person, server=row, user_name=server.user)
        login.secret = server.password
        login.save()
        [self.site] = sites.of(self.person)
        session = SessionStore()
        session[SESSION_KEY] = str(self.person.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = self.person.get_session_auth_hash()
        session.create()
        self.session = session.session_key
        self.port = _free()
        command = [sys.executable, "-m", "uvicorn", *WEB, "--port", str(self.port)]
        self.web = subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--log-level", "critical"], cwd=ROOT, stderr=subprocess.DEVNULL,
            env={**os.environ, "NETLAB_LOG": "CRITICAL"},
        )  # fmt: skip
        _await(self.port)

    def url(self, direction: str, name: str) -> list[str]:
        """Curl's arguments for a fresh ticket."""
        _ticket, key = tickets.issue(
            self.person, self.session, direction, "/", [name], site=self.site, replace=True
        )
        return ["--cookie", f"sessionid={self.session}", f"http://127.0.0.1:{self.port}/files/transfer/{key}"]

    def memory(self) -> float:
        """MiB that the process holds, and (its peak) has held."""
        status = Path(f"/proc/{self.web.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _compare(
    server: Proftpd, room: Room, relay: int, pairs: int, mebibytes: int
) -> dict[str, dict[str, float]]:
    source = str(server.home / "file")
    direct = f"ftp://{server.user}:{server.password.replace(' ', '%20')}@127.0.0.1:{server.port}/"
    bare = f"http://127.0.0.1:{relay}"
    ways: dict[str, dict[str, Callable[[], list[str]]]] = {
        "down": {
            "room": lambda: room.url("down", "file"),
            "relay": lambda: [f"{bare}/file"],
            "direct": lambda: [f"{direct}file"],
        },
        "up": {
            "room": lambda: ["-T", source, *room.url("up", "up-room")],
            "relay": lambda: ["-T", source, f"{bare}/up-relay"],
            "direct": lambda: ["-T", source, f"{direct}up-direct"],
        },
    }
    _curl(room.url("down", "file"), rate=0)  # the first of all warms up
    before = room.memory()
    told = {}
    for way, kinds in ways.items():
        took: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(pairs):
            for kind, arguments in kinds.items():
                began = time.perf_counter()
                _curl(arguments())
                took[kind].append(time.perf_counter() - began)
        median = {kind: statistics.median(times) for kind, times in took.items()}
        told[way] = {
            **{f"{kind}_s": median[kind] for kind in kinds},
            "to_relay": median["relay"] / median["room"],
            "to_direct": median["direct"] / median["room"],
        }
        for name in ("up-room", "up-relay", "up-direct"):
            if way == "up":
                assert (server.home / name).stat().st_size == mebibytes * 1024 * 1024, name  # noqa: S101
    fast = room.memory() - before
    _curl(room.url("down", "file"), rate=SLOW, seconds=8)
    told["memory"] = {"growth_mib": fast, "growth_with_slow_reader_mib": room.memory() - before}
    return told


def _curl(arguments: list[str], rate: int = 0, seconds: int = 0) -> None:
    slow = ["--limit-rate", str(rate), "--max-time", str(seconds)] if rate else []
    command = ["curl", "-sS", "-f", "-H", "Expect:", "-o", "/dev/null", *slow, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - our own program
    if done.returncode and not (rate and done.returncode == 28):
        raise RuntimeError(done.stderr)


def _make(path: Path, mebibytes: int) -> None:
    piece = os.urandom(1024 * 1024)
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(piece)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}")


if __name__ == "__main__":
    figures = measure(*map(int, sys.argv[1:3]))
    for name, row in figures.items():
        print(f"{name:8}" + "  ".join(f"{key} {value:8.3f}" for key, value in row.items()))

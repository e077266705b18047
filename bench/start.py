"""The second start of the lab: from the command to its address, and the processor's time of all its processes.

The first start makes keys, database and static files; it is not counted. The floor is Django alone, set up with the
same settings (`python -c 'import django; django.setup()'`) in the same run: each part of the lab pays that at least.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.pairs import row

ROOT = Path(__file__).resolve().parent.parent
ASKED = 5_000.0
"""Milliseconds that issue 2 asks for."""
FLOOR = "import django; django.setup()"
NAMES = [
    "PORT",
    *(f"{name}{tls}_PORT" for name in ["SMTP", "POP3", "IMAP", "FTP", "IRC", "HTTP"] for tls in ("", "S")),
]


def measure(starts: int = 5) -> dict[str, dict[str, float]]:
    """Return median, p95, floor and ratio of a start, by the clock and by the processor, in milliseconds."""
    folder = Path(tempfile.mkdtemp(prefix="netlab-bench-"))
    try:
        environment = _environment(folder)
        _start(environment)
        lab = [_start(environment) for _ in range(starts)]
        floor = [_floor(environment) for _ in range(starts)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "start_ms": row([clock for clock, _ in lab], [clock for clock, _ in floor], ASKED),
        "start_cpu_ms": row([used for _, used in lab], [used for _, used in floor]),
    }


def _start(environment: dict[str, str]) -> tuple[float, float]:
    """Start the lab until it is ready, end it; return the milliseconds it took by clock and by processor."""
    command = [sys.executable, str(ROOT / "manage.py"), "lab"]
    began = time.perf_counter()
    lab = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert lab.stdout is not None  # noqa: S101
    try:
        for line in lab.stdout:
            if "ready: open" in line:
                return (time.perf_counter() - began) * 1000, _used(lab.pid) * 1000
        raise RuntimeError("the lab did not come up")
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.communicate(timeout=15)


def _used(pid: int) -> float:
    """Seconds of processor of a process and all below it, those that have ended included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return used + sum(_used(int(child)) for tasks in children for child in tasks.read_text().split())


def _floor(environment: dict[str, str]) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", FLOOR], env=environment, cwd=ROOT, check=True)  # noqa: S603
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return clock * 1000, used * 1000


def _environment(folder: Path) -> dict[str, str]:
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in NAMES]
    ports = {f"NETLAB_{name}": str(door.getsockname()[1]) for name, door in zip(NAMES, doors, strict=True)}
    for door in doors:
        door.close()
    ours = {"NETLAB_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "netlab.settings"}
    foreign = ("NETLAB", "REDIS", "DATABASE")
    return {**{k: v for k, v in os.environ.items() if not k.startswith(foreign)}, **ports, **ours}

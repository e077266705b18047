"""What tests of every room share. CI=true makes a missing server or browser a failure, never a skip."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

from tests.explained import (  # noqa: F401  (hooks and a fixture of every run)
    _every_line_is_explained,
    pytest_configure,
    pytest_runtest_setup,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.needs import need as need  # where tests look for it
from tests.ngircd import Ngircd
from tests.peers.debian import DebianLab
from tests.proftpd import Proftpd
from tests.quiet import _silence  # noqa: F401  (a fixture of every test)

# No test is timed (a busy machine fails none); CI looks at the same examples each time, developers at new ones.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("house")

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def debian_servers() -> Iterator[DebianLab]:
    """Debian's Dovecot and Postfix, started once for a whole run of tests."""
    running = DebianLab()
    yield running
    running.stop()


@pytest.fixture
def ngircd(tmp_path):
    """Debian's ngIRCd on free ports, to begin with empty; ``stop`` and ``start`` play a crash."""
    server = Ngircd(tmp_path / "ngircd", need("ngircd"))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def proftpd(tmp_path):
    """Debian's ProFTPD on free ports with one person; ``home`` is her folder; ``stop`` and ``start`` play a crash."""
    server = Proftpd(tmp_path / "proftpd", need("proftpd"))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def english():
    """A page that was read in Vietnamese leaves its language to the thread, and so to the next test."""
    translation.activate("en")

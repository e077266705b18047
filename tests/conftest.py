"""What tests of every room share. CI=true makes a missing server or browser a failure, never a skip."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.ngircd import Ngircd

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def need(program: str) -> str:
    """Return the path of ``program``; without it fail where CI=true, else skip and say what was left out."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/sbin")
    if path:
        return path
    text = f"{program} is not installed: `make test` installs it where it may"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture
def ngircd(tmp_path):
    """Debian's ngIRCd on free ports, to begin with empty; ``stop`` and ``start`` play a crash."""
    server = Ngircd(tmp_path / "ngircd", need("ngircd"))
    try:
        yield server
    finally:
        server.stop()

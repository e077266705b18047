"""What the tests of the lab's servers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.servers.embedded import EmbeddedLab, Wire


@pytest.fixture
def mail_lab(transactional_db, tmp_path) -> Iterator[EmbeddedLab]:
    """Running SMTP and POP3 servers with ann and ben (students) and root (an admin)."""
    lab = EmbeddedLab(tmp_path)
    try:
        lab.person("ann")
        lab.person("ben")
        lab.person("root", "admin")
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def wire() -> Iterator[Callable[[int], Wire]]:
    """Opens raw connections to a port of this machine, and closes them."""
    with ExitStack() as stack:

        def opened(port: int) -> Wire:
            wire = Wire(port)
            stack.callback(wire.close)
            return wire

        yield opened

"""Both kinds of servers behind one door, and a witness of what the clients say to them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.debian import DebianLab
from tests.peers.witness import Witness
from tests.servers.embedded import EmbeddedLab


@pytest.fixture(params=["the lab's own", "Dovecot and Postfix"])
def office(request, transactional_db, tmp_path) -> Iterator[EmbeddedLab | DebianLab]:
    """Running servers with ann and ben."""
    if request.param == "the lab's own":
        lab = EmbeddedLab(tmp_path)
    else:
        lab = request.getfixturevalue("debian_servers")
        lab.begin()
    try:
        lab.person("ann")
        lab.person("ben")
        yield lab
    finally:
        if isinstance(lab, EmbeddedLab):
            lab.stop()


@pytest.fixture
def witness(office) -> Iterator[Witness]:
    """Opens sessions with the office's servers; at the end every line that crossed must have been explained."""
    seen = Witness(office)
    yield seen
    seen.check()

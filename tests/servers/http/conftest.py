"""A web server of the lab, asked over recorded connections: every line it says has to be explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from protocols import catalog
from protocols.events import Crossed, Event
from protocols.http.client import Answer, Request, connect
from protocols.login import Address
from tests.servers.embedded import EmbeddedLab

Ask = Callable[..., Answer]


@pytest.fixture
def web(transactional_db, tmp_path) -> Iterator[EmbeddedLab]:
    """Running servers with ann."""
    lab = EmbeddedLab(tmp_path)
    try:
        lab.person("ann")
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """What crossed; at the end of a test each line of it must have an explanation."""
    events: list[Event] = []
    yield events
    known = catalog.knowledge("http")
    framer, guard, explainer = known.framer(), known.guard(lambda raw: "mark"), known.explainer()
    lines = [line for e in events if isinstance(e, Crossed) for line in framer.feed(e.speaker, e.raw)]
    for line in [*lines, *framer.close()]:
        note = explainer.feed(guard.feed(line))
        assert note.known and catalog.say(note, "vi"), line


@pytest.fixture
def ask(web: EmbeddedLab, heard: list[Event]) -> Ask:
    """Ask for a path, on a connection of its own: ``ask("/", "HEAD", Range="bytes=0-1", body=b"")``."""

    def asked(
        target: str, method: str = "GET", *, body: bytes = b"", version: str = "1.1", **fields: str
    ) -> Answer:
        named = {"Host": "localhost", **{name.replace("_", "-"): value for name, value in fields.items()}}
        if body:
            named.setdefault("Content-Length", str(len(body)))
        request = Request(method, target, tuple(named.items()), body, version)
        address = Address("http", "localhost", "127.0.0.1", web.ports.http, "plain")
        with connect(address, heard.append) as session:
            return session.ask(request)

    return asked

"""Each connection of this room is recorded: one conversation for each, one transcript for each action."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from accounts.models import Login
from protocols.events import Sink, nowhere
from transcripts.recorder import open_recording


class Unrecorded:
    """Stands for the recording of a protocol whose guard has not landed: unguarded lines are never stored."""

    id = None
    outcome = ""
    sink: Sink = staticmethod(nowhere)

    @contextmanager
    def transcript(self, cause: str, **said: object) -> Iterator[Unrecorded]:
        yield self

    def news(self) -> None:
        """Nothing to bring out of the quiet."""

    def close(self) -> None:
        """Nothing to close."""


def record(login: Login):
    """Open a recording of a connection that ``login`` is about to make."""
    if find_spec(f"protocols.{login.server.protocol}.guard") is None:
        return Unrecorded()
    return open_recording(owner=login.person, server=login.server)

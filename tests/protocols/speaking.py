"""A server of one conversation that a test speaks byte by byte: what real servers never say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from protocols.login import Address


@contextmanager
def speaking(protocol: str, speak: Callable[[socket.socket], None]) -> Iterator[Address]:
    """Take one connection and let ``speak`` talk on it, on a thread; yields where it listens."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def run() -> None:
            try:
                talk, _ = door.accept()
                with talk:
                    talk.settimeout(5)
                    speak(talk)
            except OSError:
                return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield Address(protocol, "localhost", "127.0.0.1", door.getsockname()[1], "plain")
    thread.join(6)

"""A relay that hears a control connection, for programs that nobody here wrote; the data goes past it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from protocols.ftp.explain import Explainer
from protocols.ftp.grammar import Framer
from protocols.ftp.guard import Guard
from protocols.line import Line, Note, Speaker
from tests.protocols.dialogue import Turn, digest

Heard = list[list[Turn]]


@contextmanager
def relay(port: int) -> Iterator[tuple[int, Heard]]:
    """A port that leads to ``port``, and what is said there, connection by connection."""
    heard: Heard = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_serve, args=(door, port, heard), daemon=True).start()
        try:
            yield door.getsockname()[1], heard
        finally:
            door.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept


def _serve(door: socket.socket, port: int, heard: Heard) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        turns: list[Turn] = []
        heard.append(turns)
        threading.Thread(target=_connect, args=(client, port, turns), daemon=True).start()


def _connect(client: socket.socket, port: int, turns: list[Turn]) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        back = threading.Thread(target=_carry, args=("S", server, client, turns), daemon=True)
        back.start()
        _carry("C", client, server, turns)
        back.join()


def _carry(speaker: Speaker, source: socket.socket, target: socket.socket, turns: list[Turn]) -> None:
    with suppress(OSError):
        while raw := source.recv(65536):
            turns.append((speaker, raw))
            target.sendall(raw)
    for sock in (source, target):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def explained(turns: list[Turn]) -> list[tuple[Line, Note]]:
    """The lines, guarded, with what each means."""
    framer, guard, explainer = Framer(), Guard(digest), Explainer()
    lines = [line for speaker, raw in turns for line in framer.feed(speaker, raw)]
    return [(line, explainer.feed(line)) for line in map(guard.feed, lines + framer.close())]

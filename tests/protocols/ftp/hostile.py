"""A server that answers as it is told, well or badly: for what no good server does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

GOOD = {
    "USER": "331 yes?",
    "PASS": "230 in",
    "FEAT": "502 no",
    "TYPE": "200 ok",
    "CWD": "250 ok",
    "QUIT": "221 bye",
}


class Hostile:
    """Listens on a free port of 127.0.0.1. ``replies`` by verb; ``data`` is called with each data connection."""

    def __init__(self, data: Callable[[socket.socket], None] | None = None, **replies: str) -> None:
        self.replies, self._data = GOOD | replies, data
        self.heard: list[str] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self._data_door = socket.create_server(("127.0.0.1", 0))
        self.port, self.data_port = (door.getsockname()[1] for door in (self._door, self._data_door))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        for door in (self._door, self._data_door):
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
            door.close()

    def _serve(self) -> None:
        while True:
            try:
                control, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(control,), daemon=True).start()

    def _talk(self, control: socket.socket) -> None:
        with control, suppress(OSError), control.makefile("rb") as lines:
            control.sendall(self.replies.get("hello", "220 hi").encode() + b"\r\n")
            for line in lines:
                text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
                self.heard.append(text)
                verb = text.split(" ")[0].upper()
                if verb in ("RETR", "STOR", "MLSD", "LIST") and self._data:
                    control.sendall(b"150 here it comes\r\n")
                    sock, _ = self._data_door.accept()
                    with sock:
                        self._data(sock)
                    control.sendall(self.replies.get(verb, "226 done").encode() + b"\r\n")
                    continue
                high, low = divmod(self.data_port, 256)
                reply = self.replies.get(verb, "500 what?").format(high=high, low=low, port=self.data_port)
                control.sendall(reply.encode() + b"\r\n")


def sends(*pieces: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    """A data connection that sends ``pieces`` and ends."""

    def send(sock: socket.socket) -> None:
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(pause)

    return send

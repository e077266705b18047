"""pyftpdlib's own event loop in a thread of its own, and the one way into it from other threads."""

from __future__ import annotations

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from pyftpdlib.ioloop import AsyncChat, IOLoop

log = logging.getLogger("netlab.ftp")


class Loop:
    """Runs until ``stop``. Everything of an FTP conversation happens in its thread, files included."""

    def __init__(self) -> None:
        logging.getLogger("pyftpdlib").setLevel(logging.WARNING)  # it tells each command, with its paths
        self.io = IOLoop.factory()
        self._calls: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        here, there = socket.socketpair()
        self._bell = there
        self._waker = _Waker(here, self.io, self._answer)
        self._running = True
        self._thread = threading.Thread(target=self._run, name="netlab-ftp", daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have ``function`` called in the loop's thread, soon; from any thread."""
        self._calls.append((function, arguments))
        try:
            self._bell.send(b"!")
        except OSError:
            log.debug("the loop has ended")

    def stop(self, seconds: float = 2.0) -> None:
        """End the loop with every connection that is still open; waits for it."""
        self.call(self._end)
        self._thread.join(seconds)
        self._bell.close()

    def _end(self) -> None:
        self._running = False

    def _answer(self) -> None:
        while self._calls:
            function, arguments = self._calls.popleft()
            try:
                function(*arguments)
            except Exception:
                log.exception("a call into the FTP loop failed")

    def _run(self) -> None:
        soonest = None
        while self._running:
            try:
                self.io.poll(1.0 if soonest is None else min(soonest, 1.0))
                soonest = self.io.sched.poll()
            except Exception:
                log.exception("the FTP loop stumbled and goes on")
        self.io.close()


class _Waker(AsyncChat):
    """The end of a socket pair that the loop listens to."""

    def __init__(self, sock: socket.socket, io: Any, answer: Callable[[], None]) -> None:
        super().__init__(sock, ioloop=io)
        self._answer_calls = answer

    def handle_read_event(self) -> None:
        self.socket.recv(4096)
        self._answer_calls()

    def writable(self) -> bool:
        return False

"""The lab's servers in a thread of the test's process, on free ports; and raw connections to them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from accounts.models import User
from accounts.provision import provision
from servers import rows
from servers.lab import Ports, Running, start

DOMAIN = "lab.test"
WAIT = 10.0


def wait_until(true: Callable[[], Any], seconds: float = WAIT) -> Any:
    """Return what ``true`` answers as soon as it is not empty; AssertionError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := true():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"did not come about within {seconds} s: {true}")


class EmbeddedLab:
    """Running servers. ``passwords`` are the lab passwords by user name."""

    def __init__(self, root: Path) -> None:
        self.root, self.mail, self.keys = root, root / "mail", root / "ca"
        self.passwords: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.running: Running = self.do(
            start("127.0.0.1", Ports(), mail=self.mail, keys=self.keys, domain=DOMAIN, durable=False)
        )
        self.ports = self.running.ports
        rows.enter("127.0.0.1", self.ports, self.running.authority.pem)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the servers' loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def person(self, name: str, role: str = User.Role.STUDENT) -> User:
        """Make somebody with a mailbox."""
        person = User.objects.create_user(name, password="site", role=role)
        self.passwords[name] = provision(person, f"lab {name} secret")
        return person

    @property
    def pem(self) -> str:
        """The lab CA's certificate."""
        return self.running.authority.pem

    @property
    def context(self) -> ssl.SSLContext:
        """A client's context that trusts the lab's CA and nothing else."""
        return ssl.create_default_context(cadata=self.pem)

    @property
    def ca_file(self) -> str:
        return str(self.keys / "ca.pem")

    def settle(self) -> None:
        """Nothing to wait for: the lab's SMTP server says 250 when a letter is in its mailbox."""

    def inbox(self, name: str) -> list[bytes]:
        """The letters in somebody's INBOX."""
        home = str(User.objects.get(username=name).pk)
        folder = self.running.service.store.home(home).folder("INBOX")
        return [folder.read(entry.uid) for entry in folder.list()]

    def stop(self) -> None:
        """End the servers and their thread."""
        try:
            self.do(self.running.stop())
        finally:
            self.do(self._loop.shutdown_default_executor())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()


class Wire:
    """A raw connection: what is said and answered, line by line, as by telnet."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._file = self.socket.makefile("rb")

    def line(self) -> str:
        """One line of the server's, without its ending; empty when it closed."""
        return self._file.readline().decode().rstrip("\r\n")

    def reply(self) -> str:
        """The last line of an SMTP reply."""
        while (line := self.line())[3:4] == "-":
            pass
        return line

    def listing(self) -> list[str]:
        """A POP3 answer of several lines, its first one included."""
        lines = [self.line()]
        while lines[0].startswith("+OK") and (line := self.line()) != ".":
            lines.append(line)
        return lines

    def send(self, text: str | bytes) -> None:
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def say(self, text: str | bytes) -> str:
        """Send a line and return the last line of the reply."""
        self.send((text.encode() if isinstance(text, str) else text) + b"\r\n")
        return self.reply()

    def secure(self, context: ssl.SSLContext) -> None:
        self._file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self._file = self.socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self.socket.close()

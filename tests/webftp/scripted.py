"""An FTP server that does what no real one does on order: its answers are replaced one by one, its files are a dict."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from accounts.models import Login, Server

Instead = Callable[[str], str | None]
"""Given a command's argument: what to answer instead (``""`` for nothing at all), or None for the usual."""


class Scripted:
    """``instead`` by verb; ``files`` by path; ``heard`` all commands; ``sends`` what RETR gives, if not the file."""

    name, password = "Odd", "odd-pass-1"

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.instead: dict[str, Instead] = {}
        self.heard: list[str] = []
        self.sends: bytes | None = None
        self.takes_nothing = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._open: list[socket.socket] = []
        self._old = ""
        threading.Thread(target=self._listen, daemon=True).start()

    def admit(self, person) -> None:
        """Give ``person`` a login here."""
        row = Server.objects.create(
            protocol="ftp", name=self.name, host="localhost", address="127.0.0.1", port=self.port,
            security="plain", aliases=["ftp.vnd.net"],
        )  # fmt: skip
        login = Login(person=person, server=row, user_name=person.username)
        login.secret = self.password
        login.save()

    def part(self) -> None:
        """Close every connection, and the door."""
        self.takes_nothing.set()
        for sock in [self._door, *self._open]:
            with_shutdown(sock)

    def _listen(self) -> None:
        while True:
            try:
                control, _ = self._door.accept()
            except OSError:
                return
            self._open.append(control)
            threading.Thread(target=self._talk, args=(control,), daemon=True).start()

    def _talk(self, control: socket.socket) -> None:
        data: list[socket.socket] = []

        def say(text: str) -> None:
            control.sendall(text.encode() + b"\r\n")

        try:
            say("220 odd")
            for raw in control.makefile("rb"):
                verb, _, argument = raw.decode().rstrip("\r\n").partition(" ")
                self.heard.append(f"{verb} {argument}".rstrip())
                own = self.instead.get(verb, lambda _: None)(argument)
                if own is not None:
                    if own:
                        say(own)
                elif verb == "EPSV":
                    data.append(socket.create_server(("127.0.0.1", 0)))
                    self._open.append(data[-1])
                    say(f"229 here (|||{data[-1].getsockname()[1]}|)")
                elif verb in ("RETR", "STOR", "LIST"):
                    self._transfer(verb, argument, say, data.pop())
                else:
                    say(self._usual(verb, argument))
        except OSError:
            return
        finally:
            with_shutdown(control)

    def _usual(self, verb: str, argument: str) -> str:
        there = argument in self.files
        if verb == "SIZE":
            return f"213 {len(self.files[argument])}" if there else "550 none"
        if verb == "DELE":
            return "250 gone" if self.files.pop(argument, None) is not None else "550 none"
        if verb == "RNFR":
            self._old = argument
            return "350 go on" if there else "550 none"
        if verb == "RNTO":
            self.files[argument] = self.files.pop(self._old)
            return "250 renamed"
        answers = {"USER": "331 who", "PASS": "230 in", "FEAT": "502 no", "MDTM": "550 no", "QUIT": "221 bye"}
        return answers.get(verb, "250 yes")

    def _transfer(self, verb: str, argument: str, say: Callable[[str], None], door: socket.socket) -> None:
        if verb == "RETR" and argument not in self.files:
            say("550 none")
            return
        say("150 go")
        data, _ = door.accept()
        self._open.append(data)
        if verb == "STOR":
            if self.instead.get("taking"):
                self.takes_nothing.wait(60)
            with data.makefile("rb") as coming:
                self.files[argument] = coming.read()
        else:
            data.sendall(self.files.get(argument, b"") if self.sends is None else self.sends)
            if self.instead.get("sending"):
                self.takes_nothing.wait(60)
        data.close()
        say("226 done")


def with_shutdown(sock: socket.socket) -> None:
    """Close ``sock`` also for a thread that waits in it."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()

"""An FTP conversation by hand, as by telnet: lines said and whole replies heard, data connections one by one."""

from __future__ import annotations

import socket
import ssl

from protocols.ftp.endpoint import parse_229, parse_six
from protocols.ftp.grammar import Answer, Answers
from protocols.ftp.listing import Listing


class Talk:
    """One control connection. ``sign_in`` is USER and PASS; ``tls`` secures it and the data connections after it."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=15)
        self._context: ssl.SSLContext | None = None
        if context:
            self._wrap(context)
        self._file = self.socket.makefile("rb")
        self.greeting = self.hear()

    def hear(self) -> str:
        """The next reply: its code and its last line's text; empty where the server closed."""
        answer = self.hear_all()
        return f"{answer.code} {answer.text}" if answer else ""

    def hear_all(self) -> Answer | None:
        answers = Answers()
        while line := self._file.readline():
            if answer := answers.feed(line.rstrip(b"\r\n")):
                return answer
        return None

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def say(self, line: str | bytes) -> str:
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.hear()

    def sign_in(self, user: str, password: str) -> str:
        self.say(f"USER {user}")
        return self.say(f"PASS {password}")

    def tls(self, context: ssl.SSLContext) -> None:
        assert self.say("AUTH TLS").startswith("234")
        self._file.close()
        self._wrap(context)
        self._file = self.socket.makefile("rb")
        assert self.say("PBSZ 0").startswith("200") and self.say("PROT P").startswith("200")

    def _wrap(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def passive(self, how: str = "EPSV") -> socket.socket:
        """Open a data connection."""
        said = self.say(how)
        port = parse_229(said) if how == "EPSV" else getattr(parse_six(said), "port", None)
        assert port, said
        return socket.create_connection(("127.0.0.1", port), timeout=15)

    def fetch(self, command: str, how: str = "EPSV") -> tuple[bytes, str]:
        """What ``command`` brings, and the reply at its end."""
        data = self.passive(how)
        first = self.say(command)
        if not first.startswith("1"):
            data.close()
            return b"", first
        data = self._secured(data)
        raw = b""
        while piece := data.recv(65536):
            raw += piece
        data.close()
        return raw, self.hear()

    def store(self, command: str, raw: bytes) -> str:
        """Bring ``raw``; the reply at its end."""
        data = self.passive()
        first = self.say(command)
        if not first.startswith("1"):
            data.close()
            return first
        data = self._secured(data)
        try:
            data.sendall(raw)
            if isinstance(data, ssl.SSLSocket):
                data.unwrap()
        except OSError:
            pass  # it had enough: the reply says why
        data.close()
        return self.hear()

    def _secured(self, data: socket.socket) -> socket.socket:
        if self._context is None or not isinstance(self.socket, ssl.SSLSocket):
            return data
        tls = self._context.wrap_socket(data, server_hostname="localhost", session=self.socket.session)
        self.reused = tls.session_reused
        return tls

    def close(self) -> None:
        self._file.close()
        self.socket.close()


def listed(raw: bytes, how: str = "MLSD") -> list[str]:
    """The names in a listing, sorted."""
    listing = Listing(how)
    return sorted(entry.name for entry in listing.feed(raw) + listing.close())


def space(lab, home):
    """What the server knows of the room in a home."""
    return lab.running.ftp.spaces._spaces[home]

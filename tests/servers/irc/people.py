"""People at the lab's IRC server: raw connections that say lines and wait for what they expect."""

from __future__ import annotations

import base64
import ssl

from protocols import catalog
from protocols.irc.grammar import Message, parse_message
from protocols.line import Line
from tests.servers.embedded import Wire


class Talker:
    """One connection; everything that crossed it must be known to the explainer (``everything_known``)."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.wire = Wire(port)
        if context:
            self.wire.secure(context)
        self._framer = catalog.knowledge("irc").framer()
        self._guard = catalog.knowledge("irc").guard(lambda raw: "mark")
        self.crossed: list[Line] = []

    def say(self, *lines: str | bytes) -> None:
        raw = b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines)
        self.crossed += self._framer.feed("C", raw)
        self.wire.send(raw)

    def line(self) -> str:
        line = self.wire.line()
        if line:
            self.crossed += self._framer.feed("S", line.encode() + b"\r\n")
        return line

    def until(self, *words: str) -> str:
        """The next line that holds all of ``words``; AssertionError where the connection ends before."""
        seen = []
        while line := self.line():
            seen.append(line)
            if all(word in line for word in words):
                return line
        raise AssertionError(f"{words} did not come: {seen[-15:]}")

    def heard(self, command: str) -> Message:
        """The next message with that command or numeric."""
        seen = []
        while line := self.line():
            message = parse_message(line.encode())
            assert message, line
            seen.append(line)
            if message.command == command:
                return message
        raise AssertionError(f"{command} did not come: {seen[-15:]}")

    def asked(self, *lines: str, end: str = "nothing-more") -> list[Message]:
        """All that is answered to ``lines``, up to the PONG of a PING said after them."""
        self.say(*lines, f"PING {end}")
        found = []
        while line := self.line():
            message = parse_message(line.encode())
            assert message, line
            if message.command == "PONG" and message.param(-1) == end:
                return found
            found.append(message)
        return found

    def come(self, nick: str, *before: str, capabilities: str = "") -> Talker:
        """Register as ``nick``."""
        if capabilities:
            self.say("CAP LS 302", f"CAP REQ :{capabilities}")
        self.say(*before, f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}")
        if capabilities:
            self.until(" ACK ")
            self.say("CAP END")
        self.until(" 376 ")
        return self

    def sasl(self, nick: str, password: str, capabilities: str = "") -> Talker:
        """Register as ``nick``, signed in by SASL."""
        self.say(f"CAP REQ :sasl {capabilities}", f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}")
        self.until(" ACK ")
        self.say("AUTHENTICATE PLAIN")
        self.until("AUTHENTICATE +")
        self.say("AUTHENTICATE " + plain(nick, password))
        self.until(" 903 ")
        self.say("CAP END")
        self.until(" 376 ")
        return self

    def everything_known(self) -> None:
        """Every line of this conversation is known to the explainer, and told in both languages."""
        explainer = catalog.knowledge("irc").explainer()
        for line in self.crossed:
            note = explainer.feed(self._guard.feed(line))
            assert note.known or b"FROB" in line.raw, line
            assert catalog.say(note, "vi") and all(catalog.say(one, "vi") for one in note.details)

    def close(self) -> None:
        self.wire.close()


def plain(user: str, password: str) -> str:
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()

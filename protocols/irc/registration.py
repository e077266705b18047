"""The first lines of a connection: capabilities (IRCv3, CAP 302), SASL PLAIN or PASS, NICK and USER, a free nick.

Knowledge only: fed messages, it answers with lines to send. Registration is RFC 2812 3.1; CAP holds it up until
``CAP END``. A server that knows no CAP answers 421 or 451, or nothing (``give_up_cap`` is for that).
"""

from __future__ import annotations

import base64
import re

from protocols.errors import Refused, WireError
from protocols.irc.events import Identity
from protocols.irc.grammar import Message, format_message, is_nick

WANTED = frozenset(
    {
        "account-notify", "account-tag", "away-notify", "batch", "cap-notify", "chghost", "draft/chathistory",
        "echo-message", "extended-join", "invite-notify", "labeled-response", "message-tags", "multi-prefix",
        "sasl", "server-time", "setname", "userhost-in-names",
    }
)  # fmt: skip
CHUNK = 400
"""Bytes of base64 in one AUTHENTICATE (IRCv3 SASL 3.1); a last chunk of exactly 400 is followed by ``+``."""

_BAD_NICK = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}-]")
_TRIES = 12


def nick_for(name: str) -> str:
    """A nickname made of a user name: what no nick may hold becomes ``_`` (RFC 2812 2.3.1)."""
    nick = _BAD_NICK.sub("_", name)[:30] or "guest"
    return nick if is_nick(nick) else f"_{nick}"[:30]


class Registration:
    """Fed until ``done``; ``nick`` is the one asked for at the moment, ``caps`` what the server granted."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.nick = identity.nick
        self.caps: set[str] = set()
        self.offered: dict[str, str] = {}
        self.done = self.welcomed = False
        self.failure: WireError | None = None
        self._named = self._negotiating = False
        self._asked = 0
        self._tried = 0

    def begin(self) -> list[bytes]:
        """The first line."""
        self._negotiating = True
        return [format_message("CAP", "LS", "302")]

    def give_up_cap(self) -> list[bytes]:
        """The server did not answer CAP: register without."""
        return [] if self._named or not self._negotiating else self._name(password=True)

    def feed(self, message: Message) -> list[bytes]:
        """Take a line; return what to answer."""
        if message.command == "CAP":
            return self._cap(message)
        if message.command == "AUTHENTICATE":
            return self._authenticate(message.param(0))
        if message.command in ("903", "907"):
            return self._end()
        if message.command in ("902", "904", "905", "906"):
            self.failure = Refused(message.command, message.param(-1), cause="sasl")
            return []
        if message.command in ("421", "451") and not self._named:
            return self._name(password=True)
        if message.command == "001":
            self.nick, self.welcomed = message.param(0), True
            return []
        if message.command in ("376", "422"):
            self.done = self.welcomed
            return []
        if message.command in ("432", "433", "436", "437") and not self.welcomed:
            return self._another(message)
        if message.command in ("464", "465", "463") and not self.welcomed:
            self.failure = Refused(message.command, message.param(-1))
        return []

    def _cap(self, message: Message) -> list[bytes]:
        verb, words = message.param(1).upper(), message.param(-1)
        if verb in ("LS", "NEW"):
            pairs = (word.partition("=") for word in words.split())
            self.offered |= {name: value for name, _, value in pairs if len(self.offered) < 200}
            more = verb == "LS" and message.param(2) == "*" and len(message.params) > 3
            return [] if more else self._request(verb == "LS")
        if verb == "ACK":
            self.caps |= {word for word in words.split() if not word.startswith("-")}
            self._asked -= 1
            return self._granted()
        if verb == "NAK":
            self._asked -= 1
            return self._granted()
        if verb == "DEL":
            gone = set(words.split())
            self.caps -= gone
            self.offered = {name: value for name, value in self.offered.items() if name not in gone}
        return []

    def _request(self, first: bool) -> list[bytes]:
        names = sorted((WANTED & set(self.offered)) - self.caps - (set() if self._sasl() else {"sasl"}))
        lines = [] if not first else self._name(password=not self._sasl())
        if not names:
            return [*lines, *(self._end() if first else [])]
        halves = [names] if sum(map(len, names)) < 400 else [names[::2], names[1::2]]
        self._asked += len(halves)
        return [*lines, *(format_message("CAP", "REQ", " ".join(half)) for half in halves)]

    def _sasl(self) -> bool:
        mechanisms = self.offered.get("sasl", "-").upper().split(",")
        told = mechanisms == [""] or "PLAIN" in mechanisms
        return bool(self.identity.secret) and "sasl" in self.offered and told

    def _granted(self) -> list[bytes]:
        if self._asked > 0 or not self._negotiating or self.welcomed:
            return []
        if "sasl" in self.caps and self._sasl():
            return [format_message("AUTHENTICATE", "PLAIN")]
        return self._end()

    def _authenticate(self, word: str) -> list[bytes]:
        if word != "+" or not self._sasl():
            return []
        who = self.identity
        plain = base64.b64encode(f"{who.account}\0{who.account}\0{who.secret}".encode()).decode()
        pieces = [plain[at : at + CHUNK] for at in range(0, len(plain), CHUNK)]
        pieces += ["+"] if len(pieces[-1]) == CHUNK else []
        return [format_message("AUTHENTICATE", piece) for piece in pieces]

    def _end(self) -> list[bytes]:
        if not self._negotiating or self.welcomed:
            return []
        self._negotiating = False
        return [format_message("CAP", "END")]

    def _name(self, *, password: bool) -> list[bytes]:
        if self._named:
            return []
        self._named = True
        who = self.identity
        asked = password and who.password and who.secret
        lines = [format_message("PASS", who.secret)] if asked else []
        real = who.real or who.nick
        return [*lines, format_message("NICK", self.nick), format_message("USER", who.user, "0", "*", real)]

    def _another(self, message: Message) -> list[bytes]:
        """A nick that is taken gets an underscore, then numbers; one that is too long for the server is cut."""
        self._tried += 1
        if self._tried > _TRIES:
            self.failure = Refused(message.command, message.param(-1), cause="nick")
            return []
        wanted = self.identity.nick
        if message.command == "432":
            # 9 is RFC 2812's length (1.2.1), which ngIRCd still keeps unless told otherwise.
            self.nick = self.nick[:9] if len(self.nick) > 9 else f"guest{self._tried}"
        elif self._tried <= 2:
            self.nick = (
                f"{wanted[: len(self.nick) if len(self.nick) < len(wanted) else 28]}{'_' * self._tried}"
            )
        else:
            self.nick = f"{wanted[:6]}{self._tried}"
        return [format_message("NICK", self.nick)]

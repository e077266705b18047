"""Where an IRC conversation stands, and what both speakers' lines are explained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocols.catalog import Entry
from protocols.irc import details
from protocols.irc.commands import ctcp
from protocols.irc.grammar import Message, parse_ctcp
from protocols.irc.services import is_service
from protocols.irc.support import Support
from protocols.line import Note

NEXT: dict[str, tuple[str, ...]] = {
    "connected": ("CAP LS 302", "PASS", "NICK", "USER"),
    "negotiating": ("CAP REQ", "AUTHENTICATE", "NICK", "USER", "CAP END"),
    "signing-in": ("AUTHENTICATE",),
    "registered": ("JOIN", "LIST", "WHOIS", "PRIVMSG", "QUIT"),
    "joined": ("PRIVMSG", "NAMES", "TOPIC", "MODE", "PART", "QUIT"),
    "bye": (),
}
_KEPT_TOKENS = ("CASEMAPPING", "CHANMODES", "CHANTYPES", "PREFIX")


class Standing:
    """Who and where the client is; ``state`` and ``restore`` carry it over a block's border."""

    STATES = ("connected", "negotiating", "signing-in", "registered", "joined", "bye")

    def __init__(self) -> None:
        self._state = "connected"
        self._nick = ""
        self._channels: list[str] = []
        self._batches: dict[str, str] = {}
        self._mechanism = ""
        self._support = Support()

    def state(self) -> dict[str, Any]:
        """Return what has to be known to go on from here."""
        return {
            "state": self._state,
            "nick": self._nick,
            "channels": list(self._channels),
            "batches": dict(self._batches),
            "mechanism": self._mechanism,
            "tokens": {key: self._support.tokens[key] for key in _KEPT_TOKENS if key in self._support.tokens},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state`` returned."""
        self._state, self._nick = str(state["state"]), str(state["nick"])
        self._channels, self._batches = list(state["channels"]), dict(state["batches"])
        self._mechanism = str(state["mechanism"])
        self._support = Support().with_tokens(f"{key}={value}" for key, value in state["tokens"].items())

    def _note(self, key: str, entry: Entry | None = None, **params: str | int) -> Note:
        return Note(key, params, entry.refs if entry else (), state=self._state, next=NEXT[self._state])

    @property
    def _registered(self) -> bool:
        return self._state in ("registered", "joined")

    def _mine(self, nick: str) -> bool:
        return self._support.fold(nick) == self._support.fold(self._nick)

    def _leave(self, channel: str) -> None:
        self._channels = [
            one for one in self._channels if self._support.fold(one) != self._support.fold(channel)
        ]
        if not self._channels and self._state == "joined":
            self._state = "registered"

    def _place(self, target: str) -> str:
        if self._support.is_channel(target) or self._support.is_channel(target.lstrip("~&@%+")):
            return "channel"
        return "service" if is_service(target) else "person"

    def _said(self, note: Note, message: Message, way: str) -> Note:
        """The same message, CTCP told as such, its formatting named."""
        found = parse_ctcp(message.param(-1))
        if found is None:
            return replace(note, details=(*note.details, *details.formatting(message.param(-1))))
        entry = ctcp().get(found[0])
        what = (
            Note(f"irc.ctcp.{entry.key}", {}, entry.refs)
            if entry
            else Note("irc.ctcp.unknown", {"verb": found[0]})
        )
        return replace(note, details=(Note(f"irc.ctcp.{way}", {"verb": found[0]}), what, *note.details))

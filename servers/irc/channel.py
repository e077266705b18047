"""A channel: who is in it with which rights, its modes and masks, its topic, and what was said lately."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from protocols.irc.grammar import fold
from protocols.irc.support import Support
from servers.irc.history import History

if TYPE_CHECKING:
    from servers.irc.client import Client

CASEMAPPING = "ascii"
SIGNS = {"o": "@", "v": "+"}
FLAGS = "imnpst"
SUPPORT = Support().with_tokens([f"CASEMAPPING={CASEMAPPING}", f"CHANMODES=beI,k,l,{FLAGS}", "PREFIX=(ov)@+"])


@dataclass(frozen=True, slots=True)
class Mask:
    """One entry of the lists b, e, I: who set it, and when."""

    mask: str
    by: str
    at: int


@dataclass(slots=True, eq=False)
class Channel:
    """``members`` maps a client to its rights (letters of ``SIGNS``); ``lasting`` ones outlive their last member."""

    name: str
    lasting: bool = False
    created: int = field(default_factory=lambda: int(time.time()))
    members: dict[Client, set[str]] = field(default_factory=dict)
    flags: set[str] = field(default_factory=lambda: set("nt"))
    key: str = ""
    limit: int = 0
    lists: dict[str, list[Mask]] = field(default_factory=lambda: {"b": [], "e": [], "I": []})
    topic: str = ""
    topic_by: str = ""
    topic_at: int = 0
    history: History = field(default_factory=History)

    @property
    def secret(self) -> bool:
        return bool(self.flags & {"s", "p"})

    def is_operator(self, client: Client) -> bool:
        return "o" in self.members.get(client, ())

    def signs(self, client: Client, *, all_of_them: bool) -> str:
        """``@``, ``+`` or both (multi-prefix) before a nick in this channel."""
        signs = "".join(sign for letter, sign in SIGNS.items() if letter in self.members.get(client, ()))
        return signs if all_of_them else signs[:1]

    def seen_by(self, client: Client) -> bool:
        """Whether ``client`` may know that this channel is there."""
        return not self.secret or client in self.members or client.operator

    def banned(self, client: Client) -> bool:
        """Whether a ban keeps ``client`` out or silent, and no exception lets them."""
        return self._listed("b", client) and not self._listed("e", client)

    def invited(self, client: Client) -> bool:
        return fold(self.name, CASEMAPPING) in client.invitations or self._listed("I", client)

    def may_speak(self, client: Client) -> bool:
        """Whether a message of ``client`` is taken: +n, +m, bans (404 otherwise)."""
        rights = self.members.get(client)
        if rights is None and "n" in self.flags:
            return False
        if rights:
            return True
        return "m" not in self.flags and not self.banned(client)

    def modes(self, client: Client) -> list[str]:
        """The parameters of 324; the key only for members."""
        letters = "+" + "".join(sorted(self.flags)) + ("k" if self.key else "") + ("l" if self.limit else "")
        told = self.key if client in self.members else "*"
        return [letters, *([told] if self.key else []), *([str(self.limit)] if self.limit else [])]

    def _listed(self, letter: str, client: Client) -> bool:
        return any(matches(entry.mask, client.source) for entry in self.lists[letter])


def full_mask(mask: str) -> str:
    """``nick`` is ``nick!*@*``, ``user@host`` is ``*!user@host``."""
    if "!" in mask:
        return mask if "@" in mask else f"{mask}@*"
    return f"*!{mask}" if "@" in mask else f"{mask}!*@*"


def matches(mask: str, text: str) -> bool:
    """Whether ``text`` is what ``mask`` (with * and ?, in any case) stands for."""
    return _pattern(fold(mask, CASEMAPPING)).fullmatch(fold(text, CASEMAPPING)) is not None


@lru_cache(4096)
def _pattern(mask: str) -> re.Pattern[str]:
    # Runs of stars are one star: a mask is somebody's input and must not be slow to match.
    parts = (
        ".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.sub(r"\*+", "*", mask)
    )
    return re.compile("".join(parts), re.DOTALL)

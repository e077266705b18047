"""What a server says it can do and how: 005 RPL_ISUPPORT's tokens, channel modes, and MODE's changes.

A ``Support`` is a value: ``with_tokens`` makes the next one. Before 005 came, RFC 1459's rules hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protocols.irc.grammar import fold, is_channel

_KEY = re.compile(r"-?[A-Z0-9]+")
_HEX = re.compile(r"\\x([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class ModeChange:
    """One letter of MODE: ``add`` for +, ``argument`` empty where there is none."""

    add: bool
    letter: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{'+' if self.add else '-'}{self.letter}{' ' + self.argument if self.argument else ''}"


@dataclass(frozen=True, slots=True)
class Support:
    """A server's rules. ``prefixes`` maps mode letters to signs, highest first; ``lists`` etc. are CHANMODES."""

    tokens: Mapping[str, str] = field(default_factory=dict)
    casemapping: str = "rfc1459"
    channel_types: str = "#&"
    prefixes: Mapping[str, str] = field(default_factory=lambda: {"o": "@", "v": "+"})
    lists: str = "beI"
    always: str = "k"
    when_set: str = "l"
    flags: str = "imnpst"

    def with_tokens(self, params: Iterable[str]) -> Support:
        """Return the rules with the tokens of one 005 line; nick and closing words are passed over."""
        tokens = dict(self.tokens)
        for word in params:
            key, _, value = word.partition("=")
            if not _KEY.fullmatch(key):
                continue
            if key.startswith("-"):
                tokens.pop(key[1:], None)
            else:
                tokens[key] = _HEX.sub(lambda found: chr(int(found[1], 16)), value)
        return Support(tokens, **_rules(tokens))

    def number(self, key: str, otherwise: int = 0) -> int:
        """The number of a token such as NICKLEN, TOPICLEN, MODES; ``otherwise`` where there is none."""
        value = self.tokens.get(key, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else otherwise

    def fold(self, name: str) -> str:
        """The form in which this server compares names."""
        return fold(name, self.casemapping)

    def is_channel(self, name: str) -> bool:
        """Whether this server would take ``name`` for a channel's."""
        return is_channel(name, self.channel_types, self.number("CHANNELLEN", 200))

    def channel_of(self, target: str) -> str:
        """The channel that a message's ``target`` names: ``@#lab`` is for its operators (STATUSMSG); "" for a nick's.

        ``&`` is a sign of some servers and the beginning of a channel's name at others, and may be both.
        """
        bare = target.lstrip(self.tokens.get("STATUSMSG") or "".join(self.prefixes.values()))
        return next((name for name in (bare, target) if name and name[0] in self.channel_types), "")

    def takes_argument(self, add: bool, letter: str) -> bool:
        """Whether this change of a channel's mode comes with an argument (CHANMODES' types A, B, C; PREFIX)."""
        if letter in self.prefixes or letter in self.lists or letter in self.always:
            return True
        return add and letter in self.when_set

    def split_prefixes(self, name: str) -> tuple[str, str]:
        """Cut a name of 353 or 319 into its signs and the rest: ``@+ann`` is ("@+", "ann")."""
        signs = "".join(self.prefixes.values())
        bare = name.lstrip(signs) if signs else name
        return name[: len(name) - len(bare)], bare


def parse_modes(words: Sequence[str], support: Support | None = None) -> list[ModeChange]:
    """Read MODE's ``+o-v ann ben`` (parameters after the target); ``support`` None: a user's modes, no arguments."""
    if not words:
        return []
    changes, rest, add = [], list(words[1:]), True
    for sign in words[0]:
        if sign in "+-":
            add = sign == "+"
            continue
        wants = support is not None and support.takes_argument(add, sign)
        changes.append(ModeChange(add, sign, rest.pop(0) if wants and rest else ""))
    return changes


def format_modes(changes: Iterable[ModeChange]) -> list[str]:
    """Return the parameters of MODE after its target: ``["+ov-m", "ann", "ben"]``."""
    letters, arguments, sign = "", [], ""
    for change in changes:
        now = "+" if change.add else "-"
        letters += (now if now != sign else "") + change.letter
        sign = now
        arguments += [change.argument] if change.argument else []
    return [letters, *arguments]


def _rules(tokens: Mapping[str, str]) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if tokens.get("CASEMAPPING"):
        rules["casemapping"] = tokens["CASEMAPPING"].lower()
    if "CHANTYPES" in tokens:
        rules["channel_types"] = tokens["CHANTYPES"]
    if "PREFIX" in tokens:
        found = re.fullmatch(r"\(([^)]*)\)(.*)", tokens["PREFIX"])
        rules["prefixes"] = dict(zip(found[1], found[2], strict=False)) if found else {}
    if "CHANMODES" in tokens:
        kinds = [*tokens["CHANMODES"].split(","), "", "", "", ""]
        rules |= dict(zip(("lists", "always", "when_set", "flags"), kinds, strict=False))
    return rules

"""What a person can ask for by typing: words to say, lines of IRC, and what the room does itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """Where it was typed. ``name`` is the channel, the partner, or "" in the server's window."""

    kind: str
    name: str
    nick: str
    channel_types: str = "#&"
    modes: int = 3

    @property
    def channel(self) -> str:
        return self.name if self.kind == "channel" else ""

    def is_channel(self, word: str) -> bool:
        return word[:1] != "" and word[:1] in self.channel_types


@dataclass(frozen=True, slots=True)
class Speak:
    """Words for a target: they are split where they are long, and answered for."""

    target: str
    text: str
    manner: str = "privmsg"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of IRC."""

    command: str
    params: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """A line exactly as typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Open:
    """A query's window."""

    nick: str


@dataclass(frozen=True, slots=True)
class Close:
    """The window it was typed in."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Listen to somebody no more, or (``on`` False) again."""

    nick: str
    on: bool


@dataclass(frozen=True, slots=True)
class Hang:
    """End the connection, and stay away."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Meet:
    """Connect (again), now."""


Doing = Speak | Line | Raw | Open | Close | Ignore | Hang | Meet


class Unclear(Exception):
    """What was typed cannot be done; ``key`` is a msgid with ``params``, told to the person with their words kept."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(key)
        self.key, self.params = key, params

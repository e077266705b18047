"""What a connection tells its owner, as values: somebody spoke, came, went; the server answered.

``at`` is Unix time (the server's, where it says one: IRCv3 server-time), ``msgid`` and ``label`` are the tags of
those names, ``batch`` the type of the batch a line came in (``netsplit``, ``chathistory``), "" where there is none.
``own`` says that it is about ourselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from protocols.errors import WireError
from protocols.irc.grammar import Source
from protocols.irc.support import ModeChange

Manner = Literal["privmsg", "notice", "action", "ctcp", "reply"]
"""How something was said; ``ctcp`` asks, ``reply`` answers such a question (modern.ircdocs.horse/ctcp)."""

Way = Literal["part", "quit", "kick"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a line's tags say of it."""

    at: float = 0.0
    msgid: str = ""
    label: str = ""
    batch: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Ready:
    """Registration is over; ``wanted`` is the nick that was asked for."""

    nick: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Said:
    """A PRIVMSG or NOTICE; ``target`` a channel or nick, ``text`` without CTCP's marks."""

    source: Source
    target: str
    text: str
    manner: Manner
    own: bool
    mark: Mark
    command: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody is in ``channel`` now."""

    source: Source
    channel: str
    own: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody is gone from ``channels``: by a PART, QUIT, or KICK of ``by``."""

    source: Source
    channels: tuple[str, ...]
    way: Way
    text: str
    own: bool
    mark: Mark
    by: Source | None = None


@dataclass(frozen=True, slots=True)
class Renamed:
    """A nick changed; ``channels`` are those that the person is in."""

    source: Source
    nick: str
    channels: tuple[str, ...]
    own: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Topic:
    """A channel's topic was set (``source``), or told on joining (``source`` None)."""

    channel: str
    text: str
    source: Source | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Modes:
    """A channel's modes changed (``source``), or were told (``source`` None)."""

    channel: str
    changes: tuple[ModeChange, ...]
    source: Source | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Members:
    """The list of a channel's people is whole (366), or one of them changed (away): look at the state."""

    channel: str
    nick: str = ""


@dataclass(frozen=True, slots=True)
class Invited:
    """``source`` invites ``nick`` to ``channel``."""

    source: Source
    nick: str
    channel: str
    own: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Listed:
    """The answer to LIST is whole: name, number of members, topic of each; ``cut`` where there were more."""

    channels: tuple[tuple[str, int, str], ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Any other answer or word of the server; ``about`` is the channel or nick that it names, or ""."""

    code: str
    params: tuple[str, ...]
    about: str
    refused: bool
    mark: Mark

    @property
    def text(self) -> str:
        """The words, without our nick in front."""
        return " ".join(self.params)


@dataclass(frozen=True, slots=True)
class Acked:
    """The server took what was sent with ``label`` (labeled-response), or all before PING ``token`` (PONG)."""

    label: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The connection is no use any more; ``error`` says why in the server's words."""

    error: WireError


Event = (
    Ready
    | Said
    | Joined
    | Left
    | Renamed
    | Topic
    | Modes
    | Members
    | Invited
    | Listed
    | Told
    | Acked
    | Failed
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we want to be: nick, user name, real name; ``account`` and ``secret`` for SASL PLAIN.

    ``password``: say the secret by PASS where there is no SASL. Only to a server that asked for one, for ngIRCd
    without a password refuses whoever gives one.
    """

    nick: str
    user: str
    real: str
    account: str = ""
    secret: str = field(default="", repr=False)
    password: bool = False


@dataclass(slots=True)
class Member:
    """Somebody in a channel; ``signs`` as the server writes them, highest first (``@+``)."""

    nick: str
    signs: str = ""
    away: bool = False


@dataclass(slots=True)
class Room:
    """A channel that we are in. ``members`` by folded nick; ``modes`` letter to argument."""

    name: str
    topic: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    listing: set[str] | None = None

    @property
    def flags(self) -> str:
        """The modes as people write them: ``+nt``, ``+knt key``."""
        return _flags(self.modes)


def _flags(modes: Mapping[str, str]) -> str:
    letters = "".join(sorted(modes))
    arguments = [modes[letter] for letter in sorted(modes) if modes[letter] and letter != "k"]
    return " ".join([f"+{letters}", *arguments]) if letters else ""

"""IRC's lines: ``[@tags] [:source] command parameters`` (RFC 1459 2.3, RFC 2812 2.3, IRCv3 message-tags).

Both speakers use the same form, so there is one ``Message``. Text is UTF-8, or Latin-1 where it is not valid
UTF-8 (RFC 1459 knows only octets). Names are compared by ``fold``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from protocols.errors import Garbled
from protocols.line import Kind, Line, LineSplitter, Speaker

MAX_BYTES = 512
"""Bytes of a line, CR LF included, tags not (RFC 1459 2.3)."""

MAX_TAGS = 8191
"""Bytes of all tags, ``@`` and the space included (IRCv3 message-tags); a client may send 4,096 of its own."""

MAX_CLIENT_TAGS = 4096
MAX_PARAMS = 15

_ESCAPES = {";": r"\:", " ": r"\s", "\\": "\\\\", "\r": r"\r", "\n": r"\n"}
_UNESCAPES = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_TAG_KEY = re.compile(r"\+?(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_VERB = re.compile(r"[A-Za-z]+|[0-9]{3}")
_TALK = (
    "PRIVMSG",
    "KNOCK",
    "NOTICE",
    "TOPIC",
    "PART",
    "QUIT",
    "KICK",
    "AWAY",
    "SQUERY",
    "WALLOPS",
    "CPRIVMSG",
    "CNOTICE",
)
_RFC1459 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\~", "abcdefghijklmnopqrstuvwxyz{}|^")
_STRICT = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\", "abcdefghijklmnopqrstuvwxyz{}|")
_ASCII = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_FOLDS = {"rfc1459": _RFC1459, "rfc1459-strict": _STRICT, "strict-rfc1459": _STRICT, "ascii": _ASCII}
_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
_CHANNEL_BAD = re.compile(r"[\0-\x20,\x7f]")


@dataclass(frozen=True, slots=True)
class Source:
    """Who a line comes from: ``nick!user@host``, or a server's name (then ``user`` and ``host`` are empty)."""

    nick: str
    user: str = ""
    host: str = ""

    def __str__(self) -> str:
        user = f"!{self.user}" if self.user else ""
        return f"{self.nick}{user}{'@' + self.host if self.host else ''}"


@dataclass(frozen=True, slots=True)
class Message:
    """One line. ``command`` is in capitals or three digits; a tag without a value has the empty one.

    ``source`` is as it stands on the wire; ``who`` is the same in its parts.
    """

    command: str
    params: tuple[str, ...] = ()
    source: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def who(self) -> Source:
        return parse_source(self.source)

    @property
    def nick(self) -> str:
        return self.who.nick

    @property
    def numeric(self) -> bool:
        return self.command.isdigit()

    def param(self, index: int) -> str:
        """The parameter at ``index`` (from 0; negative from the end), or "" where there is none."""
        try:
            return self.params[index]
        except IndexError:
            return ""


def parse_message(raw: bytes, *, any_word: bool = False) -> Message | None:
    """Read a line without its ending; None where no command stands in it (an empty line, no IRC at all).

    With ``any_word`` whatever stands in the command's place is taken for it: a server answers such a line too.
    """
    rest, tags, source = text_of(raw).lstrip(" "), {}, ""
    if rest.startswith("@"):
        words, _, rest = rest[1:].partition(" ")
        tags, rest = parse_tags(words), rest.lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
        rest = rest.lstrip(" ")
    command, _, rest = rest.partition(" ")
    if not (command if any_word else _VERB.fullmatch(command)):
        return None
    return Message(command.upper(), tuple(_params(rest)), source, tags)


def format_message(
    command: str, *params: str, source: str = "", tags: Mapping[str, str | None] | None = None
) -> bytes:
    """Return the line with its CR LF. The last parameter gets its colon where it needs one.

    Garbled where a value holds CR, LF or NUL, or a parameter but the last is empty, has a space or a colon first.
    Bytes over the limit are not cut: ``split_text`` is for that.
    """
    words = [f"@{format_tags(tags)}"] if tags else []
    words += [f":{source}"] if source else []
    words.append(command)
    for place, param in enumerate(params):
        odd = not param or " " in param or param.startswith(":")
        if odd and place < len(params) - 1:
            raise Garbled(
                "only the last parameter may be empty, hold spaces or begin with a colon", cause="param"
            )
        words.append(f":{param}" if odd else param)
    line = " ".join(words)
    if any(sign in line for sign in "\r\n\0"):
        raise Garbled("CR, LF and NUL cannot be said in IRC", cause="controls")
    return line.encode("utf-8", "surrogateescape") + b"\r\n"


def parse_tags(words: str) -> dict[str, str]:
    """Read ``key=value;key`` (without the ``@``); later ones win, values are unescaped (IRCv3 message-tags)."""
    pairs = (word.partition("=") for word in words.split(";") if word)
    return {key: _unescape(value) for key, _, value in pairs if key}


def format_tags(tags: Mapping[str, str | None]) -> str:
    """Return tags as they stand on the wire, without the ``@``; Garbled for a key that is none."""
    words = []
    for key, value in tags.items():
        if not _TAG_KEY.fullmatch(key):
            raise Garbled("that is no key of a tag", cause="tag")
        escaped = "".join(_ESCAPES.get(sign, sign) for sign in value or "")
        words.append(f"{key}={escaped}" if escaped else key)
    return ";".join(words)


def parse_source(source: str) -> Source:
    """Cut ``nick!user@host`` into its parts; what is missing is empty."""
    left, _, host = source.partition("@") if "!" not in source else _host(source)
    nick, _, user = left.partition("!")
    return Source(nick, user, host)


def spans_of(raw: bytes, at: int | None = None) -> list[tuple[int, int]]:
    """Where the command and each parameter stand in a line: ``(start, stop)``, the last one's colon left out.

    ``at`` is the command's offset where it is known (None: after tags and source).
    """
    start = _command_at(raw) if at is None else at
    space = raw.find(b" ", start)
    stop = space if space >= 0 else len(raw)
    return [(start, stop), *_param_spans(raw, stop)] if stop > start else []


def text_of(raw: bytes) -> str:
    """UTF-8 where it is valid, Latin-1 where it is not: a channel has both, line by line."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@lru_cache(maxsize=8192)
def fold(name: str, casemapping: str = "rfc1459") -> str:
    """The form in which two names are compared (005 CASEMAPPING): {}|^ are []\\~ in lower case (RFC 2812 2.2)."""
    return name.translate(_FOLDS.get(casemapping, _ASCII))


def is_nick(name: str, longest: int = 30) -> bool:
    """Whether ``name`` is a nickname (RFC 2812 2.3.1), of a length that networks of today allow."""
    return len(name) <= longest and _NICK.fullmatch(name) is not None


def is_channel(name: str, types: str = "#&", longest: int = 64) -> bool:
    """Whether ``name`` is a channel's (RFC 2812 1.3): its type first, then no space, comma or control sign."""
    return 1 < len(name) <= longest and name[0] in types and not _CHANNEL_BAD.search(name)


def parse_ctcp(text: str) -> tuple[str, str] | None:
    """Read CTCP in a PRIVMSG's or NOTICE's text: ``\\x01ACTION waves\\x01`` is ("ACTION", "waves"); else None."""
    if len(text) < 2 or text[0] != "\x01":
        return None
    command, _, argument = text[1:].removesuffix("\x01").partition(" ")
    return (command.upper(), argument) if command else None


def format_ctcp(command: str, argument: str = "") -> str:
    """The text that carries a CTCP command."""
    return f"\x01{command}{' ' + argument if argument else ''}\x01"


def talk(raw: bytes) -> tuple[int, int] | None:
    """Which bytes of a line (without its ending) are a person's own words: ``(start, stop)``, or None.

    The text of PRIVMSG and NOTICE (also on its way from the server), a topic (with 332's and 322's), the words
    with which somebody leaves, kicks or is away, a real name is not one. A server's own NOTICE is no talk.
    """
    found = spans_of(raw)
    if not found:
        return None
    (start, stop), spans = found[0], found[1:]
    verb = raw[start:stop].upper().decode("latin-1")
    source = raw[:start].rpartition(b":")[2].strip()
    if verb not in _TALK and verb not in _TALK_NUMERICS:
        return None
    if verb == "NOTICE" and source and b"!" not in source:
        return None
    at = _TALK_NUMERICS.get(verb, _TALK_PARAM.get(verb, 1))
    if len(spans) <= at or spans[at][0] >= spans[at][1]:
        return None
    # Typed by hand without its colon, a text is only a word long, but the person meant all of it.
    return spans[at][0], len(raw) if verb in _TALK else spans[at][1]


_TALK_PARAM = {"QUIT": 0, "AWAY": 0, "WALLOPS": 0, "KICK": 2, "CPRIVMSG": 2, "CNOTICE": 2}
_TALK_NUMERICS = {"301": 2, "322": 3, "332": 2}


class Framer:
    """Bytes of both speakers in, Lines out. Formatting signs and CTCP's 0x01 are text in IRC, not binary."""

    def __init__(self) -> None:
        self._lines: dict[Speaker, LineSplitter] = {"C": LineSplitter(), "S": LineSplitter()}

    def feed(self, speaker: Speaker, raw: bytes) -> list[Line]:
        """Take bytes of ``speaker``; return the lines they completed."""
        who: Speaker = "S" if speaker == "S" else "C"
        return [_line(who, *parts) for parts in self._lines[who].feed(raw)]

    def close(self) -> list[Line]:
        """Return what was begun and never ended."""
        rest = [(who, splitter.flush()) for who, splitter in self._lines.items()]
        return [_line(who, *parts) for who, parts in rest if parts]


_ODD = bytes({*range(32)} - {1, 2, 3, 4, 7, 9, 13, 15, 17, 22, 27, 29, 30, 31})


def _line(speaker: Speaker, raw: bytes, end: bytes, size: int) -> Line:
    odd = raw[:1] == b"\xff" or raw[:1024].translate(None, _ODD) != raw[:1024]
    kind: Kind = "binary" if odd else "text"
    return Line(speaker, raw, kind, end, size)


def _params(rest: str) -> list[str]:
    params: list[str] = []
    rest = rest.lstrip(" ")
    while rest:
        if rest.startswith(":"):
            return [*params, rest[1:]]
        if len(params) == MAX_PARAMS - 1:
            return [*params, rest]  # the fifteenth may leave its colon out (RFC 2812 2.3.1)
        word, _, rest = rest.partition(" ")
        params.append(word)
        rest = rest.lstrip(" ")
    return params


def _command_at(raw: bytes) -> int:
    """The offset of the command, after tags and source."""
    at = 0
    for mark in (b"@", b":"):
        while raw[at : at + 1] == b" ":
            at += 1
        if raw[at : at + 1] == mark:
            space = raw.find(b" ", at)
            at = space if space >= 0 else len(raw)
    while raw[at : at + 1] == b" ":
        at += 1
    return at


def _param_spans(raw: bytes, at: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    while at < len(raw):
        if raw[at : at + 1] == b" ":
            at += 1
        elif raw[at : at + 1] == b":" or len(spans) == MAX_PARAMS - 1:
            return [*spans, (at + (raw[at : at + 1] == b":"), len(raw))]
        else:
            space = raw.find(b" ", at)
            stop = space if space >= 0 else len(raw)
            spans.append((at, stop))
            at = stop
    return spans


def _host(source: str) -> tuple[str, str, str]:
    nick, _, rest = source.partition("!")
    user, at, host = rest.partition("@")
    return f"{nick}!{user}", at, host


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    return re.sub(r"\\(.?)", lambda found: _UNESCAPES.get(found[1], found[1]), value, flags=re.DOTALL)

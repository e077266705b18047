"""What a person typed, as what is to be said: ``/join #lab``, ``/me waves``, or plain words.

Knowledge only. The names are those that mIRC, irssi and The Lounge taught people; ``TABLE`` is what the page lists and
completes. A command that is unknown here is refused, not sent: ``/raw`` sends any line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

from django.utils.translation import gettext_noop

from chat import typed
from chat.doings import Doing, Speak, Unclear, Where


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table; ``says`` is a msgid."""

    usage: str
    says: str
    make: Callable[[Where, str], list[Doing]] = field(repr=False)


NEEDS = gettext_noop("It is written like this: %(usage)s")
NO_CHANNEL = gettext_noop("This is no channel. Name one: %(usage)s")
UNKNOWN = gettext_noop("There is no command /%(name)s here. /raw sends a line as it stands.")
MISTYPED = gettext_noop("There is no command /%(name)s here. Do you mean /%(near)s?")


def parse(text: str, where: Where) -> list[Doing]:
    """Return what ``text`` asks for, in order; Unclear where it cannot be told. ``//x`` says ``/x``."""
    text = text.strip("\r\n")
    if not text.startswith("/") or text.startswith("//"):
        if where.kind == "server":
            raise Unclear(typed.NOBODY)
        return [Speak(where.name, text[1:] if text.startswith("//") else text)]
    name, _, rest = text[1:].partition(" ")
    command = TABLE.get(ALIASES.get(name.lower(), name.lower()))
    if command is None:
        near = get_close_matches(name.lower()[:30], TABLE, 1, 0.7)
        raise Unclear(MISTYPED, name=name[:30], near=near[0]) if near else Unclear(UNKNOWN, name=name[:30])
    try:
        return command.make(where, rest.strip(" "))
    except LookupError:
        raise Unclear(NEEDS, usage=command.usage) from None
    except typed.NoChannel:
        raise Unclear(NO_CHANNEL, usage=command.usage) from None


TABLE: dict[str, Command] = {
    "join": Command("/join #channel [key]", gettext_noop("Enter a channel"), typed.join),
    "part": Command("/part [#channel] [words]", gettext_noop("Leave the channel"), typed.part),
    "cycle": Command("/cycle [#channel]", gettext_noop("Leave the channel and enter it again"), typed.cycle),
    "msg": Command("/msg nick words", gettext_noop("Say something to somebody alone"), typed.message),
    "query": Command("/query nick [words]", gettext_noop("Open a window for talk with one person"), typed.query),
    "notice": Command("/notice nick words", gettext_noop("Send a notice, which nothing may answer"), typed.notice),
    "me": Command("/me waves", gettext_noop("Say what you do"), typed.me),
    "slap": Command("/slap nick", gettext_noop("An old custom"), typed.slap),
    "nick": Command("/nick name", gettext_noop("Take another nickname"), typed.plain("NICK", 1)),
    "topic": Command("/topic [words]", gettext_noop("Show or set the topic; -delete clears it"), typed.topic),
    "kick": Command("/kick nick [words]", gettext_noop("Throw somebody out"), typed.kick),
    "ban": Command("/ban [nick]", gettext_noop("Keep somebody out; alone: show the bans"), typed.ban),
    "unban": Command("/unban nick", gettext_noop("Let somebody in again"), typed.unban),
    "kickban": Command("/kickban nick [words]", gettext_noop("Throw somebody out and keep them out"), typed.kickban),
    "mode": Command("/mode [target] [+modes]", gettext_noop("Show or change modes"), typed.mode),
    "op": Command("/op nick …", gettext_noop("Make somebody an operator"), typed.ranks("+", "o")),
    "deop": Command("/deop nick …", gettext_noop("Take the operator's rank away"), typed.ranks("-", "o")),
    "voice": Command("/voice nick …", gettext_noop("Let somebody speak where it is moderated"), typed.ranks("+", "v")),
    "devoice": Command("/devoice nick …", gettext_noop("Take the voice away"), typed.ranks("-", "v")),
    "invite": Command("/invite nick [#channel]", gettext_noop("Invite somebody"), typed.invite),
    "ignore": Command("/ignore [nick]", gettext_noop("Fold somebody's words away; alone: show whom you ignore"),
                      typed.ignore(True)),
    "unignore": Command("/unignore nick", gettext_noop("Show somebody's words again"), typed.ignore(False)),
    "away": Command("/away [words]", gettext_noop("Say that you are away; alone: that you are back"),
                    typed.away),
    "back": Command("/back", gettext_noop("Say that you are back"), typed.back),
    "whois": Command("/whois [nick]", gettext_noop("Ask who somebody is"), typed.whois),
    "whowas": Command("/whowas nick", gettext_noop("Ask who somebody was"), typed.plain("WHOWAS", 1)),
    "who": Command("/who [mask]", gettext_noop("List people"), typed.who),
    "names": Command("/names [#channel]", gettext_noop("List who is in a channel"), typed.names),
    "list": Command("/list [mask]", gettext_noop("List the channels"), typed.plain("LIST")),
    "ctcp": Command("/ctcp nick VERSION", gettext_noop("Ask somebody's program something"), typed.ctcp),
    "ping": Command("/ping nick", gettext_noop("Ask how far somebody's program is away"), typed.ping),
    "motd": Command("/motd", gettext_noop("Show the server's message of the day"), typed.plain("MOTD")),
    "version": Command("/version", gettext_noop("Ask which program the server is"), typed.plain("VERSION")),
    "time": Command("/time", gettext_noop("Ask for the server's time"), typed.plain("TIME")),
    "lusers": Command("/lusers", gettext_noop("Ask how many people are there"), typed.plain("LUSERS")),
    "oper": Command("/oper name password", gettext_noop("Become an operator of the server"), typed.plain("OPER", 2)),
    "raw": Command("/raw line", gettext_noop("Send a line as it stands"), typed.raw),
    "close": Command("/close", gettext_noop("Close this window"), typed.close),
    "connect": Command("/connect", gettext_noop("Connect again"), typed.connect),
    "quit": Command("/quit [words]", gettext_noop("Leave the network"), typed.leave),
}  # fmt: skip

ALIASES = {
    "j": "join", "leave": "part", "rejoin": "cycle", "hop": "cycle", "q": "query", "m": "msg", "t": "topic",
    "n": "names", "w": "whois", "quote": "raw", "disconnect": "quit", "wc": "close", "reconnect": "connect",
    "k": "kick", "kb": "kickban", "action": "me", "unaway": "back",
}  # fmt: skip


def secret(text: str) -> bool:
    """Whether the browser should forget these words (they carry a password), rather than keep them in its history."""
    words = text.lower().split()
    first = words[0] if words else ""
    to_service = len(words) > 1 and words[1].rstrip(",:").endswith("serv")
    if first in ("/raw", "/quote"):
        return len(words) > 1 and words[1] in ("pass", "oper", "authenticate")
    return first == "/oper" or (first in ("/msg", "/m", "/query", "/q", "/notice") and to_service)

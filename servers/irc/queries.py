"""Questions about the server and its people: WHO, WHOIS, MOTD, LUSERS, VERSION, HELP and the like."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from protocols.irc.commands import commands as known_commands
from protocols.irc.grammar import Message
from servers.irc import limits
from servers.irc.channel import CASEMAPPING, FLAGS, Channel, matches
from servers.irc.client import Command
from servers.irc.line import Out
from servers.irc.network import VERSION

if TYPE_CHECKING:
    from servers.irc.client import Client

MOST_WHO = 500
MOTD = (
    "This is the IRC server of your lab.",
    "",
    "What you say here is read by those in the channel; to one person: PRIVMSG nick :text",
    "JOIN #lab brings you to everybody; LIST shows the channels; HELP the commands.",
    "Your own user name is kept for you as a nick: sign in with PASS or SASL to have it.",
)


def support(client: Client) -> None:
    """005: what this server can do (modern.ircdocs.horse)."""
    tokens = [
        f"NETWORK={client.network.service.domain}", f"CASEMAPPING={CASEMAPPING}", "CHANTYPES=#&", "PREFIX=(ov)@+",
        f"CHANMODES=beI,k,l,{FLAGS}", f"CHANLIMIT=#&:{limits.CHANNELS_EACH}", f"MODES={limits.CHANGES}",
        f"MAXLIST=beI:{limits.MASKS}",
        "EXCEPTS=e", "INVEX=I", "STATUSMSG=@+", f"NICKLEN={limits.NICK_LENGTH}",
        f"CHANNELLEN={limits.CHANNEL_LENGTH}", f"TOPICLEN={limits.TOPIC_LENGTH}",
        f"KICKLEN={limits.REASON_LENGTH}", f"AWAYLEN={limits.AWAY_LENGTH}", f"USERLEN={limits.USER_LENGTH}",
        f"NAMELEN={limits.NAME_LENGTH}", f"KEYLEN={limits.KEY_LENGTH}",
        f"TARGMAX=PRIVMSG:{limits.TARGETS},NOTICE:{limits.TARGETS},TAGMSG:{limits.TARGETS},"
        f"JOIN:{limits.CHANNEL_TARGETS},KICK:{limits.KICKS},NAMES:{limits.CHANNEL_TARGETS},PART:,LIST:{limits.CHANNEL_TARGETS},WHOIS:1",
        "SAFELIST", "ELIST=MNU", f"CHATHISTORY={limits.HISTORY_AT_ONCE}", "MSGREFTYPES=msgid,timestamp",
    ]  # fmt: skip
    for at in range(0, len(tokens), 10):
        client.reply("005", *tokens[at : at + 10], "are supported by this server")


def motd(client: Client, message: Message) -> None:
    if not _ours(client, message.param(0)):
        return
    client.reply("375", f"- {client.network.source} message of the day -")
    for line in MOTD:
        client.reply("372", f"- {line}")
    client.reply("376", "End of MOTD")


def lusers(client: Client, message: Message) -> None:
    network = client.network
    people = [one for one in network.clients.values() if one.registered]
    hidden = sum("i" in one.modes for one in people)
    client.reply("251", f"There are {len(people) - hidden} users and {hidden} invisible on 1 server")
    client.reply("252", str(sum(one.operator for one in people)), "operators online")
    client.reply("253", str(len(network.connections) - len(people)), "connections not yet registered")
    client.reply("254", str(len(network.channels)), "channels formed")
    client.reply("255", f"I have {len(people)} clients and 0 servers")
    for numeric, words in (("265", "local"), ("266", "global")):
        told = f"Current {words} users {len(people)}, max {network.most}"
        client.reply(numeric, str(len(people)), str(network.most), told)


def version(client: Client, message: Message) -> None:
    if _ours(client, message.param(0)):
        client.reply("351", VERSION, client.network.source, client.network.about)
        support(client)


def time_(client: Client, message: Message) -> None:
    if _ours(client, message.param(0)):
        client.reply(
            "391", client.network.source, time.strftime("%A %B %d %Y -- %H:%M:%S +00:00", time.gmtime())
        )


def admin(client: Client, message: Message) -> None:
    if _ours(client, message.param(0)):
        client.reply("256", client.network.source, "Administrative info")
        client.reply("257", "The lab of your class")
        client.reply("258", "Its administrators are those of netlab")
        client.reply("259", f"postmaster@{client.network.service.domain}")


def info(client: Client, message: Message) -> None:
    if not _ours(client, message.param(0)):
        return
    started = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(client.network.started))
    for line in (
        f"{VERSION}: an IRC server to learn from",
        f"Started {started}",
        "RFC 1459, RFC 2812, IRCv3",
    ):
        client.reply("371", line)
    client.reply("374", "End of INFO")


def links(client: Client, message: Message) -> None:
    source = client.network.source
    client.reply("364", source, source, f"0 {client.network.about}")
    client.reply("365", message.param(-1) or "*", "End of LINKS")


def stats(client: Client, message: Message) -> None:
    letter = message.param(0)[:1] or "*"
    if letter == "u":
        seconds = int(time.time() - client.network.started)
        days, rest = divmod(seconds, 86_400)
        client.reply("242", f"Server Up {days} days {rest // 3600}:{rest // 60 % 60:02d}:{rest % 60:02d}")
    client.reply("219", letter, "End of STATS")


def help_(client: Client, message: Message) -> None:
    subject = message.param(0).upper()
    if not subject:
        rows = [f"{verb}: {_syntax(verb)}" for verb in sorted(_all())]
        subject = "*"
    elif subject in _all():
        entry = known_commands()[subject]
        rows = [_syntax(subject), entry.meaning["en"]]
    else:
        return client.reply("524", subject[:50], "No help on that; HELP alone lists the commands")
    client.reply("704", subject, f"{subject}: help" if subject != "*" else "The commands of this server")
    for row in rows:
        client.reply("705", subject, row)
    return client.reply("706", subject, "End of HELP")


def _all() -> list[str]:
    return [verb for verb in known_commands() if verb in ALL]


def _syntax(verb: str) -> str:
    return str(known_commands()[verb].facts["syntax"])


def _ours(client: Client, target: str) -> bool:
    """Whether a question is for this server, the only one there is; 402 where it is for another."""
    source = client.network.source
    if not target or matches(target, source) or client.network.client(target) is not None:
        return True
    client.reply("402", target[:60], "No such server: this is the only one")
    return False


def who(client: Client, message: Message) -> None:
    mask = message.param(0) or "*"
    operators_only = message.param(1) == "o"
    channel = client.network.channel(mask)
    if channel is not None and channel.seen_by(client):
        inside = client in channel.members
        for member in channel.members:
            if (inside or "i" not in member.modes) and (member.operator or not operators_only):
                _who(client, member, channel)
    elif not mask.startswith(("#", "&")):
        _who_by_mask(client, mask, operators_only)
    client.reply("315", mask[:100], "End of WHO list")


def _who_by_mask(client: Client, mask: str, operators_only: bool) -> None:
    everybody = mask in ("*", "0")
    shown = 0
    peers = client.network.peers(client) | {client}
    for other in list(client.network.clients.values()):
        if not other.registered or (operators_only and not other.operator):
            continue
        exact = client.network.key(mask) == client.network.key(other.nick)
        seen = "i" not in other.modes or other in peers or client.operator
        words = (other.nick, other.user, other.host, other.real, other.network.source)
        if exact or (seen and (everybody or any(matches(mask, word) for word in words))):
            _who(client, other, next((one for one in other.channels if one.seen_by(client)), None))
            shown += 1
        if shown >= MOST_WHO:
            return client.reply("416", "WHO", "Too many: narrow the mask")
    return None


def _who(client: Client, other: Client, channel: Channel | None) -> None:
    flags = ("G" if other.away else "H") + ("*" if other.operator else "")
    if channel:
        flags += channel.signs(other, all_of_them="multi-prefix" in client.capabilities)
    name = channel.name if channel else "*"
    client.reply(
        "352", name, other.user, other.host, client.network.source, other.nick, flags, f"0 {other.real}"
    )


def whois(client: Client, message: Message) -> None:
    if len(message.params) > 1 and not _ours(client, message.param(0)):
        return None
    nick = message.param(-1).split(",")[0]
    other = client.network.client(nick)
    if other is None or not other.registered:
        client.reply("401", nick[:60] or "*", "No such nick")
        return client.reply("318", nick[:60] or "*", "End of WHOIS")
    client.reply("311", other.nick, other.user, other.host, "*", other.real)
    _whois_channels(client, other)
    client.reply("312", other.nick, client.network.source, client.network.about)
    times = (str(int(time.time() - other.spoke)), str(int(other.signed_on)))
    for numeric, *words in _facts(client, other):
        client.reply(numeric, other.nick, *words)
    client.reply("317", other.nick, *times, "seconds idle, signon time")
    return client.reply("318", other.nick, "End of WHOIS")


def _facts(client: Client, other: Client) -> list[tuple[str, ...]]:
    facts: list[tuple[str, ...]] = []
    facts += [("313", "is an IRC operator")] if other.operator else []
    facts += [("330", other.account, "is logged in as")] if other.account else []
    facts += [("671", "is using a secure connection")] if other.secure else []
    facts += [("378", f"is connecting from *@{other.peer}")] if client is other or client.operator else []
    facts += [("301", other.away)] if other.away else []
    return facts


def _whois_channels(client: Client, other: Client) -> None:
    many = "multi-prefix" in client.capabilities
    seen = [one for one in other.channels if one.seen_by(client)]
    if "i" in other.modes and client is not other:
        seen = [one for one in seen if client in one.members]
    names = [channel.signs(other, all_of_them=many) + channel.name for channel in seen]
    for at in range(0, len(names), 6):
        client.reply("319", other.nick, " ".join(names[at : at + 6]))


def whowas(client: Client, message: Message) -> None:
    nick = message.param(0)
    count = int(message.param(1)) if message.param(1).isdigit() and len(message.param(1)) < 6 else 0
    found = [
        gone for gone in client.network.gone if client.network.key(gone.nick) == client.network.key(nick)
    ]
    for gone in found[: count or None]:
        client.reply("314", gone.nick, gone.user, gone.host, "*", gone.real)
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(gone.at))
        client.reply("312", gone.nick, client.network.source, when)
    if not found:
        client.reply("406", nick[:60], "There was no such nickname")
    client.reply("369", nick[:60], "End of WHOWAS")


def userhost(client: Client, message: Message) -> None:
    words = []
    for nick in message.params[:5]:
        other = client.network.client(nick)
        if other is not None and other.registered:
            sign = "-" if other.away else "+"
            words.append(f"{other.nick}{'*' if other.operator else ''}={sign}{other.user}@{other.host}")
    client.reply("302", " ".join(words))


def ison(client: Client, message: Message) -> None:
    nicks = " ".join(message.params).split()
    found = [other.nick for nick in nicks[:50] if (other := client.network.client(nick)) and other.registered]
    client.reply("303", " ".join(found))


def away(client: Client, message: Message) -> None:
    client.away = message.param(0)[: limits.AWAY_LENGTH]
    client.reply(
        "306" if client.away else "305", "You are marked as away" if client.away else "You are no longer away"
    )
    words = [client.away] if client.away else []
    out = Out(client.source, "AWAY", *words, account=client.account)
    client.network.tell(client.network.peers(client, "away-notify"), out)


def nobody(numeric: str, *words: str):
    """A command that this server has no answer for, but the RFC a numeric."""
    return lambda client, message: client.reply(numeric, *words)


COMMANDS = {
    "MOTD": Command(motd),
    "LUSERS": Command(lusers),
    "VERSION": Command(version),
    "TIME": Command(time_),
    "ADMIN": Command(admin),
    "INFO": Command(info),
    "LINKS": Command(links),
    "STATS": Command(stats),
    "HELP": Command(help_, early=True),
    "WHO": Command(who),
    "WHOIS": Command(whois, 1),
    "WHOWAS": Command(whowas, 1),
    "USERHOST": Command(userhost, 1),
    "ISON": Command(ison, 1),
    "AWAY": Command(away),
    "SUMMON": Command(nobody("445", "SUMMON has been disabled")),
    "USERS": Command(nobody("446", "USERS has been disabled")),
    "SERVLIST": Command(nobody("235", "*", "*", "End of service listing")),
    "SQUERY": Command(
        lambda client, message: client.reply("408", message.param(0)[:60] or "*", "No such service")
    ),
    "TRACE": Command(nobody("262", "*", "End of TRACE: this is the only server")),
}
ALL: set[str] = set()
"""Every command of the server, filled by ``server``."""

"""Coming in and going: CAP, PASS, NICK, USER, AUTHENTICATE, PING, QUIT, SETNAME, OPER, and the welcome.

A nick that is a lab person's user name belongs to that person. It can be taken after signing in: by
``PASS user:password`` or ``PASS password`` before NICK and USER, or by SASL. Who signs in with neither is welcome
under any other nick.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from protocols.irc.grammar import MAX_BYTES, Message, is_nick
from servers import auth
from servers.irc import queries
from servers.irc.client import Command
from servers.irc.limits import NAME_LENGTH, NICK_LENGTH, USER_LENGTH
from servers.irc.line import Out
from servers.irc.network import VERSION

if TYPE_CHECKING:
    from servers.irc.client import Client

CAPABILITIES = {
    "account-notify": "", "account-tag": "", "away-notify": "", "batch": "", "cap-notify": "", "chghost": "",
    "draft/chathistory": "", "echo-message": "", "extended-join": "", "invite-notify": "", "labeled-response": "",
    "message-tags": "", "multi-prefix": "", "sasl": "PLAIN", "server-time": "", "setname": "",
    "standard-replies": "", "userhost-in-names": "",
}  # fmt: skip
PIECE = 400
MOST_SASL = 4096
HOW = "sign in for it (PASS user:password before NICK and USER, or SASL), or choose another nick"


def cap(client: Client, message: Message) -> None:
    sub = message.param(0).upper()
    if sub == "LS":
        version = message.param(1)
        if version.isdigit() and len(version) < 6:
            client.cap_version = max(client.cap_version, int(version))
        client.negotiating = client.negotiating or not client.registered
        if client.cap_version >= 302:
            client.set_capabilities(client.capabilities | {"cap-notify"})
        _list(client, "LS", [_offer(client, name) for name in CAPABILITIES])
    elif sub == "LIST":
        _list(client, "LIST", sorted(client.capabilities))
    elif sub == "REQ":
        _request(client, message.param(1))
    elif sub == "END":
        return _end(client)
    else:
        client.reply("410", message.param(0)[:50], "CAP knows LS, LIST, REQ and END")
    return None


def _offer(client: Client, name: str) -> str:
    value = CAPABILITIES[name]
    return f"{name}={value}" if value and client.cap_version >= 302 else name


def _list(client: Client, sub: str, words: list[str]) -> None:
    """A list in as many lines as it needs; all but the last have a star (from CAP 302 on)."""
    rows, row = [], ""
    for word in words:
        if len(row) + len(word) > MAX_BYTES - 120:
            rows.append(row)
            row = ""
        row += f"{word} "
    for part in rows:
        client.tell("CAP", client.nick, sub, *(["*"] if client.cap_version >= 302 else []), part.strip())
    client.send(Out(client.network.source, "CAP", client.nick, sub, row.strip()))


def _request(client: Client, words: str) -> None:
    client.negotiating = client.negotiating or not client.registered
    wanted = words.split()
    names = {word.lstrip("-") for word in wanted}
    off = {word[1:] for word in wanted if word.startswith("-")}
    good = names <= CAPABILITIES.keys() and not (client.cap_version >= 302 and "cap-notify" in off)
    if good:
        changed = set(client.capabilities)
        for word in wanted:
            changed.discard(word[1:]) if word.startswith("-") else changed.add(word)
        client.set_capabilities(changed)
    client.tell("CAP", client.nick, "ACK" if good else "NAK", words.strip())


def _end(client: Client):
    if client.registered:
        return None
    client.negotiating = False
    return complete(client)


def pass_(client: Client, message: Message) -> None:
    if client.registered:
        return client.reply("462", "You are registered already; PASS comes before NICK and USER")
    # irssi sends a password with spaces without the colon that would keep it in one piece.
    client.password = " ".join(message.params)
    return None


def nick(client: Client, message: Message):
    wanted = message.param(0)
    if not is_nick(wanted, NICK_LENGTH):
        words = f"A nick has letters, digits and []\\`_^{{|}}-, no digit or - first, {NICK_LENGTH} at most"
        return client.reply("432", wanted.split(" ")[0][:50] or "*", words)
    return _take_nick(client, wanted)


async def _take_nick(client: Client, wanted: str) -> None:
    network = client.network
    holder = network.client(wanted)
    if client.registered and wanted == client.nick:
        return None
    if holder is not None and holder is not client and not await _gives_way(client, holder, wanted):
        mine = holder.account and holder.account == client.account
        words = "that is another connection of yours" if mine else "choose another"
        return client.reply("433", wanted, f"Nickname is already in use: {words}")
    if not client.registered:
        network.rename(client, wanted)
        return await complete(client)
    if not await may_have(client, wanted):
        return None
    if network.client(wanted) not in (None, client):  # somebody was faster while the logins were looked at
        return client.reply("433", wanted, "Nickname is already in use: choose another")
    out = Out(client.source, "NICK", wanted, account=client.account)
    network.remember(client)
    peers = network.peers(client)
    network.rename(client, wanted)
    network.tell([client, *peers], out)
    return None


async def _gives_way(client: Client, holder: Client, wanted: str) -> bool:
    """Whoever sits on another person's nick without being that person is renamed when the person comes."""
    owner = await client.network.owner(wanted)
    if not owner or client.account != owner or holder.account == owner:
        return False
    guest = next(name for n in range(1, 100_000) if client.network.client(name := f"guest{n}") is None)
    out = Out(holder.source, "NICK", guest)
    peers = client.network.peers(holder)
    holder.notice(f"{wanted} belongs to a person of the lab who has just come: you are {guest} now")
    client.network.rename(holder, guest)
    client.network.tell([holder, *peers], out)
    return True


async def may_have(client: Client, wanted: str) -> bool:
    """Whether the nick is nobody's or the client's own; else 433 with how to sign in."""
    owner = await client.network.owner(wanted)
    if not owner or owner == client.account:
        return True
    client.reply("433", wanted, f"This nick belongs to {owner}, a person of the lab: {HOW}")
    return False


def user(client: Client, message: Message):
    if client.registered or client.user:
        return client.reply("462", "You are registered already")
    name = re.sub(r"[^A-Za-z0-9._-]", "", message.param(0))[: USER_LENGTH - 1]
    # A name of other signs alone (USER 😊 0 * :Hoa) keeps nobody out: it only stands in nick!user@host.
    client.user = f"~{name or 'user'}"
    client.real = message.param(3)[:NAME_LENGTH]
    return complete(client)


async def complete(client: Client) -> None:
    """Registration ends once NICK and USER are there, CAP is over, and the nick is the client's to have."""
    if client.registered or client.negotiating or client.nick == "*" or not client.user or client.completing:
        return
    client.completing = True
    try:
        if client.password and not client.account and not await _password(client):
            client.reply("464", "Password incorrect: PASS user:password, or PASS password with your own nick")
            client.end("Bad password")
            return
        if not await may_have(client, client.nick):
            del client.network.clients[client.network.key(client.nick)]
            client.nick = "*"
            return
    finally:
        client.completing = False
    if not client.done:
        _welcome(client)


async def _password(client: Client) -> bool:
    """``user:password``, or a password of the nick's or the user name's owner."""
    name, colon, rest = client.password.partition(":")
    tries = [(name, rest)] if colon and rest else []
    owner = await client.network.owner(client.nick) or await client.network.owner(client.user.lstrip("~"))
    tries += [(owner, client.password)] if owner else []
    check = client.network.service.authenticator.check
    for whom, password in tries or [(client.nick, client.password)]:
        person = await check("irc", whom, password, client.peer)
        if person is not None:
            client.password = ""
            client.enter_person(person)
            return True
    return False


def _welcome(client: Client) -> None:
    network = client.network
    network.welcome(client)
    client.signed_on = client.spoke = time.time()
    if client.account:
        client.host, client.user = _host(client), client.user.lstrip("~")
        client.modes.add("r")
        client.reply("900", client.source, client.account, f"You are now logged in as {client.account}")
    client.reply("001", f"Welcome to the lab's IRC network, {client.source}")
    client.reply("002", f"Your host is {network.source}, running {VERSION}")
    client.reply(
        "003",
        f"This server was started {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(network.started))} UTC",
    )
    client.reply("004", network.source, VERSION, "iorw", "beIiklmnopstv", "beIklov")
    queries.support(client)
    queries.lusers(client, Message("LUSERS"))
    queries.motd(client, Message("MOTD"))
    if client.modes:
        client.tell("MODE", client.nick, f"+{''.join(sorted(client.modes))}", source=client.source)


def _host(client: Client) -> str:
    """Who signed in is shown by account, so that a ban means one person and not a whole machine."""
    return f"{re.sub(r'[^A-Za-z0-9.-]', '-', client.account)}.{client.network.service.domain}"


def authenticate(client: Client, message: Message):
    """SASL PLAIN in pieces of 400 bytes (IRCv3 SASL 3.2)."""
    word = message.param(0)
    if client.account:
        return client.reply("907", "You have already signed in")
    if "sasl" not in client.capabilities:
        return client.reply("904", "First CAP REQ :sasl")
    if word == "*":
        client.sasl = client.sasl_pieces = ""
        return client.reply("906", "SASL authentication aborted")
    if not client.sasl:
        if word.upper() not in CAPABILITIES["sasl"].split(","):
            client.reply("908", CAPABILITIES["sasl"], "are available SASL mechanisms")
            return client.reply("904", "SASL authentication failed: unknown mechanism")
        client.sasl, client.sasl_pieces = word.upper(), ""
        return client.tell("AUTHENTICATE", "+", source="")
    if len(word) > PIECE or len(client.sasl_pieces) > MOST_SASL:
        client.sasl = client.sasl_pieces = ""
        return client.reply("905", f"SASL message too long: {PIECE} bytes in a line, {MOST_SASL} in all")
    client.sasl_pieces += "" if word == "+" else word
    return None if len(word) == PIECE else _sign_in(client)


async def _sign_in(client: Client) -> None:
    mechanism, said = client.sasl, client.sasl_pieces
    client.sasl = client.sasl_pieces = ""

    async def no_more(challenge: bytes) -> bytes:
        return b"*"

    try:
        person = await auth.converse(
            client.network.service, "irc", mechanism, said or "=", no_more, client.peer
        )
    except auth.Malformed as error:
        return client.reply("904", f"SASL authentication failed: {error}")
    if person is None:
        return client.reply("904", "SASL authentication failed: no such user name and password in the lab")
    client.enter_person(person)
    client.reply("900", client.source, client.account, f"You are now logged in as {client.account}")
    client.reply("903", "SASL authentication successful")
    if client.registered:
        _changed(client)
    return None


def _changed(client: Client) -> None:
    """Somebody signed in while connected: tell those who asked to be told."""
    network = client.network
    out = Out(client.source, "ACCOUNT", client.account)
    network.tell([*network.peers(client, "account-notify"), *_self(client, "account-notify")], out)
    before = client.source
    client.host, client.user = _host(client), client.user.lstrip("~")
    out = Out(before, "CHGHOST", client.user, client.host, account=client.account)
    network.tell([*network.peers(client, "chghost"), *_self(client, "chghost")], out)
    client.modes.add("r")
    client.tell("MODE", client.nick, "+r", source=client.source)


def _self(client: Client, capability: str) -> list[Client]:
    return [client] if capability in client.capabilities else []


def ping(client: Client, message: Message) -> None:
    client.tell("PONG", client.network.source, message.param(0))


def pong(client: Client, message: Message) -> None:
    """Whatever is said shows that somebody is there."""


def quit_(client: Client, message: Message) -> None:
    client.end(f"Quit: {message.param(0)[:300]}" if message.param(0) else "Quit")


def setname(client: Client, message: Message) -> None:
    name = message.param(0)
    if len(name) > NAME_LENGTH:
        return client.fail("SETNAME", "INVALID_REALNAME", f"A real name has {NAME_LENGTH} characters at most")
    client.real = name
    out = Out(client.source, "SETNAME", name, account=client.account)
    return client.network.tell([*client.network.peers(client, "setname"), *_self(client, "setname")], out)


async def oper(client: Client, message: Message) -> None:
    """Administrators of the lab are its operators; they say their lab password once more."""
    name, password = message.param(0), message.param(1)
    person = await client.network.service.authenticator.check("irc", name, password, client.peer)
    if person is None:
        return client.reply("464", "Password incorrect")
    if not await client.network.is_admin(person):
        return client.reply("491", "Only the lab's administrators may become operators")
    client.modes.add("o")
    client.reply("381", "You are now an IRC operator")
    return client.tell("MODE", client.nick, "+o", source=client.source)


COMMANDS = {
    "CAP": Command(cap, 1, early=True),
    "PASS": Command(pass_, 1, early=True),
    "NICK": Command(nick, 1, early=True),
    "USER": Command(user, 4, early=True),
    "AUTHENTICATE": Command(authenticate, 1, early=True),
    "PING": Command(ping, 1, early=True),
    "PONG": Command(pong, early=True),
    "QUIT": Command(quit_, early=True),
    "SETNAME": Command(setname, 1),
    "OPER": Command(oper, 2),
}

"""Commands of every state, and those before signing in.

CAPABILITY, ID, STARTTLS, AUTHENTICATE, LOGIN, LOGOUT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from servers import auth
from servers.imap.request import Request
from servers.imap.words import EVERY_STATE, SIGNED_IN, Bad, Command, No

if TYPE_CHECKING:
    from servers.imap.server import Conversation

ALWAYS = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT SPECIAL-USE"
REFUSED = "wrong user name or lab password (the home page shows yours)"


def capabilities(session: Conversation) -> bytes:
    """What the server offers to this client now."""
    words = ALWAYS.split()
    if session.person is None:
        words += [] if session.secure else ["STARTTLS"]
        words += [f"AUTH={mechanism}" for mechanism in auth.MECHANISMS]
    return " ".join(words).encode()


async def capability(session: Conversation, request: Request) -> str:
    await session.say(b"* CAPABILITY " + capabilities(session))
    return "that is what this server can do"


async def noop(session: Conversation, request: Request) -> str:
    return "NOOP done"


async def logout(session: Conversation, request: Request) -> str:
    session.view = None
    await session.say(b"* BYE see you")
    return "LOGOUT done"


async def identify(session: Conversation, request: Request) -> str:
    """ID (RFC 2971): who the client is, and who we are."""
    request.space('NIL or a list like ("name" "telnet")')
    if request.skip(b"("):
        count = 0
        while not request.peek(b")"):
            if count:
                request.space("a string or NIL")
            _ = request.nstring() if count % 2 else request.string("a field's name")
            count += 1
            if count > 60:
                raise Bad("ID takes 30 pairs at most")
        request.expect(b")", "after the list")
        if count % 2:
            raise Bad("ID takes pairs of name and value")
    elif request.nstring() is not None:
        raise Bad('expected NIL or a list like ("name" "telnet")')
    request.end()
    await session.say(b'* ID ("name" "netlab" "vendor" "netlab")')
    return "ID done"


async def enable(session: Conversation, request: Request) -> str:
    """ENABLE (RFC 5161): nothing here needs to be switched on yet."""
    request.space("a capability")
    request.atom("a capability")
    while request.skip(b" "):
        request.atom("a capability")
    request.end()
    await session.say(b"* ENABLED")
    return "ENABLE done"


async def starttls(session: Conversation, request: Request) -> str:
    """Answer OK, then TLS; what came in clear text behind STARTTLS is thrown away (RFC 3501, 6.2.1)."""
    if session.secure:
        raise Bad("TLS is on already")
    await session.say(request.tag.encode() + b" OK begin TLS now")
    session.reader._buffer.clear()
    await session.writer.start_tls(session.service.context, ssl_handshake_timeout=30.0)
    session.secure = True
    return ""


async def login(session: Conversation, request: Request) -> str:
    request.space("a user name and a password")
    user = request.astring("a user name").decode("utf-8", "surrogateescape")
    request.space("a password after the user name")
    password = request.astring("a password").decode("utf-8", "surrogateescape")
    request.end()
    person = await session.service.authenticator.check("imap", user, password, session.peer)
    return _entered(session, person)


async def authenticate(session: Conversation, request: Request) -> str:
    request.space(f"a mechanism: {', '.join(auth.MECHANISMS)}")
    mechanism = request.atom("a mechanism").upper()
    initial = None
    if request.skip(b" "):
        initial = request.astring("an initial response in base64").decode("latin-1")
    request.end()
    if mechanism not in auth.MECHANISMS:
        raise No(f"{mechanism} is not offered; {', '.join(auth.MECHANISMS)} are", "CANNOT")

    async def challenge(words: bytes) -> bytes:
        await session.say(b"+ " + words)
        return await session.line()

    try:
        person = await auth.converse(session.service, "imap", mechanism, initial, challenge, session.peer)
    except auth.Malformed as error:
        raise Bad(str(error)) from None
    return _entered(session, person)


def _entered(session: Conversation, person: auth.Person | None) -> str:
    if person is None:
        raise No(REFUSED, "AUTHENTICATIONFAILED")
    session.enter(person)
    return f"[CAPABILITY {capabilities(session).decode()}] you are signed in"


COMMANDS = {
    "CAPABILITY": Command(capability, EVERY_STATE, arguments=False),
    "NOOP": Command(noop, EVERY_STATE, arguments=False),
    "LOGOUT": Command(logout, EVERY_STATE, arguments=False),
    "ID": Command(identify, EVERY_STATE),
    "STARTTLS": Command(starttls, ("not signed in",), arguments=False),
    "AUTHENTICATE": Command(authenticate, ("not signed in",)),
    "LOGIN": Command(login, ("not signed in",)),
    "ENABLE": Command(enable, SIGNED_IN),
}

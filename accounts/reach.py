"""The one door to addresses: nothing is connected to but what a row of ``Server`` names."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from django.conf import settings

from accounts.models import Login, Server
from protocols import tap
from protocols.errors import Unreachable, WireError
from protocols.login import Address, Credentials

PORTS = {
    "smtp": (25, 587, 465),
    "pop3": (110, 995),
    "imap": (143, 993),
    "ftp": (21, 990),
    "irc": (6667, 194, 6697),
    "http": (80, 443),
}
"""The ports that the world knows a protocol by; the lab's servers, which may not bind these, answer to them."""


def resolve(host: str) -> str:
    """Return the IP address of ``host``, asked when an admin saves a server; Unreachable if it is unknown."""
    return tap.resolve(host)


def find(host: str, protocol: str = "", port: int = 0) -> Server:
    """Return the server in use that people know as ``host``: its host, one of its other names, or the lab's domain.

    ``protocol`` "" takes any (``telnet://``), where the port tells which; ``port`` 0 takes any. A server answers to
    its own ports and to the well-known ones of its protocol (an address without a port names those). Names are
    compared as they are written, never resolved: ``0x7f.1`` is no other spelling of anything listed here.
    Unreachable, cause ``not-listed``, where there is none.
    """
    name = host.strip().lower().strip("[]").removesuffix(".")
    rows = Server.objects.filter(enabled=True, **({"protocol": protocol} if protocol else {}))
    named = [row for row in rows.order_by("-lab", "pk") if name and name in names(row)]
    exact = [row for row in named if port in (row.port, row.tls_port)]
    known = [row for row in named if not port or port in PORTS.get(row.protocol, ())]
    for row in [*exact, *known]:
        return row
    where = f"{host}:{port}" if port else host
    raise Unreachable(f"{where[:260]} is no server here", cause="not-listed", host=where[:260])


def names(server: Server) -> set[str]:
    """Return every name of ``server``, in small letters."""
    own = [settings.DOMAIN, settings.PUBLIC_HOST] if server.lab else []
    return {
        str(name).lower().strip("[]").removesuffix(".")
        for name in (server.host, *server.aliases, *own)
        if name
    }


def address(server: Server, security: str = "") -> Address:
    """Return where to connect to ``server``; Unreachable where it is disabled or was never resolved.

    ``security`` other than the row's own is what a person chose: the console starts plain.
    """
    chosen = Server.Security(security or server.security)
    if not server.enabled or not server.address:
        raise Unreachable(f"{server.host} is not in use", cause="not-in-use", host=server.host)
    return Address(
        protocol=server.protocol,
        host=server.host,
        ip=server.address,
        port=(server.tls_port if chosen == Server.Security.TLS else None) or server.port,
        security=chosen.value,
        ca=server.ca,
        pin=server.pin.replace(":", "").lower(),
    )


def credentials(login: Login) -> Credentials:
    """Return what to sign in with; Unreachable where the person is disabled, WireError where the key is another."""
    if not login.person.is_active:
        raise Unreachable(f"{login.person.username} is disabled", cause="not-in-use", host=login.server.host)
    try:
        return Credentials(user=login.user_name, secret=login.secret)
    except InvalidToken as error:
        raise WireError("the login's password is sealed with another key", cause="sealed") from error

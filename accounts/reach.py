"""The one door to addresses: nothing is connected to but what a row of ``Server`` names."""

from __future__ import annotations

from accounts.models import Login, Server
from protocols import tap
from protocols.errors import Unreachable
from protocols.login import Address, Credentials


def resolve(host: str) -> str:
    """Return the IP address of ``host``, asked when an admin saves a server; Unreachable if it is unknown."""
    return tap.resolve(host)


def address(server: Server) -> Address:
    """Return where to connect to ``server``; Unreachable where it is disabled or was never resolved."""
    if not server.enabled or not server.address:
        raise Unreachable(f"{server.host} is not in use", cause="not-in-use", host=server.host)
    return Address(
        protocol=server.protocol,
        host=server.host,
        ip=server.address,
        port=(server.tls_port if server.security == Server.Security.TLS else None) or server.port,
        security=server.security,
        ca=server.ca,
        pin=server.pin.replace(":", "").lower(),
    )


def credentials(login: Login) -> Credentials:
    """Return what to sign in with; Unreachable where the person is disabled."""
    if not login.person.is_active:
        raise Unreachable(f"{login.person.username} is disabled", cause="not-in-use", host=login.server.host)
    return Credentials(user=login.user_name, secret=login.secret)

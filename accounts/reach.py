"""The one door to addresses: nothing is connected to but what a row of ``Server`` names."""

from __future__ import annotations

from accounts.models import Server
from protocols.errors import Unreachable
from protocols.login import Address


def address(server: Server) -> Address:
    """Return where ``server`` is to be connected to; Unreachable where it is disabled or was never resolved."""
    if not server.enabled or not server.address:
        raise Unreachable(f"{server.host} is not in use", cause="not-in-use", host=server.host)
    return Address(
        protocol=server.protocol,
        host=server.host,
        ip=server.address,
        port=server.port,
        security=server.security,
        ca=server.ca,
        pin=server.pin.replace(":", "").lower(),
    )

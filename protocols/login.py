"""Where a server is and who we are there. Secrets cannot be printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Security = Literal["plain", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class Address:
    """A server as ``accounts.reach`` hands it out: ``ip`` is connected to, ``host`` is only said (SNI, EHLO).

    ``ca`` is PEM text of a certificate authority that signs this server's certificate, ``pin`` the SHA-256
    of its certificate in hex; both empty means the system's store. ``port`` is 1-65535.
    """

    protocol: str
    host: str
    ip: str
    port: int
    security: Security = "starttls"
    ca: str = ""
    pin: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and its secret; the secret does not show in repr, str or a log."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a session. Times in seconds, sizes in bytes."""

    connect: float = 10.0
    idle: float = 30.0
    total: float = 300.0
    line: int = 64 * 1024
    reply: int = 8 * 1024 * 1024
    literal: int = 64 * 1024 * 1024

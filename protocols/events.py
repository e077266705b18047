"""What a tapped connection reports, in order, to its Sink. Values only; the sink must not block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.line import Speaker


@dataclass(frozen=True, slots=True)
class Opened:
    """TCP is up. ``local`` and ``remote`` are ``ip:port``."""

    at: float
    host: str
    local: str
    remote: str


@dataclass(frozen=True, slots=True)
class Crossed:
    """Bytes crossed the wire (inside TLS: their plain text)."""

    at: float
    speaker: Speaker
    raw: bytes


@dataclass(frozen=True, slots=True)
class Foretold:
    """Nothing crossed yet: what the client says next holds secrets in the fields of these names (a form's)."""

    at: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Secured:
    """TLS is up from here on."""

    at: float
    version: str
    cipher: str
    subject: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection ended. ``by`` is C, S or ``-`` (an error, told in ``error``)."""

    at: float
    by: Speaker = "C"
    error: str = ""


@dataclass(frozen=True, slots=True)
class DataOpened:
    """FTP's data connection ``number`` (from 1) is up. ``by`` connected: C in passive mode, S in active mode."""

    at: float
    number: int
    by: Speaker
    local: str
    remote: str


@dataclass(frozen=True, slots=True)
class DataSecured:
    """TLS is up on a data connection; ``resumed`` says that it takes up the control connection's session."""

    at: float
    number: int
    version: str
    cipher: str
    resumed: bool


@dataclass(frozen=True, slots=True)
class DataClosed:
    """A data connection ended. Its bytes were counted; ``sample`` is how they began, spoken by ``speaker``."""

    at: float
    number: int
    by: Speaker
    size: int
    speaker: Speaker = "S"
    sample: bytes = b""
    error: str = ""


Event = Opened | Crossed | Foretold | Secured | Closed | DataOpened | DataSecured | DataClosed
Sink = Callable[[Event], None]


def nowhere(event: Event) -> None:
    """A sink for what nobody records (a probe of a part's health)."""

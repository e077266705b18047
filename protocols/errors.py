"""The few ways a session with a server fails. Each knows whether a retry helps and what to advise.

``key`` names the sentence in the phrase tables, made exact by ``params["cause"]`` (``catalog.phrase(error.key,
error.params, language)`` says what it means and what to do); ``str(error)`` is plain English for logs.
None of them ever carries a secret, or what no database takes (``storable``).
"""

from __future__ import annotations

from protocols.storable import storable


class WireError(Exception):
    """Anything that went wrong between us and a server."""

    key = "error.wire"
    retry = False

    def __init__(self, text: str = "", **params: str | int) -> None:
        self.text = storable(text)
        super().__init__(self.text)
        self.params = storable(params)
        if "cause" in params:
            self.key = f"{type(self).key}.{params['cause']}"


class Unreachable(WireError):
    """No connection: unknown host, refused port, timeout, or the line was lost. ``cause`` says which."""

    key = "error.unreachable"
    retry = True


class TlsFailed(WireError):
    """TLS did not come about: certificate expired, unknown, for another name, pin differs; or not offered."""

    key = "error.tls"


class Refused(WireError):
    """The server answered, and the answer was no. ``code`` is its reply code, or NO, BAD, -ERR.

    ``answers`` has, where several recipients were named, each one's own code and text.
    """

    key = "error.refused"

    def __init__(self, code: str, text: str, **params: str | int) -> None:
        super().__init__(text, code=code, **params)
        self.code = storable(code)
        self.answers: dict[str, tuple[str, str]] = {}
        self.retry = code.startswith("4")


class Garbled(WireError):
    """What came is not this protocol, or a value of ours may not be said in it (CR, LF, NUL)."""

    key = "error.garbled"


class TooMuch(WireError):
    """A bound was passed: time, bytes of a reply, a line's length, a literal's size."""

    key = "error.too-much"

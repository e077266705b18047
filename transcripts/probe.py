"""Does a server answer? Connect as the rooms do, up to and without signing in, recorded like everything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts import reach
from accounts.models import ConnectionTest
from protocols import tap
from protocols.errors import Garbled, Refused, WireError
from protocols.events import Crossed, Event, Secured, Sink
from protocols.ftp import client as ftp
from protocols.http import client as http
from protocols.imap import client as imap
from protocols.login import Address, Limits
from protocols.pop3 import client as pop3
from protocols.smtp import client as smtp
from transcripts.recorder import open_recording

LIMITS = Limits(connect=8, idle=8, total=20, reply=64 * 1024)
MOST_LINES = 12
_IRC = re.compile(rb"(@\S+ +)?(:\S|(NOTICE|PING|PONG|ERROR)\b)")
"""How a line of an IRC server begins (RFC 2812 2.3.1): with its name, or with what it says before it knows us."""


class Hearing:
    """Hands events on to ``sink`` and keeps what the admin is told of them."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._raw = sink, bytearray()
        self.tls: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Crossed) and event.speaker == "S" and len(self._raw) < 4096:
            self._raw += event.raw
        if isinstance(event, Secured):
            self.tls = {
                "version": event.version, "cipher": event.cipher, "subject": event.subject, "issuer": event.issuer,
            }  # fmt: skip
        self._sink(event)

    @property
    def said(self) -> list[str]:
        """The server's first lines, as text."""
        lines = bytes(self._raw).decode("utf-8", "backslashreplace").splitlines()
        return ["".join(sign for sign in line if sign.isprintable())[:300] for line in lines[:MOST_LINES]]


def run(test: ConnectionTest) -> None:
    """Connect to the test's server and write down what came of it."""
    recording = open_recording(owner=test.by, server=test.server)
    hear = Hearing(recording.sink)
    try:
        with recording.transcript(gettext_noop("Test the connection"), subject=test.server.name) as action:
            test.transcript = action.id
            _SPEAK[test.server.protocol](reach.address(test.server), hear)
        test.outcome = "done"
    except WireError as error:
        test.outcome = "later" if error.retry else "refused"
        words = f"{error.code} {error.text}" if isinstance(error, Refused) else str(error)
        test.trouble = {"key": error.key, "params": error.params, "words": words}
    finally:
        recording.close()
    test.said, test.tls, test.ended = hear.said, hear.tls, timezone.now()
    test.save()


def _mail(client: Any) -> Callable[[Address, Sink], None]:
    def speak(address: Address, sink: Sink) -> None:
        client.connect(address, sink, LIMITS).quit()

    return speak


def _imap(address: Address, sink: Sink) -> None:
    session = imap.connect(address, sink, LIMITS)
    with suppress(WireError):
        session.logout()
    session.close()


def _http(address: Address, sink: Sink) -> None:
    """Any answer will do; HEAD asks for no page."""
    with http.connect(address, sink, LIMITS) as session:
        session.ask(http.Request("HEAD", "/", (("Host", address.host), ("Connection", "close"))))


def _irc(address: Address, sink: Sink) -> None:
    """A client has the first word there (RFC 2812, 3.1); an IRC server answers even a stranger's PING."""
    sock = tap.connect(address, sink, LIMITS)
    try:
        sock.sendall(b"PING :netlab\r\nQUIT\r\n")
        if not _IRC.match(sock.recv(4096)):
            raise Garbled("no IRC", cause="no-irc")
    finally:
        sock.close()


_SPEAK = {
    "smtp": _mail(smtp), "pop3": _mail(pop3), "ftp": _mail(ftp), "imap": _imap, "http": _http, "irc": _irc,
}  # fmt: skip

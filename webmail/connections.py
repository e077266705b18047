"""Live IMAP connections of this process, by login: taken for one action, given back, closed when idle.

A connection that stood idle may have been cut without a word: it is tried with NOOP before use. At most
PER_LOGIN are kept for a login and TOTAL in all.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from accounts import reach
from accounts.models import Login
from protocols.errors import WireError
from protocols.imap import client as imap
from protocols.login import Limits
from webmail.recording import record

log = logging.getLogger(__name__)
PER_LOGIN, TOTAL = 2, 64
IDLE, FRESH = 240.0, 15.0  # seconds; RFC 9051, 5.4 lets a server close after 30 minutes
LIMITS = Limits(total=6 * 3600, line=1024 * 1024, reply=48 * 1024 * 1024)


@dataclass
class Live:
    """An open connection and the recording of what it says."""

    session: imap.Session
    recording: object
    used: float = field(default_factory=time.monotonic)

    def close(self) -> None:
        with suppress(WireError, OSError):
            self.session.close()
        self.recording.close()


_lock = threading.Lock()
_idle: dict[int, list[Live]] = {}


@contextmanager
def borrowed(login: Login, cause: str, *, tab: str = "", **said: Any) -> Iterator:
    """Yield ``(session, action)`` for one action of ``login``, recorded as one transcript.

    ``said`` is what ``Recording.transcript`` takes besides: subject, quiet, aside.

    Whatever goes wrong in the block is a WireError to whoever borrows; it closes the connection.
    """
    close_idle()
    live = _take(login)
    recording = live.recording if live else record(login)
    kept = False
    try:
        with recording.transcript(cause, tab=tab, **said) as action:
            live = live or Live(_opened(login, recording), recording)
            yield live.session, action
        kept = True
    except (WireError, GeneratorExit):
        raise
    except Exception as error:
        # What nobody thought of is told as well: a page that waits must hear of an end.
        log.exception("%s of login %s", cause, login.pk)
        raise WireError("the lab itself stumbled", cause="lab") from error
    finally:
        _give_back(login.pk, live, recording, kept)


def close_idle(everything: bool = False) -> None:
    """Close what nobody used for IDLE seconds (all, at a worker's end)."""
    before = time.monotonic() - (0 if everything else IDLE)
    with _lock:
        old = [live for row in _idle.values() for live in row if live.used <= before]
        for number, row in _idle.items():
            _idle[number] = [live for live in row if live not in old]
    for live in old:
        with suppress(WireError, OSError):
            live.session.logout()
        live.close()


def close_login(login_id: int) -> None:
    """Close the idle connections of a login: its person was disabled, or its password changed."""
    with _lock:
        old = _idle.pop(login_id, [])
    for live in old:
        live.close()


def _opened(login: Login, recording: object) -> imap.Session:
    session = imap.connect(reach.address(login.server), recording.sink, LIMITS)
    try:
        session.login(reach.credentials(login))
    except BaseException:
        session.close()
        raise
    return session


def _take(login: Login) -> Live | None:
    reach.credentials(login)  # a disabled person's connection is not used again
    while True:
        with _lock:
            row = _idle.get(login.pk) or []
            live = row.pop() if row else None
        if live is None or time.monotonic() - live.used < FRESH:
            return live
        try:
            with live.recording.transcript("Is the connection alive", quiet=True):
                live.session.noop()
            return live
        except WireError:
            live.close()


def _give_back(login_id: int, live: Live | None, recording: object, kept: bool) -> None:
    if live is None:
        recording.close()
        return
    live.used = time.monotonic()
    with _lock:
        row = _idle.setdefault(login_id, [])
        room = len(row) < PER_LOGIN and sum(map(len, _idle.values())) < TOTAL
        if kept and room:
            row.append(live)
            return
    live.close()

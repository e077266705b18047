"""Live FTP control connections of this process, by site: taken for one action, given back, closed when idle.

A connection that stood idle may have been cut without a word: it is tried with NOOP before use. At most
PER_SITE are kept for a site and TOTAL in all. The web process keeps its own (``warm``), for it must not block.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from accounts import reach
from protocols.errors import WireError
from protocols.ftp import client as ftp
from protocols.login import Limits
from transcripts.recorder import Recording, open_recording
from webftp import sites
from webftp.models import Site

PER_SITE, TOTAL = 2, 64
IDLE, FRESH = 60.0, 5.0  # seconds; servers end a silent session after 300 (pyftpdlib) or 600 (ProFTPD)
LIMITS = Limits(total=3600)


@dataclass
class Live:
    """An open connection and the recording of what it says."""

    session: ftp.Session
    recording: Recording
    passive: bool
    used: float = field(default_factory=time.monotonic)

    def close(self) -> None:
        with suppress(WireError, OSError):
            self.session.close()
        self.recording.close()


_lock = threading.Lock()
_idle: dict[int, list[Live]] = {}


@contextmanager
def borrowed(site: Site, cause: str, *, tab: str = "", subject: str = "", quiet: bool = False) -> Iterator:
    """Yield ``(session, action)`` for one action on ``site``, recorded as one transcript.

    A WireError in the block closes the connection.
    """
    close_idle()
    live = _take(site)
    recording = live.recording if live else open_recording(owner=site.person, server=site.server)
    kept = False
    try:
        with recording.transcript(cause, tab=tab, subject=subject, quiet=quiet) as action:
            live = live or _opened(site, recording)
            live.session.renew()
            yield live.session, action
        kept = True
    finally:
        _give_back(site.pk, live, recording, kept)


def close_idle(everything: bool = False) -> None:
    """Close what nobody used for IDLE seconds (all, at a worker's end)."""
    before = time.monotonic() - (0 if everything else IDLE)
    with _lock:
        old = [live for row in _idle.values() for live in row if live.used <= before]
        for number, row in _idle.items():
            _idle[number] = [live for live in row if live not in old]
    for live in old:
        with suppress(WireError, OSError):
            live.session.quit()
        live.close()


def _opened(site: Site, recording: Recording) -> Live:
    session = ftp.connect(reach.address(site.server), recording.sink, LIMITS, passive=site.passive)
    try:
        session.login(sites.credentials(site))
    except BaseException:
        session.close()
        raise
    return Live(session, recording, site.passive)


def _take(site: Site) -> Live | None:
    sites.credentials(site)  # a disabled person's connection is not used again
    while True:
        with _lock:
            row = _idle.get(site.pk) or []
            live = row.pop() if row else None
        if live is None:
            return None
        if live.passive != site.passive:
            live.close()
            continue
        if time.monotonic() - live.used < FRESH:
            return live
        try:
            with live.recording.transcript("Is the connection alive", quiet=True):
                live.session.noop()
            return live
        except WireError:
            live.close()


def _give_back(site_id: int, live: Live | None, recording: Recording, kept: bool) -> None:
    if live is None:
        recording.close()
        return
    live.used = time.monotonic()
    with _lock:
        row = _idle.setdefault(site_id, [])
        room = len(row) < PER_SITE and sum(map(len, _idle.values())) < TOTAL
        if kept and room:
            row.append(live)
            return
    live.close()

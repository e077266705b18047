"""Live FTP control connections of the worker, by site: recorded, signed in, kept warm between two actions.

The web process keeps its own (``warm``), for it must not block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from accounts import reach
from protocols.events import Sink
from protocols.ftp import client as ftp
from protocols.login import Limits
from transcripts.pool import Pool
from transcripts.recorder import open_recording
from webftp import sites
from webftp.models import Site

LIMITS = Limits(total=3600)
pool = Pool(ftp.Session.quit, idle=60.0, fresh=5.0)
"""Servers end a silent session after 300 seconds (pyftpdlib) or 600 (ProFTPD)."""


@contextmanager
def borrowed(site: Site, cause: str, *, tab: str = "", subject: str = "", quiet: bool = False) -> Iterator:
    """Yield ``(session, action)`` for one action on ``site``, recorded as one transcript.

    Whatever leaves the block closes the connection. Active and passive sessions are not each other's.
    """
    sites.credentials(site)  # a disabled person's connection is not used again

    def connect(sink: Sink) -> ftp.Session:
        return _opened(site, sink)

    def record():
        return open_recording(owner=site.person, server=site.server)

    key = site.pk, site.passive
    with pool.borrowed(key, cause, record, connect, tab=tab, subject=subject, quiet=quiet) as lent:
        lent[0].renew()
        yield lent


def _opened(site: Site, sink: Sink) -> ftp.Session:
    session = ftp.connect(reach.address(site.server), sink, LIMITS, passive=site.passive)
    try:
        session.login(sites.credentials(site))
    except BaseException:
        session.close()
        raise
    return session

"""Live IMAP connections of the worker, by login: recorded, signed in, kept warm between two actions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accounts import reach
from accounts.models import Login
from protocols.errors import WireError
from protocols.events import Sink
from protocols.imap import client as imap
from protocols.login import Limits
from transcripts.pool import Pool
from webmail.recording import record

log = logging.getLogger(__name__)
LIMITS = Limits(total=6 * 3600, line=1024 * 1024, reply=48 * 1024 * 1024)
pool = Pool(imap.Session.logout, idle=240.0, fresh=15.0)  # RFC 9051, 5.4 lets a server close after 30 minutes


@contextmanager
def borrowed(login: Login, cause: str, *, tab: str = "", **said: Any) -> Iterator:
    """Yield ``(session, action)`` for one action of ``login``, recorded as one transcript.

    ``said`` is what ``Recording.transcript`` takes besides: subject, quiet, aside.

    Whatever goes wrong in the block is a WireError to whoever borrows; it closes the connection.
    """
    reach.credentials(login)  # a disabled person's connection is not used again

    def connect(sink: Sink) -> imap.Session:
        return _opened(login, sink)

    try:
        with pool.borrowed(login.pk, cause, lambda: record(login), connect, tab=tab, **said) as lent:
            yield lent
    except (WireError, GeneratorExit):
        raise
    except Exception as error:
        # What nobody thought of is told as well: a page that waits must hear of an end.
        log.exception("%s of login %s", cause, login.pk)
        raise WireError("the lab itself stumbled", cause="lab") from error


def _opened(login: Login, sink: Sink) -> imap.Session:
    session = imap.connect(reach.address(login.server), sink, LIMITS)
    try:
        session.login(reach.credentials(login))
    except BaseException:
        session.close()
        raise
    return session

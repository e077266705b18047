"""People who come to the lab's IRC server and leave it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.servers.irc.people import Talker


@pytest.fixture
def talker(mail_lab):
    """Makes connections; at the end every line that crossed them must have been known to the explainer."""
    with ExitStack() as stack:

        def opened(*, tls: bool = False) -> Talker:
            port, context = (mail_lab.ports.ircs, mail_lab.context) if tls else (mail_lab.ports.irc, None)
            one = Talker(port, context)
            stack.callback(one.close)
            stack.callback(one.everything_known)
            return one

        yield opened


@pytest.fixture
def come(talker):
    """Registers people: ``come("cat")``, ``come("cat", capabilities="server-time")``."""
    return lambda nick, *before, capabilities="": talker().come(nick, *before, capabilities=capabilities)

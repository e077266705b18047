"""What each of the lab's servers is given: domain, logins, mailboxes, certificate, open conversations."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from servers.authenticator import Authenticator
from servers.maildir import Mailstore
from servers.sessions import Sessions

Result = TypeVar("Result")


@dataclass(frozen=True)
class Service:
    """Shared by SMTP, POP3 and IMAP in one process and one asyncio loop."""

    domain: str
    store: Mailstore
    authenticator: Authenticator
    context: ssl.SSLContext
    sessions: Sessions = field(default_factory=Sessions)
    under_way: set[asyncio.Task[Any]] = field(default_factory=set)

    async def finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run ``work`` to its end even when the conversation that asked for it is cut off meanwhile."""
        task = asyncio.ensure_future(work)
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        return await asyncio.shield(task)

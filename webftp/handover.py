"""How a command line lends its own connection to a transfer, so that its ``get`` and ``put`` are said there.

The command line's socket and the transfer's request meet in this process: both come to the same web server. Behind
a balancer over several, one must keep a person's requests on one of them (docs/operator.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from protocols.errors import Unreachable
from webftp.models import Ticket
from webftp.warm import Live

WAIT = 120.0
"""Seconds that a browser has to begin: a person may have to answer where to save."""


@dataclass
class Outcome:
    """How a lent transfer ended."""

    state: str
    trouble: dict
    size: int


@dataclass
class Loan:
    """A connection lent for one ticket."""

    live: Live
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Future = field(default_factory=lambda: asyncio.get_running_loop().create_future())


_loans: dict[int, Loan] = {}


async def lend(ticket: Ticket, live: Live) -> Outcome:
    """Lend ``live`` for ``ticket`` and wait how it ends; ``stopped`` where the browser never begins."""
    loan = _loans[ticket.pk] = Loan(live)
    try:
        async with asyncio.timeout(WAIT):
            await loan.begun.wait()
        return await loan.ended
    except TimeoutError:
        return Outcome(Ticket.State.STOPPED, {}, 0)
    finally:
        _loans.pop(ticket.pk, None)


@asynccontextmanager
async def taken(ticket: Ticket) -> AsyncIterator[Live]:
    """The connection lent for ``ticket``; Unreachable where its command line is gone."""
    loan = _loans.get(ticket.pk)
    if loan is None:
        raise Unreachable("the command line is gone", cause="cancelled")
    loan.begun.set()
    yield loan.live


def done(ticket: Ticket, state: str, trouble: dict, size: int) -> None:
    """The transfer of ``ticket`` ended so."""
    loan = _loans.get(ticket.pk)
    if loan is not None and not loan.ended.done():
        loan.ended.set_result(Outcome(state, trouble, size))

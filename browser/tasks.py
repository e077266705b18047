"""What a person asked for, done in the worker: open the recording, ask the server, store what it said."""

from __future__ import annotations

from celery import shared_task
from django.utils.translation import gettext_noop

from browser import asking
from browser.client import Wires
from browser.live import tell
from browser.models import Exchange


@shared_task
def fetch(exchange_id: int) -> None:
    """Ask a request that waits, follow where it leads if the visit is to, fetch a page's pictures."""
    waiting = Exchange.objects.filter(pk=exchange_id, state=Exchange.State.WAITING)
    # Claimed first: a task that is delivered twice asks once.
    if not waiting.update(state=Exchange.State.ASKING):
        return
    exchange = Exchange.objects.select_related("visit__person").get(pk=exchange_id)
    visit = exchange.visit
    try:
        with Wires(visit.person, gettext_noop("Open a page"), visit.tab, visit.url[:200]) as wires:
            asking.run(exchange, wires)
    finally:
        left = visit.exchanges.filter(state__in=(Exchange.State.ASKING, Exchange.State.WAITING))
        left.update(state=Exchange.State.FAILED, trouble={"key": "error.wire", "params": {}, "words": ""})
        tell(visit.person_id, visit.pk)

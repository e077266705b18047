"""Copies that were kept, and whether they may be used again (RFC 9111): fresh, to be asked about, or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from django.utils import timezone

from browser.models import Exchange, Fields
from protocols.http.grammar import pairs


@dataclass(frozen=True, slots=True)
class Copy:
    """An answer kept earlier. ``fresh`` may be shown without asking; ``conditions`` are the fields to ask with."""

    exchange: Exchange
    fresh: bool
    conditions: Fields


def copy_of(exchange: Exchange) -> Copy | None:
    """The newest usable copy of what ``exchange`` asks for; None where none was kept."""
    if exchange.method != "GET":
        return None
    rows = Exchange.objects.filter(
        visit__person=exchange.visit.person_id, url=exchange.url, method="GET", state=Exchange.State.DONE,
        code=200, trouble={},
    )  # fmt: skip
    last = rows.exclude(pk=exchange.pk).select_related("visit").order_by("-pk").first()
    if last is None or last.whole != exchange.whole or "no-store" in _directives(last) or last.value("vary"):
        return None
    conditions = []
    if etag := last.value("etag"):
        conditions.append(("If-None-Match", etag))
    if modified := last.value("last-modified"):
        conditions.append(("If-Modified-Since", modified))
    return Copy(last, _fresh(last), conditions)


def _fresh(last: Exchange) -> bool:
    told = _directives(last)
    if "no-cache" in told:
        return False
    age = (timezone.now() - last.visit.made).total_seconds()
    if re.fullmatch(r"[0-9]{1,9}", told.get("max-age", "")):
        return age < int(told["max-age"])
    expires = _date(last.value("expires"))
    return expires is not None and timezone.now() < expires


def _directives(last: Exchange) -> dict[str, str]:
    return {name.lower(): value for name, value in pairs(last.value("cache-control"), ",")}


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else None

"""Talks, messages and networks as JSON values: the same for the page, the history and the frames of a socket."""

from __future__ import annotations

import re
from typing import Any

from django.db.models.functions import Lower
from django.utils import translation

from accounts.models import User
from chat import rights
from chat.models import Message, Network, Talk, Window
from protocols import catalog

PAGE = 100
"""Messages of one look into the history."""

MOST_COUNTED = 300
"""Unread messages that are counted, and looked through for the person's nick."""


def message(row: Message) -> dict[str, Any]:
    """Short names, for a busy channel sends thousands: ``c`` the talk, ``t`` milliseconds, ``k`` the kind."""
    values = {
        "id": row.pk,
        "c": row.talk_id,
        "t": int(row.at.timestamp() * 1000),
        "k": row.kind,
        "n": row.nick,
        "x": row.text,
    }
    if row.person_id:
        values["p"] = row.person_id
    if row.host:
        values["h"] = row.host
    if row.other:
        values["o"] = row.other
    return values


def history(person: User, talk: Talk, before: int = 0, after: int = 0) -> dict[str, Any]:
    """Return up to PAGE messages: the newest, those ``before`` one, or the first ``after`` one; ``more`` says
    whether there are others further that way."""
    rows = rights.readable(person, talk)
    if after:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        return {"lines": [message(row) for row in found[:PAGE]], "more": len(found) > PAGE}
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return {"lines": [message(row) for row in reversed(found[:PAGE])], "more": len(found) > PAGE}


def everything(person: User) -> dict[str, Any]:
    """Return what a tab shows at once: networks, and their windows with what is unread."""
    networks = Network.objects.filter(person=person, server__enabled=True).select_related("server")
    return {
        "person": person.pk,
        "networks": [network(row) for row in networks],
        "windows": [window(person, row) for row in rights.windows(person).filter(open=True)],
    }


def network(row: Network) -> dict[str, Any]:
    """Return how a network stands."""
    return {
        "id": row.pk,
        "name": row.server.name,
        "host": row.server.host,
        "port": row.server.port,
        "wanted": row.wanted,
        "state": row.state,
        "nick": row.nick or row.wanted_nick,
        "wanted_nick": row.wanted_nick,
        "words": row.words,
        "says": trouble(row),
        "next": int(row.next_try.timestamp() * 1000) if row.next_try else 0,
        "transcript": row.transcript or 0,
        "rules": row.rules,
        "ignored": row.ignored,
    }


def window(person: User, row: Window) -> dict[str, Any]:
    """Return a window: its talk, and how much of it is unread."""
    unread, mentions = unread_of(person, row)
    return {
        "c": row.talk_id,
        "network": row.network_id,
        "kind": row.talk.kind,
        "name": row.talk.name,
        "topic": row.talk.topic,
        "inside": row.inside,
        "joined": row.joined,
        "read": row.read,
        "unread": unread,
        "mentions": mentions,
        "open_to_class": row.talk.school_class_id is not None,
    }


def unread_of(person: User, row: Window) -> tuple[int, int]:
    """Count what others, but for the ignored, said since the window was read (up to MOST_COUNTED), and how often
    they named the person."""
    if row.talk.kind == Talk.Kind.SERVER:
        return 0, 0
    rows = rights.readable(person, row.talk).filter(pk__gt=row.read, kind__in=Message.SPOKEN)
    if row.network.ignored:
        folded = Lower("nick")
        rows = rows.annotate(who=folded).exclude(who__in=[nick.lower() for nick in row.network.ignored])
    texts = list(rows.exclude(person=person).order_by("-pk").values_list("text", flat=True)[:MOST_COUNTED])
    if row.talk.kind == Talk.Kind.QUERY:
        return len(texts), len(texts)
    named = mention(row.network.nick or row.network.wanted_nick)
    return len(texts), sum(1 for text in texts if named.search(text))


def mention(nick: str) -> re.Pattern[str]:
    """A pattern that finds ``nick`` as a word of its own: ``ann`` in ``ann: hi``, not in ``annoy``."""
    return re.compile(rf"(?<![\w\[\]\\`^{{|}}-]){re.escape(nick)}(?![\w\[\]\\`^{{|}}-])", re.IGNORECASE)


def trouble(row: Network) -> str:
    """Return what a network's error means, in the active language; "" where there is none."""
    if not row.trouble:
        return ""
    language = (translation.get_language() or "en")[:2]
    return catalog.phrase(row.trouble["key"], row.trouble.get("params", {}), language)

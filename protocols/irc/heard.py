"""What a line of talk says, understood once for all connections that hear it: a class in a channel has fifty.

Nothing here knows a connection: who we are and where, ``state`` adds. A line's bytes are the key of what is remembered.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from protocols.irc.events import Mark, Said
from protocols.irc.grammar import Message, parse_ctcp, parse_message, parse_source

parsed = lru_cache(maxsize=1024)(parse_message)
source_of = lru_cache(maxsize=4096)(parse_source)


@lru_cache(maxsize=1024)
def said_to_all(raw: bytes) -> Said | None:
    """What somebody said, read from the line alone; None where the connection has to be asked as well.

    A class in a channel hears everything once on each of its connections, in the same bytes: they are understood
    once. A line without ``time`` is dated when it comes, a label or batch belongs to one connection.
    """
    message = parsed(raw.rstrip(b"\r\n"))
    if message is None or message.command not in ("PRIVMSG", "NOTICE"):
        return None
    tags = message.tags
    if "time" not in tags or "label" in tags or "batch" in tags:
        return None
    return spoken(message, mark_of(tags), own=False)


def spoken(message: Message, mark: Mark, own: bool) -> Said:
    """PRIVMSG or NOTICE as what was said: words, an action, or CTCP; ``own``: by ourselves."""
    text = message.param(1)
    manner = "privmsg" if message.command == "PRIVMSG" else "notice"
    command = ""
    if text[:1] == "\x01" and (ctcp := parse_ctcp(text)):
        command, text = ctcp
        manner = "action" if command == "ACTION" else "ctcp" if manner == "privmsg" else "reply"
    return Said(source_of(message.source), message.param(0), text, manner, own, mark, command)  # type: ignore[arg-type]


def mark_of(tags: Mapping[str, str], batch: str = "", label: str = "") -> Mark:
    """When it was said, its id and account as ``tags`` have them; the batch it stands in, and that one's label."""
    return Mark(
        _moment(tags.get("time", "")),
        tags.get("msgid", "")[:200],
        tags.get("label", "") or label,
        batch,
        tags.get("account", ""),
    )


@lru_cache(maxsize=256)
def _server_time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _moment(text: str) -> float:
    """``2026-11-25T10:00:00.000Z`` (server-time) as Unix time; now where it is none."""
    try:
        return _server_time(text) if text else time.time()
    except (ValueError, OverflowError):
        return time.time()

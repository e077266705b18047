"""A line on its way to clients: encoded once for each set of capabilities, not once for each client."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from protocols.irc.grammar import MAX_BYTES, format_message, format_tags

TIME, TAGS, ACCOUNT = 1, 2, 4
"""Bits of a client's capabilities that change how a line looks: server-time, message-tags, account-tag."""

_boot = secrets.token_hex(3)
_count = itertools.count(1)


def new_msgid() -> str:
    """A name that no other message of this network has (IRCv3 message-ids)."""
    return f"{_boot}-{next(_count):x}"


def stamp(at: float) -> str:
    """Unix time as server-time writes it."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class Out:
    """One line. ``account`` is the sender's, ``tags`` are a client's own (``+typing``); ``raw(bits)`` encodes it."""

    __slots__ = ("_cache", "_line", "account", "at", "msgid", "tags")

    def __init__(
        self,
        source: str,
        command: str,
        *params: str,
        account: str = "",
        msgid: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._line = _cut(format_message(command, *params, source=source))
        self.at = time.time()
        self.account, self.msgid, self.tags = account, msgid, tags or {}
        self._cache: dict[int, bytes] = {}

    @property
    def line(self) -> bytes:
        """The line itself, without any tag."""
        return self._line

    def raw(self, bits: int, extra: Mapping[str, str] | None = None) -> bytes:
        """The bytes for a client with these capabilities; ``extra`` tags (label, batch) are not remembered."""
        if extra:
            return self._encode(bits, extra)
        found = self._cache.get(bits)
        if found is None:
            found = self._cache[bits] = self._encode(bits, {})
        return found

    def _encode(self, bits: int, extra: Mapping[str, str]) -> bytes:
        tags = dict(extra)
        if bits & TIME:
            tags["time"] = stamp(self.at)
        if bits & ACCOUNT and self.account:
            tags["account"] = self.account
        if bits & TAGS:
            tags |= self.tags
            if self.msgid:
                tags["msgid"] = self.msgid
        return b"@" + format_tags(tags).encode() + b" " + self._line if tags else self._line


def _cut(line: bytes) -> bytes:
    """At most 512 bytes (RFC 2812 2.3), never inside a character."""
    if len(line) <= MAX_BYTES:
        return line
    return line[: MAX_BYTES - 2].decode("utf-8", "ignore").encode() + b"\r\n"

"""A mailbox as POP3 sees it: the INBOX as it was at sign-in, numbered from 1, held by one connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from servers import folder
from servers.maildir import Mailstore


class InUse(Exception):
    """Another POP3 connection holds this mailbox (RFC 2449 section 8.1.1: [IN-USE])."""


class Gone(Exception):
    """No such message, or marked as deleted, or taken away meanwhile by another program."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was at sign-in; ``size`` in octets."""

    uid: int
    size: int


class Maildrop:
    """The messages of one INBOX; numbers stay theirs for the whole session, whatever others do."""

    def __init__(self, home: str, inbox: folder.Folder, messages: list[Message]) -> None:
        self.home = home
        self._inbox = inbox
        self._messages = messages
        self._deleted: set[int] = set()

    def numbers(self) -> list[int]:
        """The numbers of messages not marked as deleted."""
        return [at for at in range(1, len(self._messages) + 1) if at not in self._deleted]

    def stat(self) -> tuple[int, int]:
        """How many messages, and their octets together."""
        numbers = self.numbers()
        return len(numbers), sum(self.size(at) for at in numbers)

    def size(self, number: int) -> int:
        """Octets of a message; Gone if there is none."""
        return self._entry(number).size

    def uidl(self, number: int) -> str:
        """The message's unique name, the same in every session; Gone if there is none."""
        return f"{self._inbox.uidvalidity}.{self._entry(number).uid}"

    async def read(self, number: int) -> bytes:
        """The message's bytes; Gone if another program removed it meanwhile."""
        try:
            return await asyncio.to_thread(self._inbox.read, self._entry(number).uid)
        except folder.Gone as error:
            raise Gone(f"message {number} was removed meanwhile by another program") from error

    def delete(self, number: int) -> None:
        """Mark a message; Gone if it is marked already."""
        self._entry(number)
        self._deleted.add(number)

    def reset(self) -> None:
        """Unmark all."""
        self._deleted.clear()

    async def update(self) -> int:
        """Remove what is marked; how many they were."""
        uids = [self._messages[at - 1].uid for at in sorted(self._deleted)]
        if uids:
            await asyncio.to_thread(self._inbox.expunge, uids)
        return len(uids)

    def _entry(self, number: int) -> Message:
        if not 1 <= number <= len(self._messages):
            raise Gone(f"no such message, there are {len(self._messages)}")
        if number in self._deleted:
            raise Gone(f"message {number} is marked as deleted")
        return self._messages[number - 1]


class Maildrops:
    """The mailboxes that POP3 connections hold now."""

    def __init__(self, store: Mailstore) -> None:
        self._store = store
        self._held: set[str] = set()

    async def enter(self, home: str) -> Maildrop:
        """Lock a mailbox and look at it; InUse while another connection holds it."""
        if home in self._held:
            raise InUse
        self._held.add(home)
        try:
            return await asyncio.to_thread(self._open, home)
        except BaseException:
            self._held.discard(home)
            raise

    def _open(self, home: str) -> Maildrop:
        inbox = self._store.home(home).folder("INBOX")
        inbox.refresh()
        return Maildrop(home, inbox, [Message(entry.uid, entry.size) for entry in inbox.list()])

    def leave(self, drop: Maildrop | None) -> None:
        """Unlock it; nothing happens for None."""
        if drop is not None:
            self._held.discard(drop.home)

"""What is known of one message without opening its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from servers.index import Row
from servers.keywords import Keywords

if TYPE_CHECKING:
    from servers.files import Arrived, Found


@dataclass(slots=True)
class Entry:
    """A message of a folder. ``size`` is in bytes on the wire, ``internaldate`` Unix time in seconds.

    ``flags`` are as IMAP writes them (``\\Seen``, ``$Forwarded``); ``path`` is where
    the file is at this moment.
    """

    uid: int
    size: int
    internaldate: int
    flags: frozenset[str]
    modseq: int
    name: str
    sub: str
    info: str
    letters: str
    root: str

    @classmethod
    def of(cls, row: Row, root: str, file: Found | Arrived, keywords: Keywords) -> Entry:
        """Join what the journal knows with what the directory says."""
        return cls(
            row.uid, row.size, row.when, keywords.flags(row.letters), row.modseq,
            row.name, file.sub, file.info, row.letters, root,
        )  # fmt: skip

    @property
    def path(self) -> str:
        """The message's file."""
        return f"{self.root}/{self.sub}/{self.name}{self.info}"

    @property
    def plain(self) -> bool:
        """Whether the file holds the very bytes that go over the wire (its name says S = W)."""
        return f",S={self.size},W={self.size}" in self.name

    def set_letters(self, letters: str, keywords: Keywords) -> None:
        """The flags are these letters from now on."""
        self.letters, self.flags = letters, keywords.flags(letters)

    def row(self) -> Row:
        """What the journal keeps."""
        return Row(self.uid, self.modseq, self.size, self.internaldate, self.letters, self.name)

"""Flags as letters in a Maildir file's name, and keywords as a to z by a list beside the folder.

The list is a file that Dovecot knows too: ``dovecot-keywords``, a line ``<number> <keyword>`` each, 0 being
the letter a. System flags have their Maildir letters; P ("passed") is the keyword ``$Forwarded``.
"""

from __future__ import annotations

import string
from collections.abc import Collection
from pathlib import Path

from servers.index import write_atomically

SYSTEM = {
    "\\draft": "D", "\\flagged": "F", "$forwarded": "P", "\\answered": "R", "\\seen": "S", "\\deleted": "T",
}  # fmt: skip
NAMED = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "P": "$Forwarded",
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}


class TooManyKeywords(ValueError):
    """The folder's 26 letters are all given."""


class Keywords:
    """The keywords of one folder; a keyword keeps the case in which it was first written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._letters: dict[str, str] = {}
        self._named = dict(NAMED)
        self._known: dict[str, frozenset[str]] = {}
        self._load()

    def names(self) -> list[str]:
        """The keywords that have a letter, in the order of the letters."""
        return [self._named[letter] for letter in sorted(self._letters.values())]

    def free(self) -> bool:
        """Whether one more keyword fits."""
        return len(self._letters) < 26

    def letters(self, flags: Collection[str], new: bool = True) -> str:
        """The sorted letters of ``flags``; unknown keywords get one if ``new``. \\Recent is not kept.

        Raises TooManyKeywords when there is no letter left.
        """
        found = set()
        for flag in flags:
            low = flag.lower()
            letter = SYSTEM.get(low) or self._letters.get(low)
            if letter is None and new and not low.startswith("\\"):
                letter = self._add(flag)
            if letter:
                found.add(letter)
        return "".join(sorted(found))

    def flags(self, letters: str) -> frozenset[str]:
        """The flags that ``letters`` mean; a letter without a keyword means nothing."""
        known = self._known.get(letters)
        if known is None:
            known = frozenset(self._named[letter] for letter in letters if letter in self._named)
            self._known[letters] = known
        return known

    def _add(self, keyword: str) -> str:
        free = [letter for letter in string.ascii_lowercase if letter not in self._named]
        if not free:
            raise TooManyKeywords("a folder can have 26 different keywords")
        self._letters[keyword.lower()], self._named[free[0]] = free[0], keyword
        self._known.clear()
        lines = [
            f"{ord(letter) - 97} {name}\n" for letter, name in sorted(self._named.items()) if letter.islower()
        ]
        write_atomically(self.path, "".join(lines).encode("utf-8", "surrogateescape"), durable=False)
        return free[0]

    def _load(self) -> None:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return
        for line in raw.decode("utf-8", "surrogateescape").splitlines():
            number, _, name = line.partition(" ")
            if number.isdecimal() and int(number) < 26 and name:
                letter = chr(97 + int(number))
                self._letters[name.lower()], self._named[letter] = letter, name

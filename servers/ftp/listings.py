"""LIST and NLST with the patterns and options that clients say, and HELP out of the protocol's own tables."""

from __future__ import annotations

import fnmatch
import glob
import os
import re

from pyftpdlib.handlers import TLS_FTPHandler

from protocols.ftp.commands import commands

OPTIONS = re.compile(r"(?:-[A-Za-z1]+(?:\s+|$))+")


class Listings(TLS_FTPHandler):
    """The part of a conversation that lists. ``_said`` is the argument as it was typed."""

    unicode_errors = "surrogateescape"
    _said = ""

    def ftp_LIST(self, path: str) -> str | None:
        """A long listing; of what fits, where a pattern is given."""
        names = self._matching(path)
        if names is None:
            return super().ftp_LIST(path)
        if not names:
            self.respond(f"550 Nothing is called {self._said}.")
            return None
        self.push_dtp_data(b"".join(self.fs.format_list(os.path.dirname(path), names)), cmd="LIST")
        return path

    def ftp_NLST(self, path: str) -> str | None:
        """Bare names; with a pattern, which clients' mget leaves to the server, those that fit (RFC 1123 4.1.2.7)."""
        names = self._matching(path)
        if names is None:
            return super().ftp_NLST(path)
        if not names:
            self.respond(f"550 Nothing is called {self._said}.")
            return None
        before = os.path.join(os.path.dirname(self._said), "") if "/" in self._said else ""
        lines = "".join(f"{before}{name}\r\n" for name in names)
        self.push_dtp_data(lines.encode(self.encoding, self.unicode_errors), cmd="NLST")
        return path

    def ftp_MLSD(self, path: str) -> str | None:
        """A listing for programs; 501 is for what is no directory, 550 for what is not there (RFC 3659, 7.2.1)."""
        if self.fs.lexists(path):
            return super().ftp_MLSD(path)
        self.respond("550 No such file or directory.")
        return None

    def _matching(self, path: str) -> list[str] | None:
        """The names that fit a pattern, sorted; None where ``path`` is none."""
        folder, pattern = os.path.split(path)
        if not glob.has_magic(pattern) or os.path.lexists(path) or not self.fs.isdir(folder):
            return None
        names = [
            name for name in self.fs.listdir(folder) if not name.startswith(".") or pattern.startswith(".")
        ]
        return sorted(name for name in names if fnmatch.fnmatchcase(name, pattern))

    def without_options(self, arg: str) -> str:
        """``-la`` and its like are no paths, though no RFC knows them; a file of that name still is one."""
        found = OPTIONS.match(arg)
        if not found or self.fs.lexists(self.fs.ftp2fs(arg)):
            return arg
        return arg[found.end() :]

    def ftp_HELP(self, line: str) -> None:
        """What a command is for, and how it is written."""
        known = commands().get(line.upper().strip())
        if not line or known is None or known.key not in self.proto_cmds:
            return super().ftp_HELP(line)
        return self.respond(f"214 Syntax: {known.facts['syntax']}. {known.meaning['en']}")

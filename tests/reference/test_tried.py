"""What the reference and the console type for a person is right on the wire: said to the lab's own servers."""

from __future__ import annotations

import re
import socket

import pytest

from console.vocabulary import words
from reference import entries, tries
from tests.servers.embedded import EmbeddedLab

SIGNED_IN = {
    "smtp": ["EHLO me.test"],
    "pop3": ["USER ann", "PASS {password}"],
    "imap": ['s1 LOGIN ann "{password}"', "s2 SELECT INBOX"],
    "ftp": ["USER ann", "PASS {password}"],
    "irc": ["NICK by-hand", "USER ann 0 * :Ann"],
}
LAST = {"imap": "z1 LOGOUT"}
ENDS = {"STARTTLS", "STLS", "QUIT", "LOGOUT", "DATA", "IDLE", "AUTH", "REIN", "LPSV", "PASV", "EPSV", "ABOR"}
"""They end the conversation, or turn it into another one."""
SYNTAX = (
    r"ends here|(?m:^50[01] (?!.*not (?:recognized|understood)).*(?:[Ss]yntax|argument|parameter))| 461 "
    r"|-ERR (?:syntax|this is)"
)


@pytest.fixture
def lab(transactional_db, tmp_path):
    running = EmbeddedLab(tmp_path)
    running.person("ann")
    running.person("friend")
    yield running
    running.stop()


def talk(lab, place, *lines, last=None):
    """Say ``lines`` to the lab's server of ``place`` as a person does, and return all that it answered."""
    text = "\n".join([*lines, *([LAST.get(place, "QUIT")] if last is None else [last])])
    said = text.replace("{password}", lab.passwords["ann"]).replace("{name}", "ann")
    answer = b""
    with socket.create_connection(("127.0.0.1", getattr(lab.ports, place)), timeout=5) as wire:
        wire.sendall(said.replace("\n", "\r\n").encode() + b"\r\n")
        while piece := wire.recv(65536):
            answer += piece
    return answer.decode()


@pytest.mark.parametrize("place", ["smtp", "pop3", "imap", "ftp", "irc"])
def test_a_command_that_needs_nothing_is_typed_without_a_blank_and_is_no_syntax_error(lab, place):
    known = {one["word"]: one["argument"] for one in words(place, "en")}
    bare = [word for word, argument in known.items() if not argument]
    assert {"imap": "CHECK", "smtp": "DATA", "pop3": "STAT", "ftp": "PASV", "irc": "LUSERS"}[place] in bare
    lines = []
    for word in known:
        typed = tries.lines(entries.entries()[f"{place}.commands.{word}"])
        assert typed.endswith(" ") is known[word], typed
        if word in bare and word not in ENDS:
            lines.append(typed.replace("a1 ", f"a{len(lines) + 1} "))
    answer = talk(lab, place, *SIGNED_IN[place], *lines)
    assert not re.search(SYNTAX, answer), (lines, answer)

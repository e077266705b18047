"""What the reference and the console type for a person is right on the wire: said to the lab's own servers."""

from __future__ import annotations

import base64
import re
import socket

import pytest

from accounts.models import User
from console.vocabulary import words
from protocols import catalog
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


def talk(lab, place, *lines, until="", last=True):
    """Say ``lines`` to the lab's server of ``place`` as a person does, and return what it answered, up to ``until``
    (a pattern) or all of it."""
    text = "\n".join([*lines, *([LAST.get(place, "QUIT")] if last else [])])
    said = text.replace("{password}", lab.passwords["ann"]).replace("{name}", "ann")
    answer = ""
    with socket.create_connection(("127.0.0.1", getattr(lab.ports, place)), timeout=5) as wire:
        wire.sendall(said.replace("\n", "\r\n").encode() + b"\r\n")
        while not (until and re.search(until, answer, re.M)) and (piece := wire.recv(65536)):
            answer += piece.decode().replace("\r", "")
    return answer


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


PATTERNS = {
    "smtp.reply_codes": "^{}[ -]",
    "smtp.enhanced_status.codes": r"^[245]\d\d[ -][245]{} ",
    "pop3.replies": r"^{}(?:\s|$)",
    "pop3.response_codes": "{}",
    "imap.responses": r"^(?:\S+ (?:\d+ )?)?{}(?:\s|$)",
    "imap.response_codes": r"\[{}[\] ]",
    "ftp.reply_codes": "^{}[ -]",
    "irc.numerics": r"^\S+ {} ",
    "http.status_codes": r"^HTTP/1.1 {} ",
    "http.headers": r"(?i)^{}: ",
}


OPEN = ("DATA", "AUTH LOGIN", "AUTH TLS")
"""What comes after these is no command."""


def completed(lab, lines):
    """What a person does with a line that waits for a password."""
    plain = base64.b64encode(f"\0ann\0{lab.passwords['ann']}".encode()).decode()
    done = re.sub(r"(?m)^(AUTH PLAIN|AUTHENTICATE) $", rf"\1 {plain}", lines)
    return re.sub(
        r"(?m)^(a1 LOGIN \S+ )$",
        r'\1"{password}"',
        re.sub(r"(?m)^(PASS |PASS \S+:|OPER \S+ :)$", r"\1{password}", done),
    )


@pytest.mark.parametrize("place", ["smtp", "pop3", "imap", "ftp", "irc", "http"])
def test_the_lines_of_an_answer_bring_it_about_in_the_lab(lab, place):
    missing, tried = [], 0
    for entry in entries.entries().values():
        pattern = PATTERNS.get(f"{place}.{entry.table}")
        if entry.place != place or not pattern or entry.facts.get("direction") in ("request", "both"):
            continue
        found = tries.attempt(entry)
        assert found.lines, entry.key
        if found.why or "PASV\nLIST" in found.lines:
            continue
        lines, awaited = completed(lab, found.lines), pattern.format(re.escape(entry.word.removeprefix("X")))
        answer = talk(
            lab, place, lines, until=awaited, last=place != "http" and not found.lines.endswith(OPEN)
        )
        tried += 1
        if not re.search(awaited, answer, re.M):
            missing.append((entry.key, lines, answer[-300:]))
    assert missing == []
    assert tried >= 4


def test_every_answer_of_the_six_protocols_can_be_tried_or_says_why_not(client, lab):
    ann = User.objects.get(username="ann")
    client.force_login(ann)
    for entry in entries.entries().values():
        if entry.place in catalog.NAMES and entry.kind in ("command", "reply", "header"):
            found = tries.attempt(entry)
            own = entry.table in ("commands", "methods") or entry.kind != "command"
            assert bool(found.lines) is own, entry.key
            assert len(tries.query(entry)) < 2000, entry.key
    known = tries._lab()
    for place, lists in known.items():
        words_of = {entry.word for entry in entries.entries().values() if entry.place == place}
        for name in ("alone", "signed_in", "pages", *tries.WHY):
            assert set(lists.get(name, ())) <= words_of, (place, name)
    page = client.get("/reference/irc/numerics/353/").content.decode()
    assert "NAMES+%23tried" in page and "No server of the lab" not in page
    assert "No server of the lab says this" in client.get("/reference/smtp/reply_codes/556/").content.decode()
    assert "in trouble only" in client.get("/reference/smtp/enhanced_status.codes/X.3.2/").content.decode()
    ann.language = "vi"
    ann.save()
    assert "Cần hai người" in client.get("/reference/irc/numerics/473/").content.decode()

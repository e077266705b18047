"""docs/course.md: every statement has a number and a place, and every place is there."""

from __future__ import annotations

import re
from pathlib import Path

from django.urls import reverse

from browser import where
from protocols import catalog
from servers import rows

TEXT = (Path(__file__).resolve().parents[2] / "docs/course.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
SLIPS = {
    15: "smtp-first-digit", 16: "smtp-450", 18: "pop2-year", 26: "imap-rev", 71: "http-stateless", 72: "http-latest",
    75: "irc-private", 90: "url-default-host",
}  # fmt: skip
"""Statement to the entry of the errata that sets it right."""
ROOMS = {
    "Home": "home", "Mail": "mail", "Files": "files", "Chat": "chat", "Web": "web", "Console": "console",
    "Reference": "reference", "Transcripts": "transcripts", "Class": "class",
}  # fmt: skip


def test_the_numbers_run_from_one_without_a_gap():
    assert [int(number) for number, _, _ in ROWS] == list(range(1, len(ROWS) + 1)) and len(ROWS) > 90


def test_each_statement_is_done_shown_or_outside_and_the_counts_at_the_top_are_right():
    ways = [re.match(r"Done in \*\*|Shown in \*\*|Outside the lab: ", where) for _, _, where in ROWS]
    assert all(ways)
    counts = {way: sum(where.startswith(way) for _, _, where in ROWS) for way in ("Done", "Shown", "Outside")}
    told = re.search(
        r"chapter's (\d+) statements .*?: (\d+) are done in the lab, (\d+) are shown in it, (\d+) lie",
        TEXT,
        re.DOTALL,
    )
    assert told and [int(number) for number in told.groups()] == [len(ROWS), *counts.values()]


def test_every_room_that_is_named_is_there_and_every_room_has_its_share():
    named = {room for _, _, where in ROWS for room in re.findall(r"\*\*(.+?)\*\*", where)}
    assert named == set(ROOMS)
    for room in named:
        assert reverse(ROOMS[room])


def test_every_slip_of_the_chapter_that_the_list_leans_on_is_in_the_reference():
    set_right = [said for _, said, told in ROWS if "set right" in told or "sets" in told]
    slips = {slip["slip"] for slip in catalog.course()["slips"] if slip["in_chapter"]}
    numbers = {int(number) for number, _, told in ROWS if "set right" in told or "sets" in told}
    assert len(set_right) >= 8 and set(SLIPS) == numbers and set(SLIPS.values()) <= slips


def test_the_tables_of_the_chapter_have_the_rows_that_the_list_counts():
    tables = catalog.course()["tables"]
    for number, words in ((16, "21 codes"), (24, "nine POP3 commands"), (28, "23 IMAP commands")):
        assert words in ROWS[number - 1][1]
    assert sorted(len(table["rows"]) for table in tables) == [9, 21, 23]


def test_every_host_of_the_chapter_is_a_name_of_a_server_of_the_lab():
    hosts = {
        name for _, said, where in ROWS for name in re.findall(r"\b(?:\w+\.)+(?:com|net)\b", said + where)
    }
    hosts -= {"mydomain.com", "host.domain"}  # the sender's, and the name of a piece
    assert hosts == {name for names in rows.COURSE.values() for name in names}


def test_every_scheme_that_the_list_opens_has_its_room():
    told = ROWS[60 - 1][2]
    assert all(scheme in told for scheme in ("ftp", "mailto", "irc", "telnet", "imap", "pop"))
    for scheme in ("ftp", "mailto", "irc", "telnet", "imap", "pop"):
        assert where.place(f"{scheme}://localhost/").kind == "room"
    for scheme in ("gopher", "wais", "news", "nntp"):
        assert where.place(f"{scheme}://localhost/").kind == "gone"

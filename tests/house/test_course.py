"""docs/course.md: every statement has a number and a place, and every place is there."""

from __future__ import annotations

import re
from pathlib import Path

from django.urls import reverse

from protocols import catalog

TEXT = (Path(__file__).resolve().parents[2] / "docs/course.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
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
    set_right = [said for _, said, where in ROWS if "set right" in where or "sets" in where]
    slips = [slip for slip in catalog.course()["slips"] if slip["in_chapter"]]
    assert len(set_right) >= 8 and len(slips) >= len(set_right)

"""The count of unexplained lines (tests/explained.py): what it counts, what it lets pass, and that it fails a run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from protocols import catalog
from protocols.line import Line, Note
from tests import explained
from transcripts import blocks


def fault(protocol, speaker, raw, kind="text"):
    line = Line(speaker, raw, kind, size=len(raw) + 2)
    return explained.fault(catalog.knowledge(protocol).explainer().feed(line))


def test_a_line_that_means_something_is_explained():
    assert fault("smtp", "C", b"EHLO me") == "" and fault("pop3", "S", b"+OK hi") == ""
    assert fault("imap", "S", b"* OK hi") == "" and fault("irc", "C", b"NICK ann") == ""


def test_what_is_unknown_or_told_by_a_phrase_for_anything_is_not():
    assert "unknown" in fault("smtp", "C", b"XYZZY") and "unknown" in fault("imap", "S", b"hello")
    assert "phrase for anything" in explained.fault(Note("smtp.reply.digits.5", {"code": 599}))
    assert "no sentence" in explained.fault(Note("smtp.nothing.of.the.kind"))
    assert "no note" in explained.fault(Note("", known=False))


def test_bytes_that_are_no_line_are_a_kind_of_their_own():
    count = explained.Explained()
    count.take(
        "t", "smtp", Line("S", b"\0\1", "binary", size=4), Note("smtp.binary", {"size": 4}, known=False)
    )
    assert count.kinds == {"binary": 1} and not count.unexplained


def test_a_test_that_makes_them_on_purpose_says_so_and_only_that_one_is_excused():
    count = explained.Explained()
    count.excused.add("one")
    for test in ("one", "two"):
        count.take(test, "smtp", Line("C", b"XYZZY", size=7), Note("smtp.command.unknown", known=False))
    assert [row[0] for row in count.unexplained] == ["two"]


def test_what_a_lab_in_other_processes_recorded_is_counted_as_well(monkeypatch, tmp_path):
    """The rows as the lab's own writer leaves them, one of them a line that nobody can explain."""
    count = explained.Explained()
    monkeypatch.setattr(explained, "EXPLAINED", count)
    lines = [Line("S", b"220 hi", size=8, number=1), Line("C", b"XYZZY", size=7, number=2)]
    payload = blocks.pack([blocks.pack_line(line) for line in lines])
    with closing(sqlite3.connect(tmp_path / "netlab.sqlite3")) as kept:
        kept.execute("create table transcripts_conversation (id integer, protocol text)")
        kept.execute(
            "create table transcripts_block (conversation_id integer, first integer, state text, payload blob)"
        )
        kept.execute("insert into transcripts_conversation values (1, 'smtp')")
        kept.execute("insert into transcripts_block values (1, 1, '{}', ?)", [payload])
        kept.commit()
    assert explained.read_lab(tmp_path / "netlab.sqlite3") == 2
    assert [(row[1], row[3]) for row in count.unexplained] == [("smtp", "XYZZY")]


@pytest.mark.parametrize("worker", [False, True])
def test_a_run_with_an_unexplained_line_fails_also_when_a_worker_made_it(monkeypatch, worker):
    count = explained.Explained()
    monkeypatch.setattr(explained, "EXPLAINED", count)
    count.take("t", "smtp", Line("C", b"XYZZY", size=7), Note("smtp.command.unknown", known=False))
    if worker:
        config = SimpleNamespace(workeroutput={})
        explained.pytest_sessionfinish(SimpleNamespace(config=config, exitstatus=0))
        monkeypatch.setattr(explained, "EXPLAINED", explained.Explained())
        explained.pytest_testnodedown(SimpleNamespace(workeroutput=config.workeroutput), None)
    session = SimpleNamespace(config=SimpleNamespace(), exitstatus=0)
    explained.pytest_sessionfinish(session)
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED

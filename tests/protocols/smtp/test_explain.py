"""Every line of SMTP is explained, in both languages, with the session's state in mind."""

from __future__ import annotations

import json

import pytest

from protocols import catalog
from protocols.line import Line
from protocols.smtp.commands import commands, extensions
from protocols.smtp.explain import Explainer
from protocols.smtp.replies import codes, enhanced
from tests.protocols.smtp.dialogue import COURSE, explained


def test_the_courses_dialogue_is_explained_line_by_line():
    notes = [note for _, note in explained(COURSE)]
    assert all(note.known for note in notes)
    assert [note.state for note in notes][-6:] == ["data", "data", "greeted", "greeted", "greeted", "bye"]
    assert notes[10].key == "smtp.dot" and notes[11].key == "smtp.reply.250.."
    for note in notes:
        assert catalog.say(note, "en") and catalog.say(note, "vi")


def test_a_503_says_what_was_missing_in_this_session():
    notes = [n for _, n in explained([*COURSE[:3], ("C", b"RCPT TO:<a@b.c>\r\n"), ("S", b"503 bad\r\n")])]
    assert notes[-1].key == "smtp.reply.503.no-mail" and notes[-1].outcome == "refused"


def test_an_extension_of_ehlo_is_told_as_one():
    turns = [COURSE[0], ("C", b"EHLO x\r\n"), ("S", b"250-lab.test\r\n250-SIZE 1000\r\n250 SMTPUTF8\r\n")]
    notes = [note for _, note in explained(turns)]
    assert [note.key for note in notes[2:]] == [
        "smtp.reply.EHLO", "smtp.extensions.SIZE", "smtp.extensions.SMTPUTF8",
    ]  # fmt: skip


def test_a_letter_without_a_blank_line_is_told_so():
    notes = [n for _, n in explained([*COURSE[:9], ("C", b"Subject: a\r\nHello,\r\n.\r\n")])]
    assert notes[-2].key == "smtp.body.no-blank-line"


def test_a_line_it_knows_nothing_of_is_told_as_such():
    assert explained([COURSE[0], ("C", b"XYZZY\r\n")])[-1][1].key == "smtp.command.unknown"


@pytest.mark.parametrize("code", sorted(codes()))
def test_each_reply_of_the_table_is_explained(code: int):
    [(_, _), (_, note)] = explained([COURSE[0], ("S", b"%d text\r\n" % code)])
    assert note.known and note.refs and catalog.say(note, "en")


@pytest.mark.parametrize("verb", sorted(commands()))
def test_each_command_of_the_table_is_explained(verb: str):
    note = Explainer().feed(Line("C", verb.encode()))
    assert note.known and note.refs and catalog.say(note, "vi")


def test_the_tables_are_whole():
    assert (len(commands()), len(codes()), len(extensions())) == (21, 41, 21) and len(enhanced()) > 50


def test_the_state_survives_a_blocks_border():
    first, second = Explainer(), Explainer()
    lines = [line for line, _ in explained(COURSE)]
    for line in lines[:7]:
        first.feed(line)
    second.restore(json.loads(json.dumps(first.state())))
    assert [second.feed(line) for line in lines[7:]] == [first.feed(line) for line in lines[7:]]


def test_parameters_and_mechanisms_are_named():
    turns = [
        COURSE[0],
        ("C", b"EHLO x\r\n"),
        ("S", b"250-lab.test\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n"),
    ]
    turns += [("C", b"AUTH CRAM-MD5\r\n"), ("S", b"501 no\r\n")]
    turns += [("C", b"MAIL FROM:<a@b.c> SIZE=12 BODY=8BITMIME SMTPUTF8\r\n")]
    notes = [note for _, note in explained(turns)]
    told = [[detail.badge for detail in notes[at].details if detail.badge] for at in (3, 4, 5, 7)]
    assert told == [["1000"], ["PLAIN", "LOGIN"], ["CRAM-MD5"], ["SIZE=12", "BODY=8BITMIME", "SMTPUTF8"]]
    for note in notes:
        for detail in note.details:
            assert catalog.say(detail, "en") != catalog.say(detail, "vi")


def test_what_is_no_smtp_is_told_as_unknown():
    notes = [note for _, note in explained([("S", b"hello\r\n"), ("C", b"XYZZY\r\n")])]
    assert [note.known for note in notes] == [False, False]

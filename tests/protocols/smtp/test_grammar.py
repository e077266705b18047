"""SMTP's lines and bodies, whole, byte by byte and with a tail."""

from __future__ import annotations

import pytest

from protocols.smtp.grammar import Framer, parse_command, parse_reply
from tests.protocols.smtp.dialogue import COURSE, frame


def test_the_courses_dialogue_has_one_body_and_a_dot_of_its_own():
    lines = frame(COURSE)
    assert [(line.speaker, line.kind) for line in lines[8:12]] == [
        ("S", "text"), ("C", "body"), ("C", "text"), ("S", "text"),
    ]  # fmt: skip
    assert lines[9].raw.startswith(b"Subject: test") and lines[10].raw == b"."
    assert sum(line.size for line in lines) == sum(len(raw) for _, raw in COURSE)


@pytest.mark.parametrize("step", [1, 2, 7])
def test_any_cut_gives_the_same_lines(step: int):
    assert frame(COURSE, step) == frame(COURSE)


def test_a_pipelined_data_still_begins_a_body():
    turns = [
        ("S", b"220 hi\r\n"),
        ("C", b"MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n"),
        ("S", b"250 ok\r\n250 ok\r\n354 go\r\n"),
        ("C", b"MAIL FROM:<not@a.command>\r\n.\r\nQUIT\r\n"),
    ]
    assert [line.kind for line in frame(turns)] == ["text"] * 7 + ["body", "text", "text"]


def test_a_body_that_is_cut_off_is_still_a_body():
    lines = frame([*COURSE[:9], ("C", b"Subject: a\r\n\r\nhal")])
    assert [(line.kind, line.size) for line in lines[-2:]] == [("body", 14), ("text", 3)]


def test_a_body_keeps_64_kib_and_counts_all():
    content = b"x" * 76 + b"\r\n"
    lines = frame([*COURSE[:9], ("C", content * 2000 + b".\r\n")])
    assert len(lines[9].raw) == 64 * 1024 and lines[9].size == 2000 * len(content) and lines[9].cut > 0


def test_a_bdat_chunk_is_a_body_of_the_size_it_says():
    lines = Framer().feed("C", b"BDAT 5 LAST\r\nab\r\ncQUIT\r\n")
    assert [(line.kind, line.raw) for line in lines] == [
        ("text", b"BDAT 5 LAST"), ("body", b"ab\r\nc"), ("text", b"QUIT"),
    ]  # fmt: skip


def test_commands_and_replies_are_taken_apart():
    command = parse_command(b"mail from:<ann@lab.test> SIZE=12 SMTPUTF8")
    assert (command.verb, command.path) == ("MAIL", "ann@lab.test")
    assert command.parameters == (("SIZE", "12"), ("SMTPUTF8", ""))
    reply = parse_reply(b"550 5.1.1 No such user here")
    assert reply and (reply.code, reply.enhanced, reply.text) == (550, "5.1.1", "No such user here")
    assert parse_reply(b"hello") is None and parse_reply(b"2501") is None

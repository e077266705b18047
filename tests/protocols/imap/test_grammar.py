"""IMAP's bytes become the same lines whole, byte by byte, and with a tail; words survive the way there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import Garbled
from protocols.imap.grammar import parse_command, parse_reply
from protocols.imap.syntax import Atom, Literal, String, decode_name, encode_name, ranges, tokens
from protocols.line import MAX_BODY
from tests.protocols.dialogue import Turn
from tests.protocols.imap.dialogue import COURSE, frame


@pytest.mark.parametrize("step", [1, 2, 7])
def test_pieces_of_any_size_give_the_same_lines(step: int):
    assert frame(COURSE, step) == frame(COURSE)


def test_every_byte_is_counted_once():
    assert sum(line.size for line in frame(COURSE)) == sum(len(raw) for _, raw in COURSE)


def test_a_literal_is_one_body_between_two_lines():
    lines = frame([("S", b"* 1 FETCH (BODY[] {9}\r\na\r\n{5}\r\nb)\r\n")])
    assert [(line.kind, line.raw) for line in lines] == [
        ("text", b"* 1 FETCH (BODY[] {9}"), ("body", b"a\r\n{5}\r\nb"), ("text", b")"),
    ]  # fmt: skip


def test_a_refused_literal_is_not_waited_for():
    lines = frame([("C", b"a APPEND x {9999}\r\n"), ("S", b"a NO too big\r\n"), ("C", b"b NOOP\r\n")])
    assert [line.raw for line in lines][-1] == b"b NOOP" and lines[-1].kind == "text"


def test_the_free_text_of_a_status_announces_no_literal():
    assert [line.kind for line in frame([("S", b"a OK see {5}\r\n* 1 EXISTS\r\n")])] == ["text", "text"]


def test_a_long_literal_is_counted_and_not_kept():
    size = MAX_BODY * 3
    _, body, _ = frame([("C", b"a APPEND x {%d+}\r\n" % size), ("C", b"x" * size + b"\r\n")])
    assert (len(body.raw), body.size, body.cut) == (MAX_BODY, size, size - MAX_BODY)


def test_a_literal_of_four_gibibytes_takes_no_memory_and_its_tail_is_kept():
    turns: list[Turn] = [("S", b"* 1 FETCH (BODY[] {4294967296}\r\nabc")]
    assert [(line.kind, line.size) for line in frame(turns)] == [("text", 32), ("body", 3)]


def test_bytes_that_are_no_text_are_told_as_such():
    assert frame([("C", b"\x16\x03\x01\0\n")])[0].kind == "binary"


def test_words_are_atoms_strings_lists_and_literals():
    assert tokens(b'(A "b \\"c" NIL) BODY[HEADER.FIELDS (X Y)]<0> {3+}') == (
        (Atom(b"A"), String(b'b "c'), Atom(b"NIL")), Atom(b"BODY[HEADER.FIELDS (X Y)]<0>"), Literal(3, False),
    )  # fmt: skip


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(raw: bytes):
    tokens(raw)
    parse_command(raw)
    parse_reply(raw)


def test_ten_thousand_parentheses_are_read_without_an_error():
    tokens(b"(" * 10_000)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_mailbox_name_survives_modified_utf7(name: str):
    assert decode_name(encode_name(name)) == name


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60))
def test_a_quoted_string_survives_quoting(text: str):
    raw = text.encode()
    quoted = b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    assert tokens(quoted) == (String(raw),)


def test_the_rfcs_mailbox_name_is_decoded():
    assert decode_name(b"~peter/mail/&U,BTFw-/&ZeVnLIqe-") == "~peter/mail/台北/日本語"


@given(st.lists(st.tuples(st.integers(1, 2**32), st.none() | st.integers(1, 2**32)), min_size=1, max_size=9))
def test_a_sequence_set_is_read_as_it_was_written(pairs: list[tuple[int, int | None]]):
    text = ",".join(f"{low}:{'*' if high is None else high}" for low, high in pairs)
    assert ranges(text) == tuple(pairs)


@pytest.mark.parametrize("text", ["", "0", "1:", "1,,2", "a", "1 2"])
def test_what_is_no_sequence_set_is_garbled(text: str):
    with pytest.raises(Garbled):
        ranges(text)


def test_a_uid_command_is_told_by_its_own_name():
    command = parse_command(b"a uid fetch 1:* flags")
    assert command and (command.name, command.uid, command.arguments[0]) == ("FETCH", True, Atom(b"1:*"))


def test_a_status_has_its_code_and_text():
    reply = parse_reply(b"* OK [PERMANENTFLAGS (\\Seen \\*)] kept")
    assert reply and (reply.code, reply.values, reply.text) == ("PERMANENTFLAGS", "(\\Seen \\*)", "kept")

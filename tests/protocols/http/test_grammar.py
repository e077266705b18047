"""What crossed is cut into lines and bodies, in whatever pieces it comes."""

from __future__ import annotations

import pytest

from protocols.http import grammar
from protocols.line import MAX_BODY
from tests.protocols.dialogue import Turn
from tests.protocols.http.dialogue import CHUNKED, FORM, GET, HEAD, OK, frame

DIALOGUES: dict[str, list[Turn]] = {
    "again": [GET, OK, GET, OK],
    "pipelined": [("C", GET[1] + HEAD[1] + GET[1]), ("S", OK[1] + OK[1][:-5] + OK[1])],
    "chunked": [GET, CHUNKED, GET, OK],
    "continue": [FORM, ("S", b"HTTP/1.1 100 Continue\r\n\r\n"), ("C", b"a=1&password=hunter2"), OK],
    "no-length": [GET, ("S", b"HTTP/1.0 200 OK\r\n\r\nhello\r\nworld")],
    "not-modified": [GET, ("S", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"), GET, OK],
    "more-than-announced": [GET, ("S", OK[1] + b" and more\r\n"), GET, OK],
    "less-than-announced": [GET, ("S", OK[1][:-3])],
    "garbage": [("C", b"\x16\x03\x01hello\r\n"), ("S", b"SSH-2.0-OpenSSH\r\n\0\xff\n")],
    "old": [("C", b"GET /\r\n"), ("S", b"HTTP/1.0 200 OK\r\n\r\nhi")],
    "tunnel": [
        ("C", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("S", b"HTTP/1.1 200 OK\r\n\r\n\0\1"),
        ("C", b"\2"),
    ],
}


@pytest.mark.parametrize("name", sorted(DIALOGUES))
@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_pieces_make_no_difference(name: str, step: int):
    turns = DIALOGUES[name]
    assert frame(turns, step) == frame(turns)


@pytest.mark.parametrize("name", sorted(DIALOGUES))
def test_not_a_byte_is_lost(name: str):
    turns = DIALOGUES[name]
    for speaker in "CS":
        sent = b"".join(raw for who, raw in turns if who == speaker)
        lines = [line for line in frame(turns) if line.speaker == speaker]
        assert b"".join(line.raw + line.end for line in lines) == sent
        assert sum(line.size for line in lines) == len(sent)


def kinds(name: str, speaker: str = "S") -> list[tuple[str, bytes]]:
    return [(line.kind, line.raw) for line in frame(DIALOGUES[name]) if line.speaker == speaker]


def test_the_answer_to_head_has_no_body_and_the_next_answer_is_seen():
    assert [raw for kind, raw in kinds("pipelined") if kind == "body"] == [b"hello", b"hello"]


def test_chunks_are_lines_of_their_own():
    assert kinds("chunked")[4:10] == [
        ("text", b"5;a=b"),
        ("body", b"hello"),
        ("text", b"6"),
        ("body", b" world"),
        ("text", b"0"),
        ("text", b"Expires: 0"),
    ]


def test_bytes_beyond_the_announced_length_are_no_line_of_the_protocol():
    assert ("binary", b" and more") in kinds("more-than-announced")


def test_a_body_that_ends_too_soon_is_told_as_far_as_it_came():
    assert kinds("less-than-announced")[-1] == ("body", b"he")


def test_what_is_not_http_is_binary():
    assert [kind for kind, _ in kinds("garbage")] == ["binary", "binary"]


def test_a_long_body_is_cut_and_counted():
    size = 3 * MAX_BODY
    turns: list[Turn] = [GET, ("S", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)]
    body = frame(turns, 4096)[-1]
    assert (len(body.raw), body.size, body.cut) == (MAX_BODY, size, size - MAX_BODY)


def test_endless_tiny_chunks_are_folded():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    lines = frame([GET, ("S", head + b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n")], 1000)
    assert len(lines) < 3 * grammar.MOST_CHUNKS
    assert [line.raw for line in lines[-2:]] == [b"0", b""]
    assert sum(line.size for line in lines if line.speaker == "S") == len(head) + 5000 * 6 + 5


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"GET / HTTP/1.1", grammar.Request("GET", "/", "1.1")),
        (b"GET /a", grammar.Request("GET", "/a", "0.9")),
        (b"M-SEARCH * HTTP/1.0", grammar.Request("M-SEARCH", "*", "1.0")),
        (b"GET / HTTP/1", None),
        (b"POST /", None),
        (b"G@T / HTTP/1.1", None),
        (b"", None),
    ],
)
def test_request_lines_are_read(raw: bytes, expected: grammar.Request | None):
    assert grammar.parse_request(raw) == expected


def test_status_field_and_chunk_lines_are_read():
    assert grammar.parse_status(b"HTTP/1.1 404 Not Found") == grammar.Status("1.1", 404, "Not Found")
    assert grammar.parse_status(b"HTTP/1.1 204") == grammar.Status("1.1", 204)
    assert grammar.parse_status(b"HTTP 200 OK") is None
    assert grammar.parse_field(b"Host : a ") == grammar.Field("Host", "a", spaced=True)
    assert grammar.parse_field(b"no colon") is None
    assert grammar.parse_chunk(b"1F;x") == grammar.Chunk(31, ";x")
    assert grammar.parse_chunk(b"-1") is None
    assert grammar.pairs('a="b;c"; d') == [("a", "b;c"), ("d", "")]

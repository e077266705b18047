"""Bytes cut into lines: whole, byte by byte, with a tail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.line import LineSplitter


def whole(raw: bytes, limit: int = 64) -> list[tuple[bytes, bytes, int]]:
    return LineSplitter(limit).feed(raw)


def test_lines_end_at_lf_and_keep_which_ending_it_was():
    assert whole(b"EHLO a\r\nNOOP\nrest") == [(b"EHLO a", b"\r\n", 8), (b"NOOP", b"\n", 5)]


def test_a_line_that_never_ends_is_given_by_flush_without_ending():
    splitter = LineSplitter()
    assert splitter.feed(b"QUI") == []
    assert splitter.flush() == (b"QUI", b"", 3)
    assert splitter.flush() is None


def test_a_line_beyond_the_limit_is_cut_and_counted():
    assert whole(b"x" * 100 + b"\r\n", limit=10) == [(b"x" * 10, b"\r\n", 102)]


@given(st.binary(max_size=300).map(lambda raw: raw.replace(b"\0", b"\r\n")), st.integers(1, 80))
def test_any_cut_of_the_stream_gives_the_same_lines(raw: bytes, limit: int):
    single, parts = LineSplitter(limit), []
    for at in range(len(raw)):
        parts += single.feed(raw[at : at + 1])
    assert parts == whole(raw, limit)
    assert sum(size for _, _, size in parts) + single.pending == len(raw)

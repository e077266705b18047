"""Paths and letters: whole, in pieces, and with something behind them."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.letter import BareLine, path, read_letter

LINES = st.lists(
    st.binary(max_size=40).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")), max_size=8
)
TAIL = b"MAIL FROM:<a@b>\r\n"


def stuffed(letter):
    return (b"\r\n" + letter).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def read(pieces, size=1000):
    async def reading():
        reader = asyncio.StreamReader()
        task = asyncio.create_task(read_letter(reader, size, lambda: None))
        for piece in pieces:
            reader.feed_data(piece)
            await asyncio.sleep(0)
        reader.feed_eof()
        return await task, await reader.read()

    return asyncio.run(reading())


@settings(max_examples=60, deadline=None)
@given(LINES, st.integers(1, 7))
def test_a_letter_is_the_same_whole_or_in_pieces_and_its_tail_stays(lines, step):
    letter = b"".join(line + b"\r\n" for line in lines)
    wire = stuffed(letter) + TAIL
    pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
    assert read([wire]) == read(pieces) == (letter, TAIL)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"x", b"\r\n"]), max_size=12).map(b"".join))
def test_no_bytes_end_a_letter_but_the_one_true_end(raw):
    # What stands behind the true end is no letter any more (it found b"\r\n.\r\n\r": the CR is the next command's).
    letter = (b"a" + raw).split(b"\r\n.\r\n")[0].replace(b"\r\n", b"")
    if b"\n" in letter or b"\r" in letter:
        with pytest.raises((BareLine, asyncio.IncompleteReadError)):
            read([b"a" + raw + b"b", b"\r\n"])


def test_size_counts_the_letter_and_not_its_stuffing():
    exact = b".\r\n" * 5 + b"x" * 83 + b"\r\n"
    assert len(exact) == 100
    assert read([stuffed(exact)], size=100) == (exact, b"")
    assert read([stuffed(b"y" + exact)], size=100) == (None, b"")


def test_a_letter_far_too_large_is_read_to_its_end_without_being_kept():
    huge = [b"x" * 998 + b"\r\n"] * 6000
    assert read([*huge, b".\r\nNOOP\r\n"], size=1000) == (None, b"NOOP\r\n")


def test_a_letter_cut_off_is_no_letter():
    with pytest.raises(asyncio.IncompleteReadError):
        read([b"Subject: x\r\n\r\n."])


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("<ann@lab.test>", "ann@lab.test", ""),
        ("<ann@lab.test> SIZE=1", "ann@lab.test", "SIZE=1"),
        ("ann@lab.test", "ann@lab.test", ""),
        ("<>", "<>", ""),
        ("<> BODY=8BITMIME", "<>", "BODY=8BITMIME"),
        ("<@a.example,@b.example:ann@lab.test>", "ann@lab.test", ""),
        ("<postmaster>", "postmaster", ""),
        ('<"a b\\" @ c"@lab.test>', '"a b\\" @ c"@lab.test', ""),
        ("<ngọc@lab.test>", "ngọc@lab.test", ""),
    ],
)
def test_paths_are_read(text, address, rest):
    assert path(text) == (address, rest)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='<>@:," \\ab\r\n\0\x7f\u202e.', max_size=30))
def test_no_path_carries_a_line_break_or_a_control(text):
    address, _ = path(text)
    assert address is None or address.isprintable()

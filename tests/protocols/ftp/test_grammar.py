"""FTP's lines, whole, byte by byte and with a tail; replies of many lines; the numbers of data connections."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import Garbled
from protocols.ftp.endpoint import (
    Endpoint,
    eprt_argument,
    parse_229,
    parse_eprt,
    parse_long,
    parse_six,
    port_argument,
)  # fmt: skip
from protocols.ftp.grammar import Answers, Command, Framer, command_line, parse_command, parse_reply


def test_commands_and_replies_are_taken_apart():
    assert parse_command(b"retr  two spaces ") == Command("RETR", " two spaces ")
    assert parse_command(b"\xff\xf4\xff\xf2ABOR") == Command("ABOR")
    assert parse_command(b"CWD caf\xe9") == Command("CWD", "café")
    reply = parse_reply(b"550 no such file")
    assert reply and (reply.code, reply.text, reply.last) == (550, "no such file", True)
    assert parse_reply(b"230-hello").last is False and parse_reply(b"230").last
    for none in (b"hello", b"2301 x", b"23", b"", b" 230 x", b"730 x"):
        assert parse_reply(none) is None


def test_a_reply_of_many_lines_ends_only_at_its_own_code():
    answers = Answers()
    lines = [b"211-Features:", b" MDTM", b"230 not the end", b"211-still", b"  211 indented", b"211 End"]
    found = [answers.feed(line) for line in lines]
    assert found[:-1] == [None] * 5 and answers.open == 0
    assert found[-1].code == 211 and found[-1].text == "End"
    assert found[-1].lines == ("Features:", " MDTM", "230 not the end", "still", "  211 indented", "End")
    with pytest.raises(Garbled):
        answers.feed(b"SSH-2.0-OpenSSH")


@pytest.mark.parametrize("bad", ["a\rb", "a\nQUIT", "a\0b"])
def test_no_line_break_gets_into_a_command(bad):
    with pytest.raises(Garbled):
        command_line("RETR", bad)
    assert command_line("RETR", "Bài 1") == "RETR Bài 1\r\n".encode() and command_line("QUIT") == b"QUIT\r\n"


@given(st.lists(st.tuples(st.sampled_from("CS"), st.binary(max_size=60)), max_size=12), st.integers(1, 9))
def test_the_framer_loses_no_byte_and_pieces_make_no_difference(turns, step):
    def framed(size):
        framer, lines = Framer(), []
        for speaker, raw in turns:
            for at in range(0, len(raw), size):
                lines += framer.feed(speaker, raw[at : at + size])
        return lines + framer.close()

    assert framed(step) == framed(10**6)
    for speaker in "CS":
        sent = b"".join(raw for who, raw in turns if who == speaker)
        assert b"".join(line.raw + line.end for line in framed(step) if line.speaker == speaker) == sent


@given(st.ip_addresses(), st.integers(1, 65535))
def test_what_is_written_is_read_again(address, port):
    where = Endpoint(str(address), port)
    assert parse_eprt(eprt_argument(where)) == where
    if address.version == 4:
        assert parse_six(port_argument(where)) == where
        assert parse_six(f"Entering Passive Mode ({port_argument(where)}).") == where
    assert parse_229(f"Entering Extended Passive Mode (|||{port}|)") == port


def test_numbers_that_are_none():
    assert parse_six("227 =127,0,0,1,156,65") == Endpoint("127.0.0.1", 40001)
    assert Endpoint("127.0.0.1", 40001).high == 156 and Endpoint("127.0.0.1", 40001).low == 65
    assert parse_six("(127,0,0,256,1,1)") is None and parse_six("1,2,3,4,5") is None
    assert (
        parse_229("(!!!6446!)") == 6446 and parse_229("(|||0|)") is None and parse_229("(|||99999|)") is None
    )
    for bad in (
        "",
        "|1|::1|21|",
        "|2|127.0.0.1|21|",
        "|3|127.0.0.1|21|",
        "|1|localhost|21|",
        "|1|1.2.3.4|0|",
    ):
        assert parse_eprt(bad) is None
    assert parse_long("4,4,127,0,0,1,2,156,65") == Endpoint("127.0.0.1", 40001)
    assert parse_long("228 (6,16,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1,2,156,65)") == Endpoint("::1", 40001)
    assert parse_long("4,4,127,0,0,1") is None and parse_long("4,4,127,0,0,1,2,300,1") is None

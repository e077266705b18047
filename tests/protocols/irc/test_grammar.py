"""IRC's lines read and written, whole and byte by byte; texts split; names compared; modes and 005 read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import Garbled
from protocols.irc.grammar import (
    Framer,
    Message,
    Source,
    fold,
    format_ctcp,
    format_message,
    is_channel,
    is_nick,
    parse_ctcp,
    parse_message,
    talk,
)
from protocols.irc.pieces import room_for_text, split_text
from protocols.irc.support import ModeChange, Support, format_modes, parse_modes

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=300)
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0 :"), min_size=1, max_size=20)


def test_a_line_is_read_into_tags_source_command_and_parameters():
    raw = b"@time=2026-01-01T00:00:00.000Z;+draft/reply=a\\s\\:\\\\b :ann!u@h privmsg  #lab  :hi  there "
    assert parse_message(raw) == Message(
        "PRIVMSG",
        ("#lab", "hi  there "),
        "ann!u@h",
        {"time": "2026-01-01T00:00:00.000Z", "+draft/reply": "a ;\\b"},
    )


@pytest.mark.parametrize(
    "raw", [b"", b"   ", b":only.a.source", b"@tag=1", b"\x16\x03\x01\x02", b"12 a", b"{}"]
)
def test_what_has_no_command_is_no_message(raw: bytes):
    assert parse_message(raw) is None


def test_the_fifteenth_parameter_takes_all_that_is_left():
    raw = b"X " + b" ".join(b"%d" % n for n in range(1, 18))
    message = parse_message(raw)
    assert message is not None and len(message.params) == 15 and message.params[-1] == "15 16 17"


def test_a_source_is_cut_into_nick_user_and_host():
    assert parse_message(b":ann!~a@ip6.host PING").who == Source("ann", "~a", "ip6.host")  # type: ignore[union-attr]
    assert parse_message(b":irc.lab.test 001 ann").nick == "irc.lab.test"  # type: ignore[union-attr]
    assert str(Source("ann", "a", "h")) == "ann!a@h"


@given(command=st.sampled_from(["PRIVMSG", "JOIN", "001"]), words=st.lists(WORD, max_size=13), last=TEXT,
       source=st.sampled_from(["", "ann!u@h", "irc.lab.test"]), value=TEXT)  # fmt: skip
def test_what_was_written_is_read_again(command: str, words: list[str], last: str, source: str, value: str):
    raw = format_message(command, *words, last, source=source, tags={"+a/b": value, "c": None})
    assert raw.endswith(b"\r\n")
    assert parse_message(raw[:-2]) == Message(command, (*words, last), source, {"+a/b": value, "c": ""})


@pytest.mark.parametrize("params", [("a\r\nQUIT",), ("a\0b",), ("a b", "c"), (":a", "c"), ("", "c")])
def test_what_cannot_be_said_is_garbled(params: tuple[str, ...]):
    with pytest.raises(Garbled):
        format_message("PRIVMSG", *params)


@given(raw=st.binary(max_size=400), step=st.integers(1, 7), tail=st.booleans())
def test_bytes_in_any_pieces_make_the_same_lines(raw: bytes, step: int, tail: bool):
    raw += b"" if tail else b"\r\n"
    whole, pieces = Framer(), Framer()
    want = whole.feed("S", raw) + whole.close()
    got = [line for at in range(0, len(raw), step) for line in pieces.feed("S", raw[at : at + step])]
    assert got + pieces.close() == want
    assert sum(line.size for line in want) == len(raw)


def test_formatting_and_ctcp_are_text_but_tls_and_telnet_are_not():
    kinds = [
        line.kind
        for line in Framer().feed(
            "C", b"PRIVMSG #a :\x02b\x02 \x0304red\x0f\x01\r\n\x16\x03\x01\x00\n\xff\xfb\x1f\n"
        )
    ]
    assert kinds == ["text", "binary", "binary"]  # fmt: skip


def test_text_that_is_no_utf8_is_latin_1():
    assert parse_message(b"PRIVMSG #a :caf\xe9").param(1) == "café"  # type: ignore[union-attr]


@given(text=TEXT, room=st.integers(4, 100))
def test_a_split_text_fits_and_loses_nothing_but_spaces_at_the_cuts(text: str, room: int):
    pieces = split_text(text, room)
    assert all(0 < len(piece.encode()) <= room for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_a_character_of_many_code_points_stays_whole():
    family = "👨\u200d👩\u200d👧"
    assert all(piece.replace(family, "") == "" for piece in split_text(family * 20, 50))
    assert split_text("e\u0301" * 9, 7) == ["e\u0301\u0065\u0301"] * 4 + ["e\u0301"]


def test_a_text_of_100_000_characters_becomes_lines_of_512_bytes():
    source, text = "ann!ann@localhost", "học mạng " * 11_112
    pieces = split_text(text, room_for_text("PRIVMSG", "#lab", source))
    lines = [format_message("PRIVMSG", "#lab", piece, source=source) for piece in pieces]
    assert max(map(len, lines)) <= 512 and min(map(len, lines[:-1])) > 490


def test_line_breaks_end_a_piece():
    assert split_text("one\r\n\r\ntwo\nthree", 100) == ["one", "two", "three"]


def test_names_are_compared_by_the_servers_casemapping():
    assert fold("[A]\\~") == "{a}|^" and fold("[A]\\~", "ascii") == "[a]\\~"
    assert fold("[A]\\~", "rfc1459-strict") == "{a}|~" and fold("ĐÀ", "ascii") == "ĐÀ"


def test_nicks_and_channels_are_told_from_what_is_none():
    assert all(is_nick(nick) for nick in ("ann", "[x]", "a-1", "_"))
    assert not any(is_nick(nick) for nick in ("", "1a", "-a", "a b", "a!b", "a@b", "#a", "đào", "a" * 31))
    assert is_channel("#a") and is_channel("&học") and is_channel("##")
    assert not any(is_channel(name) for name in ("#", "a", "#a b", "#a,b", "#a\x07", "#" + "a" * 64))


def test_ctcp_is_read_with_and_without_its_end():
    assert parse_ctcp("\x01ACTION waves\x01") == ("ACTION", "waves") == parse_ctcp("\x01action waves")
    assert parse_ctcp("hi") is None and parse_ctcp("\x01") is None and parse_ctcp("\x01\x01") is None
    assert parse_ctcp(format_ctcp("VERSION")) == ("VERSION", "")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b":ann!u@h PRIVMSG #a :hi there", b"hi there"),
        (b"@time=1;x :ann!u@h NOTICE ben :hi", b"hi"),
        (b"privmsg #a hi you", b"hi you"),
        (b"TOPIC #a :News", b"News"),
        (b":s 332 ann #a :News", b"News"),
        (b":s 322 ann #a 3 :News", b"News"),
        (b":s 301 ann ben :at lunch", b"at lunch"),
        (b"KICK #a ben :too loud", b"too loud"),
        (b"PART #a :bye", b"bye"),
        (b":ann!u@h QUIT :bye", b"bye"),
        (b"AWAY :lunch", b"lunch"),
        (b":irc.lab.test NOTICE * :welcome", None),
        (b"TOPIC #a", None),
        (b"AWAY", None),
        (b"JOIN #a :key", None),
        (b":s 001 ann :Welcome", None),
        (b"PRIVMSG #a :", None),
    ],
)
def test_a_persons_words_are_found_in_a_line(raw: bytes, words: bytes | None):
    span = talk(raw)
    assert (raw[slice(*span)] if span else None) == words


@given(st.binary(max_size=200))
def test_talk_never_stumbles(raw: bytes):
    span = talk(raw)
    assert span is None or 0 <= span[0] < span[1] <= len(raw)


def test_005_changes_the_rules():
    support = Support().with_tokens(
        [
            "me",
            "PREFIX=(qaohv)~&@%+",
            "CHANTYPES=#",
            "CHANMODES=b,k,l,imnpst",
            "NETWORK=The\\x20Lab",
            "are supported",
        ]
    )
    support = support.with_tokens(["me", "CASEMAPPING=ascii", "NICKLEN=30", "are supported by this server"])
    assert support.tokens["NETWORK"] == "The Lab" and support.number("NICKLEN") == 30
    assert support.fold("[A]") == "[a]" and support.is_channel("#a") and not support.is_channel("&a")
    assert support.split_prefixes("~@ann") == ("~@", "ann")
    assert "NETWORK" not in support.with_tokens(["me", "-NETWORK"]).tokens


def test_modes_are_read_with_their_arguments_and_written_again():
    words = ["+ov-l+kb-i", "ann", "ben", "key", "*!*@bad"]
    changes = parse_modes(words, Support())
    assert changes == [
        ModeChange(True, "o", "ann"), ModeChange(True, "v", "ben"), ModeChange(False, "l"),
        ModeChange(True, "k", "key"), ModeChange(True, "b", "*!*@bad"), ModeChange(False, "i"),
    ]  # fmt: skip
    assert format_modes(changes) == words and str(changes[0]) == "+o ann"
    assert parse_modes(["+iw"]) == [ModeChange(True, "i"), ModeChange(True, "w")] and parse_modes([]) == []

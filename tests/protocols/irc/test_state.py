"""A connection's short way for talk gives what the long way gives, whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.irc import state
from protocols.irc.events import Identity, Said
from protocols.irc.support import Support

WELCOME = (
    b":s 001 ann :hi",
    b":s 005 ann CHANTYPES=#& PREFIX=(ov)@+ :are",
    b":s 376 ann :end",
    b":ann!a@h JOIN #lab",
)
TALK = [
    b":ben!b@h PRIVMSG #lab :hello",
    b":ben!b@h PRIVMSG #lab hello",
    b":ben!b@h PRIVMSG #lab :\x01ACTION waves\x01",
    b":ben!b@h PRIVMSG #lab :\x01PING 1\x01",
    b":ben!b@h NOTICE #lab :psst",
    b":ann!a@h PRIVMSG #lab :my own",
    b":ANN!a@h PRIVMSG #lab :my own in capitals",
    b"@time=2026-11-25T10:00:00.000Z;msgid=x1 :ben!b@h PRIVMSG #lab :tagged",
    b":ben!b@h PRIVMSG ann :to me",
    b":s NOTICE ann :from the server",
    b":ben!b@h PRIVMSG #lab :",
    b":ben!b@h PRIVMSG #lab",
    b":ben!b@h PRIVMSG",
    b"PRIVMSG",
    b":ben!b@h privmsg #lab :small letters",
    b":ben!b@h PRIVMSG #lab :Vi\xe1\xbb\x87t \xff",
]


def connected() -> state.Connection:
    connection = state.Connection(Identity("ann", "ann", "Ann"))
    for line in WELCOME:
        connection.feed(line)
    return connection


def both(raw: bytes) -> tuple[list, list]:
    short, long = connected(), connected()
    found = short.feed(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "said_to_all", lambda raw: None)
        return found, long.feed(raw)


def without_time(events: list) -> list[str]:
    return [
        repr(event).replace(repr(event.mark.at), "now") if hasattr(event, "mark") else repr(event)
        for event in events
    ]


@pytest.mark.parametrize("raw", TALK)
def test_a_line_of_talk_is_heard_alike_by_both_ways(raw):
    short, long = both(raw)
    assert without_time(short) == without_time(long)


def test_talk_to_a_channel_is_heard_as_said():
    assert [type(one) for one in connected().feed(TALK[0])] == [Said]


@given(
    st.lists(
        st.sampled_from(
            [b":ben!b@h ", b"PRIVMSG ", b"#lab ", b":", b"\x01ACTION ", b"\x01", b"@a=b ", b"hi", b" "]
        )
    )
)
def test_no_pieces_of_talk_part_the_two_ways(pieces):
    short, long = both(b"".join(pieces))
    assert without_time(short) == without_time(long)


@pytest.mark.parametrize("raw", [b"x\0y :ben!b@h PRIVMSG #lab :hello", b"x :ben!b@h PRIVMSG #lab :hel\0lo"])
def test_a_line_with_nul_is_not_taken_before_the_nul_is_out(raw):
    line = b"@time=2026-11-25T10:00:00.000Z;msgid=" + raw
    assert connected().said_to_all(line) is None
    assert "\\x00" not in repr(connected().feed(line))


@pytest.mark.parametrize(
    ("tokens", "target", "channel"),
    [
        ("PREFIX=(ov)@+ CHANTYPES=#&", "#lab", "#lab"),
        ("PREFIX=(ov)@+ CHANTYPES=#&", "@#lab", "#lab"),
        ("PREFIX=(ov)@+ CHANTYPES=#&", "&staff", "&staff"),
        ("PREFIX=(qaohv)~&@%+ CHANTYPES=#&+", "&staff", "&staff"),
        ("PREFIX=(qaohv)~&@%+ CHANTYPES=#&+", "+open", "+open"),
        ("PREFIX=(qaohv)~&@%+ CHANTYPES=#", "&#lab", "#lab"),
        ("PREFIX=(qaohv)~&@%+ CHANTYPES=# STATUSMSG=@+", "@+#lab", "#lab"),
        ("PREFIX=(ov)@+ CHANTYPES=#", "ann", ""),
        ("PREFIX=(ov)@+ CHANTYPES=#", "", ""),
    ],
)
def test_the_channel_that_a_message_is_for_stands_behind_a_sign_of_status(tokens, target, channel):
    assert Support().with_tokens(tokens.split()).channel_of(target) == channel

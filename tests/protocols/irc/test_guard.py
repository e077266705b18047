"""No password of an IRC conversation survives the guard, however it is said; what is none stays."""

from __future__ import annotations

import base64

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.protocols.dialogue import Turn, digest
from tests.protocols.irc.dialogue import guarded

SECRET = b"pa55w\xc3\xb6rd"
PLAIN = base64.b64encode(b"\0ann\0" + SECRET)
LONG = base64.b64encode(b"ann\0ann\0" + SECRET * 50)
GO: Turn = ("S", b"AUTHENTICATE +\r\n")


def ways(secret: bytes) -> dict[str, list[Turn]]:
    """Each way in which ``secret`` may be said; the last turn is the client's with the secret in it."""
    plain = base64.b64encode(b"\0ann\0" + secret)
    said = {
        "PASS": b"PASS " + secret,
        "PASS with a colon": b"pass  :" + secret,
        "PASS without a space": b"PASS:" + secret,
        "PASS with tags": b"@label=1 :ann PASS " + secret,
        "PASS with the user": b"PASS ann:" + secret,
        "PASS behind a lone CR": b"NICK ann\rPASS " + secret,
        "PASS behind telnet's options": b"\xff\xfb\x1fPASS " + secret,
        "a client's slash": b"/PASS " + secret,
        "a client's /quote": b"/quote PASS " + secret,
        "PASSWORD": b"PASSWORD " + secret,
        "OPER": b"OPER ann " + secret,
        "OPER alone": b"OPER " + secret,
        "VHOST": b"VHOST ann " + secret,
        "REGISTER": b"REGISTER ann ann@lab.test " + secret,
        "REGISTER in short": b"REGISTER " + secret,
        "VERIFY": b"VERIFY ann " + secret,
        "WEBIRC": b"WEBIRC " + secret + b" gateway host 127.0.0.1",
        "NickServ": b"PRIVMSG NickServ :IDENTIFY " + secret,
        "NickServ with an account": b"PRIVMSG nickserv :identify ann " + secret,
        "NickServ in a notice": b"NOTICE NickServ :IDENTIFY " + secret,
        "NickServ at its host": b"PRIVMSG NickServ@services.lab.test :id " + secret,
        "NickServ without a colon": b"PRIVMSG NickServ IDENTIFY " + secret,
        "NickServ by SQUERY": b"SQUERY NickServ :IDENTIFY " + secret,
        "NickServ's shortcut": b"NS IDENTIFY " + secret,
        "NickServ's longer shortcut": b"NICKSERV :IDENTIFY ann " + secret,
        "IDENTIFY": b"IDENTIFY " + secret,
        "NickServ's REGISTER": b"PRIVMSG NickServ :REGISTER " + secret + b" ann@lab.test",
        "NickServ's SET": b"PRIVMSG NickServ :SET PASSWORD " + secret,
        "NickServ's SETPASS": b"PRIVMSG NickServ :SETPASS ann key12345 " + secret,
        "NickServ's GHOST": b"PRIVMSG NickServ :GHOST ben " + secret,
        "an unknown service word": b"PRIVMSG NickServ :FROBNICATE " + secret,
        "ChanServ's REGISTER": b"PRIVMSG ChanServ :REGISTER #lab " + secret + b" a channel",
        "Q": b"PRIVMSG Q@CServe.quakenet.org :AUTH ann " + secret,
        "X": b"PRIVMSG X@channels.undernet.org :LOGIN ann " + secret,
        "AUTH": b"AUTH ann " + secret,
        "by mistake into a channel": b"PRIVMSG #lab :/msg NickServ IDENTIFY " + secret,
        "by mistake without the slash": b"PRIVMSG #lab :nickserv identify ann " + secret,
        "by mistake, one word": b"PRIVMSG #lab :identify " + secret,
        "by mistake, oper": b"PRIVMSG #lab :/oper ann " + secret,
        "by mistake in an action": b"PRIVMSG #lab :\x01ACTION identify " + secret + b"\x01",
        "by mistake in a farewell": b"PART #lab :nickserv identify " + secret,
        "by mistake in another": b"QUIT :/msg NickServ identify " + secret,
        "with tabs": b"PRIVMSG\tNickServ :IDENTIFY\t" + secret,
        "as a client's line": b"/msg NickServ identify " + secret,
        "a channel's key": b"JOIN #lab " + secret,
        "the second key": b"JOIN #a,#b x," + secret,
        "MODE +k": b"MODE #lab +k " + secret,
        "MODE with more": b"MODE #lab +okl ann " + secret + b" 5",
        "MODE -k": b"MODE #lab -k " + secret,
        "a nick with a password": b"NICK ann " + secret,
        "AUTHENTICATE too early": b"AUTHENTICATE " + plain,
    }
    begun: list[Turn] = [("C", b"AUTHENTICATE PLAIN\r\n"), GO]
    found: dict[str, list[Turn]] = {name: [("C", line + b"\r\n")] for name, line in said.items()}
    found |= {
        "SASL": [*begun, ("C", b"AUTHENTICATE " + plain + b"\r\n")],
        "SASL, lower case": [*begun, ("C", b"authenticate :" + plain + b"\r\n")],
        "SASL without the word": [*begun, ("C", plain + b"\r\n")],
        "SASL in clear": [*begun, ("C", secret + b"\r\n")],
        "SASL, refused": [*begun, ("S", b":s 904 ann :no\r\n"), ("C", plain + b"\r\n")],
        "after a refused PASS": [("C", b"PASS x\r\n"), ("S", b":s 464 ann :no\r\n"), ("C", secret + b"\r\n")],
        "PASS, and then": [("C", b"PASS\r\n"), ("C", secret + b"\r\n")],
    }
    return found


WAYS = ways(SECRET)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden_and_the_next_line_is_not(way: str, step: int):
    lines = guarded([*WAYS[way], ("C", b"PING abc\r\n")], step)
    kept = b"\n".join(line.raw for line in lines)
    assert SECRET not in kept and PLAIN not in kept
    assert lines[-2].hidden and lines[-1].raw == b"PING abc"
    assert all(line.cut == 0 for line in lines)


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden_where_the_connection_ends_in_it(way: str):
    turns = [*WAYS[way][:-1], ("C", WAYS[way][-1][1][:-2])]
    assert SECRET not in b"".join(line.raw for line in guarded(turns))


@example(
    secret="X00000", way="after a refused PASS", step=1, end=b"\r\n"
)  # it begins with the letter of a command
@given(
    secret=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=6, max_size=40),
    way=st.sampled_from(sorted(WAYS)), step=st.integers(1, 50), end=st.sampled_from([b"\r\n", b"\n", b" \r\n", b""]),
)  # fmt: skip
def test_no_password_survives_in_any_pieces(secret: str, way: str, step: int, end: bytes):
    raw = secret.encode()
    assume(len(raw.strip()) >= 6 and raw.split() == [raw.strip()])
    turns = ways(raw)[way]
    lines = guarded([*turns[:-1], ("C", turns[-1][1][:-2] + end)], step)
    kept = b"\n".join(line.raw for line in lines)
    common = turns[-1][1].replace(raw, b"").lower()
    if raw.strip().lower() not in common and not secret.startswith((":", "/", "@", "+", ",")):
        assert raw.strip() not in kept


def test_a_password_in_pieces_of_400_bytes_is_hidden_and_its_user_known():
    pieces = [LONG[at : at + 400] for at in range(0, len(LONG), 400)]
    turns: list[Turn] = [("C", b"AUTHENTICATE PLAIN\r\n"), GO]
    turns += [("C", b"AUTHENTICATE " + piece + b"\r\n") for piece in pieces]
    lines = guarded(turns)
    assert len(pieces) == 2 and all(line.raw == b"AUTHENTICATE " for line in lines[2:])
    assert lines[-1].hidden[0].user == "ann" and lines[-1].hidden[0].fingerprint == digest(SECRET * 50)


def test_a_last_piece_of_exactly_400_bytes_is_ended_by_a_plus():
    turns: list[Turn] = [("C", b"AUTHENTICATE PLAIN\r\n"), GO, ("C", b"AUTHENTICATE " + b"A" * 400 + b"\r\n")]
    lines = guarded(
        [*turns, ("C", b"AUTHENTICATE +\r\n"), ("S", b":s 903 ann :in\r\n"), ("C", b"FOO bar\r\n")]
    )
    assert [line.raw for line in lines[2:]] == [
        b"AUTHENTICATE ",
        b"AUTHENTICATE +",
        b":s 903 ann :in",
        b"FOO bar",
    ]


def test_the_same_password_has_the_same_fingerprint_however_it_was_said():
    for way in (
        "PASS",
        "PASS with the user",
        "OPER",
        "NickServ with an account",
        "SASL",
        "NickServ's SET",
        "REGISTER",
    ):
        assert guarded(WAYS[way])[-1].hidden[0].fingerprint == digest(SECRET), way


def test_what_the_server_repeats_is_hidden_too():
    for said in (
        b":ann!u@h PRIVMSG NickServ :IDENTIFY ann ",
        b":NickServ!s@h NOTICE ann :You said ",
        b":s 421 ann ",
    ):
        lines = guarded([*WAYS["NickServ with an account"], ("S", said + SECRET + b" :x\r\n")])
        assert SECRET not in lines[-1].raw and lines[-1].raw.startswith(said[:6])


@pytest.mark.parametrize(
    "raw",
    [
        b":NickServ!s@h NOTICE ann :Your password is \x02" + SECRET + b"\x02 - remember it",
        b":ChanServ!s@h NOTICE ann :Key for channel #lab is: " + SECRET,
        b":ann!u@h MODE #lab +k " + SECRET,
        b":s 324 ann #lab +ntk " + SECRET,
        b":s 696 ann #lab k " + SECRET + b" :Invalid mode parameter",
        b":ann!u@h PRIVMSG NickServ :IDENTIFY " + SECRET,
    ],
)
def test_secrets_that_only_the_server_says_are_hidden(raw: bytes):
    assert SECRET not in guarded([("S", raw + b"\r\n")])[0].raw


@pytest.mark.parametrize(
    "raw",
    [
        b"NICK ann",
        b"USER ann 0 * :Ann Pass",
        b"JOIN #lab",
        b"JOIN #a,#b",
        b"MODE #lab +o ann",
        b"MODE #lab -k *",
        b"MODE ann +ik",
        b"AUTHENTICATE PLAIN",
        b"AUTHENTICATE *",
        b"PRIVMSG #lab :the password of the course is in the book",
        b"PRIVMSG #lab :please identify the problem with our code",
        b"PRIVMSG #lab :/me passes",
        b"PRIVMSG ben :register for the exam by Friday",
        b"PRIVMSG NickServ :HELP IDENTIFY",
        b"PRIVMSG NickServ :GHOST ben",
        b"PRIVMSG ChanServ :OP #lab ann",
        b"NS INFO ann",
        b"TOPIC #lab :PASS the exam",
    ],
)
def test_what_is_no_secret_stays_as_it_is(raw: bytes):
    assert guarded([("C", raw + b"\r\n")])[0].raw == raw


def test_a_channels_key_does_not_blank_out_the_same_word_in_talk():
    lines = guarded([("C", b"JOIN #lab test\r\nPRIVMSG #lab :this is a test\r\n")])
    assert lines[0].raw == b"JOIN #lab " and lines[1].raw == b"PRIVMSG #lab :this is a test"


def test_a_key_is_found_by_the_servers_own_list_of_modes():
    rules: Turn = ("S", b":s 005 ann CHANMODES=beIq,k,lj,imnpst PREFIX=(qaohv)~&@%+ :are supported\r\n")
    lines = guarded([rules, ("C", b"MODE #lab +jakl 3:1 ann " + SECRET + b" 9\r\n")])
    assert lines[-1].raw == b"MODE #lab +jakl 3:1 ann  9" and lines[-1].hidden[0].start == 24


def test_a_line_that_is_too_long_hides_its_password_too():
    [line] = guarded([("C", b"PASS " + b"x" * 200_000 + b"\r\n")])
    assert line.raw == b"PASS " and b"x" not in line.raw

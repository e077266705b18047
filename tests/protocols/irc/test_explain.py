"""Each line of an IRC conversation is told with the connection's state in mind, in both languages."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from protocols import catalog
from protocols.irc.commands import commands
from protocols.irc.replies import numerics, outcome
from protocols.line import Line
from tests.protocols.irc.dialogue import explained, lines

SIGN_IN = r"""
S: :irc.lab.test NOTICE * :Welcome
C: CAP LS 302
C: NICK ann
C: USER ann 0 * :Ann
S: :irc.lab.test CAP * LS :sasl=PLAIN server-time own.test/thing
C: CAP REQ :sasl server-time
S: :irc.lab.test CAP ann ACK :sasl server-time
C: AUTHENTICATE PLAIN
S: AUTHENTICATE +
C: AUTHENTICATE AGFubgBzZWNyZXQxMjM=
S: :irc.lab.test 900 ann ann!ann@h ann :You are now logged in as ann
S: :irc.lab.test 903 ann :SASL authentication successful
C: CAP END
S: :irc.lab.test 001 ann :Welcome
S: :irc.lab.test 005 ann PREFIX=(ov)@+ CHANMODES=beI,k,l,imnpst NICKLEN=30 :are supported by this server
"""
TALK = (
    SIGN_IN
    + r"""
C: JOIN #lab
S: @time=2026-01-01T00:00:00.000Z :ann!a@h JOIN #lab
S: :irc.lab.test 353 ann = #lab :@ann +ben
C: PRIVMSG #lab :hello \x02all\x02
C: PRIVMSG ben :\x01ACTION waves\x01
S: :ben!b@h PRIVMSG #lab :hi
S: :ann!a@h MODE #lab +ov-l ben cat
S: :ben!b@h KICK #lab ann :out
S: :irc.lab.test 433 ann ben :Nickname is already in use
C: QUIT :bye
S: ERROR :Closing link
"""
)


def told(notes, language="en") -> list[str]:
    return [catalog.say(note, language) for note in notes]


def test_whoever_a_netsplit_takes_away_has_not_left_by_themselves():
    said = lines(
        SIGN_IN + "S: :ben!b@h QUIT :hub.lab.test leaf.lab.test\nS: :cat!c@h QUIT :see you.then all.of you\n"
    )
    split, left = told(explained(said))[-2:]
    assert split == (
        "ben is lost: the servers hub.lab.test and leaf.lab.test have lost each other (a netsplit), "
        "and nobody on the far side is heard until they meet again."
    )
    assert left == "cat has left the network."


def test_a_servers_pong_asks_nothing_of_its_reader():
    pong = told(explained(lines(SIGN_IN + "C: PING alive\nS: :irc.lab.test PONG irc.lab.test alive\n")))[-1]
    assert pong == "Yes, the server is there: it answers PING with the same word."


def test_registration_goes_through_its_states():
    states = [note.state for note in explained(lines(SIGN_IN))]
    assert states == [
        "connected", "negotiating", "negotiating", "negotiating", "negotiating", "negotiating", "negotiating",
        "signing-in", "signing-in", "signing-in", "signing-in", "negotiating", "connected", "registered", "registered",
    ]  # fmt: skip


def test_talk_is_told_without_its_words():
    notes = explained(lines(TALK))[15:]
    assert told(notes)[:3] == [
        "Wants to enter #lab; a channel that does not exist yet is made by it.",
        "You are in #lab from here on.",
        "Names in a channel; @ = operator, + = voice.",
    ]
    assert "hello" not in repr(notes) and "waves" not in repr(notes)
    assert [note.state for note in notes] == [
        "registered",
        *["joined"] * 6,
        "registered",
        "registered",
        "bye",
        "bye",
    ]
    assert told(notes, "vi")[7] == "ben đã đuổi bạn khỏi #lab."
    assert notes[8].outcome == "refused" and notes[8].badge == "433"


def test_modes_are_told_letter_by_letter():
    note = explained(lines(TALK))[21]
    assert [(one.badge, catalog.say(one)) for one in note.details] == [
        ("+o ben", "Channel operator (@)"), ("+v cat", "Voice (+)"), ("-l", "Limit of members"),
    ]  # fmt: skip


def test_capabilities_tags_and_005_are_told_one_by_one():
    notes = explained(lines(TALK))
    assert [one.badge for one in notes[4].details] == ["sasl=PLAIN", "server-time", "own.test/thing"]
    assert catalog.say(notes[4].details[2]) == "a capability of this server's own."
    assert notes[14].details[-1].badge == "NICKLEN=30"
    assert notes[16].details[0].badge == "time=2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("code", sorted(numerics()))
def test_every_numeric_of_the_tables_is_told(code: str):
    [note] = explained(lines(f"S: :s {code} ann one two three :four"))
    assert note.known and note.badge == code and note.outcome == outcome(code)
    assert {ref.url for ref in note.refs} == {ref.url for ref in numerics()[code].refs}


@pytest.mark.parametrize("verb", sorted(commands()))
@pytest.mark.parametrize("params", ["", " one", " #one two", " #one two three :four five"])
def test_every_command_of_the_tables_is_told_from_both_speakers(verb: str, params: str):
    notes = explained(lines(f"C: {verb}{params}\nS: :ben!b@h {verb}{params}\nS: :s {verb}{params}"))
    assert all(note.known for note in notes)


@pytest.mark.parametrize(
    "raw", ["C: FROB x", "S: :s 999 ann x :y", "S: :s FROB", "C: {}", "S: HTTP/1.1 200 OK"]
)
def test_what_is_not_known_is_said_to_be_unknown(raw: str):
    assert not explained(lines(raw))[0].known


def test_bytes_that_are_no_irc_are_said_to_be_none():
    note = catalog.knowledge("irc").explainer().feed(Line("C", b"\x16\x03\x01\x00", "binary"))
    assert not note.known and catalog.say(note)


@given(st.lists(st.tuples(st.sampled_from("CS"), st.binary(max_size=60)), max_size=5))
def test_the_explainer_never_stumbles(turns):
    explained([(speaker, raw + b"\r\n") for speaker, raw in turns])


VERBS = st.sampled_from(["MODE", "CAP", "BATCH", "005", "353", "324", "JOIN", "NICK"])


@given(
    st.lists(st.tuples(st.sampled_from("CS"), st.text("aknlo +-#:@!=;*,•", max_size=25), VERBS), max_size=5)
)
def test_no_parameters_make_it_stumble(turns):
    explained([(speaker, f"{verb} {rest}\r\n".encode()) for speaker, rest, verb in turns])


def test_the_tables_are_complete_in_both_languages():
    texts = [*catalog.meanings("irc").values(), *catalog.phrases("irc").values()]
    assert all(text["en"] and text["vi"] for text in texts)


def test_the_facts_agree_with_the_tables_own_words():
    table = catalog.tables("irc")
    assert len({row["code"] for row in table["numerics"]}) == len(table["numerics"]) > 180
    assert table["message_format"]["max_bytes"] == 512 and yaml.safe_dump(table)

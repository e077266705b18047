"""What people say and who hears it: messages, notices, tags, echoes, away, history, labels; and the bounds."""

from __future__ import annotations

import time

import pytest

from servers.irc import client as bounds


def commands(answers):
    return [answer.command for answer in answers]


@pytest.fixture
def pair(come):
    """cat and dan in #a, both with IRCv3's capabilities."""
    known = "server-time message-tags account-tag echo-message batch labeled-response draft/chathistory away-notify"
    cat, dan = come("cat", capabilities=known), come("dan", capabilities=known)
    cat.asked("JOIN #a")
    dan.asked("JOIN #a")
    cat.heard("JOIN")
    return cat, dan


def test_a_message_reaches_the_others_and_not_its_sender(come):
    cat, dan = come("cat"), come("dan")
    cat.asked("JOIN #a")
    dan.asked("JOIN #a")
    assert commands(cat.asked("PRIVMSG #a :xin chào")) == ["JOIN"]
    assert dan.line() == ":cat!~cat@127.0.0.1 PRIVMSG #a :xin chào"
    dan.say("NOTICE cat :psst", "PRIVMSG cat hello")
    assert cat.heard("NOTICE").param(1) == "psst" and cat.heard("PRIVMSG").params == ("cat", "hello")


def test_ctcp_formatting_and_latin_1_pass_through(come):
    cat, dan = come("cat"), come("dan")
    cat.say(
        "PRIVMSG dan :\x01ACTION waves\x01", "PRIVMSG dan :\x02bold\x02 \x0304red", b"PRIVMSG dan :caf\xe9"
    )
    assert [dan.heard("PRIVMSG").param(1) for _ in range(3)] == [
        "\x01ACTION waves\x01",
        "\x02bold\x02 \x0304red",
        "café",
    ]


@pytest.mark.parametrize(
    ("said", "numeric"),
    [("PRIVMSG", "411"), ("PRIVMSG dan", "412"), ("PRIVMSG dan :", "412"), ("PRIVMSG nobody :x", "401"),
     ("PRIVMSG #none :x", "401"), ("PRIVMSG a,b,c,d,e :x", "407"), ("FROB", "421"), ("JOIN", "461"),
     ("FROB_ICATE it", "421"), (":cat FROB-1 :x", "421"),
     ("PING", "461"), ("PRIVMSG :a b", "412"), ("JOIN :#a b", "403"), ("KICK #a", "461"), ("USER a b c d", "462")],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_by_its_numeric(come, said, numeric):
    cat = come("cat")
    answers = cat.asked(said)
    assert commands(answers) == [numeric] and answers[0].param(-1)


def test_a_notice_is_never_answered(come):
    assert come("cat").asked("NOTICE nobody :x", "NOTICE #none :x", "NOTICE", "NOTICE a,b,c,d,e :x") == []


def test_echo_message_time_and_msgid_come_with_capabilities(pair):
    cat, dan = pair
    cat.say("@+typing=done PRIVMSG #a :hi")
    mine, theirs = cat.heard("PRIVMSG"), dan.heard("PRIVMSG")
    assert mine.tags["msgid"] == theirs.tags["msgid"] and theirs.tags["time"].endswith("Z")
    assert theirs.tags["+typing"] == "done" and "account" not in theirs.tags
    cat.say("@+typing=active TAGMSG #a")
    assert dan.heard("TAGMSG").tags["+typing"] == "active"


def test_the_account_stands_at_what_a_signed_in_person_says(pair, talker, mail_lab):
    cat, _ = pair
    ann = talker().sasl("ann", mail_lab.passwords["ann"], "echo-message")
    ann.say("PRIVMSG cat :hi")
    assert cat.heard("PRIVMSG").tags["account"] == "ann"


def test_without_capabilities_no_tag_is_sent(pair, come):
    cat, _ = pair
    eve = come("eve")
    eve.asked("JOIN #a")
    cat.say("@+typing=done PRIVMSG #a :hi", "@+typing=active TAGMSG #a", "PRIVMSG #a :second")
    assert eve.line() == ":cat!~cat@127.0.0.1 PRIVMSG #a hi" and eve.line().endswith("second")


def test_a_labelled_command_is_answered_with_its_label(pair):
    cat, _ = pair
    [answer] = cat.asked("@label=one PRIVMSG nobody :x")
    assert answer.command == "401" and answer.tags["label"] == "one"
    [answer] = cat.asked("@label=two PONG x")
    assert answer.command == "ACK" and answer.tags["label"] == "two"
    answers = cat.asked("@label=three WHOIS cat")
    assert answers[0].command == "BATCH" and answers[0].tags["label"] == "three"
    reference = answers[0].param(0)[1:]
    assert {one.tags["batch"] for one in answers[1:-1]} == {reference} and answers[-1].param(
        0
    ) == f"-{reference}"
    [echo] = cat.asked("@label=four PRIVMSG #a :hi")
    assert echo.command == "PRIVMSG" and echo.tags["label"] == "four"


def test_a_line_that_is_no_command_is_answered_with_its_label(pair):
    cat, _ = pair
    [answer] = cat.asked("@label=one FROB_ICATE it")
    assert answer.params[:2] == ("cat", "FROB_ICATE") and answer.tags["label"] == "one"


@pytest.mark.parametrize("said", ["PRIVMSG cat :hi", "NOTICE cat :hi", "TAGMSG cat"])
def test_who_talks_to_themselves_hears_it_as_it_came_and_as_an_echo_that_has_the_label(pair, said):
    cat, _ = pair
    heard = cat.asked(f"@label=one;+typing=active {said}")
    assert commands(heard) == [said.split()[0]] * 2 and heard[0].params == heard[1].params
    assert [one.tags.get("label") for one in heard] == [None, "one"]
    assert heard[0].tags["msgid"] == heard[1].tags["msgid"] and heard[0].tags["+typing"] == "active"


def test_without_echo_message_who_talks_to_themselves_hears_it_once(come):
    cat = come("cat", capabilities="labeled-response batch")
    assert commands(cat.asked("@label=one PRIVMSG cat :hi")) == ["PRIVMSG", "ACK"]


def test_away_is_told_to_whoever_writes_and_to_the_channel(pair, come):
    cat, dan = pair
    assert commands(dan.asked("AWAY :at lunch")) == ["306"]
    assert cat.heard("AWAY").params == ("at lunch",)
    assert cat.asked("@label=x PRIVMSG dan :hi")[-2].params == ("cat", "dan", "at lunch")
    assert commands(dan.asked("AWAY")) == ["PRIVMSG", "305"] and cat.heard("AWAY").params == ()


def test_only_those_with_that_status_hear_a_status_message(pair, come):
    cat, dan = pair
    eve = come("eve")
    eve.asked("JOIN #a")
    cat.asked("MODE #a +v eve")
    eve.say("PRIVMSG @#a :to the operators")
    assert cat.heard("PRIVMSG").params == ("@#a", "to the operators")
    assert "PRIVMSG" not in commands(dan.asked())


def test_leaving_and_renaming_are_told_to_the_channels(pair):
    cat, dan = pair
    dan.say("NICK daniel", "SETNAME :Daniel", "QUIT :good night")
    assert cat.heard("NICK").param(0) == "daniel" and cat.heard("QUIT").param(0) == "Quit: good night"
    assert cat.asked("WHOWAS daniel")[0].params[1:3] == ("daniel", "~dan")


def test_history_is_read_again_in_every_way(pair):
    cat, dan = pair
    marks = []
    for n in range(6):
        cat.say(f"PRIVMSG #a :m{n}")
        marks.append(dan.heard("PRIVMSG").tags)
        time.sleep(0.003)

    def words(said):
        answers = dan.asked(said)
        assert answers[0].params[1:] == ("chathistory", "#a") and answers[-1].command == "BATCH"
        return [one.param(1) for one in answers[1:-1]]

    first, third, last = (marks[n]["msgid"] for n in (0, 2, 5))
    assert words("CHATHISTORY LATEST #a * 2") == ["m4", "m5"]
    assert words(f"CHATHISTORY LATEST #a msgid={third} 10") == ["m3", "m4", "m5"]
    assert words(f"CHATHISTORY BEFORE #a msgid={third} 10") == ["m0", "m1"]
    assert words(f"CHATHISTORY AFTER #a timestamp={marks[2]['time']} 2") == ["m3", "m4"]
    assert words(f"CHATHISTORY AROUND #a msgid={third} 3") == ["m1", "m2", "m3"]
    assert words(f"CHATHISTORY BETWEEN #a msgid={first} msgid={last} 10") == ["m1", "m2", "m3", "m4"]
    assert words(f"CHATHISTORY BETWEEN #a msgid={last} msgid={first} 2") == ["m3", "m4"]
    targets = dan.asked(
        "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2099-01-01T00:00:00.000Z 10"
    )
    assert targets[1].params == ("TARGETS", "#a", marks[-1]["time"])


def test_history_is_for_those_in_the_channel(pair, come):
    eve = come("eve", capabilities="batch draft/chathistory")
    for said in (
        "LATEST #a * 5",
        "LATEST dan * 5",
        "LATEST #none * 5",
        "FROB #a * 5",
        "LATEST #a x 5",
        "LATEST #a *",
    ):
        assert commands(eve.asked(f"CHATHISTORY {said}")) == ["FAIL"]


def test_two_signed_in_people_read_their_own_talk_again(talker, mail_lab, come):
    ann = talker().sasl("ann", mail_lab.passwords["ann"], "batch")
    ben = talker().sasl("ben", mail_lab.passwords["ben"], "batch")
    ann.say("PRIVMSG ben :psst")
    ben.heard("PRIVMSG")
    assert [one.param(1) for one in ben.asked("CHATHISTORY LATEST ann * 5")[1:-1]] == ["psst"]
    assert commands(come("eve").asked("CHATHISTORY LATEST ann * 5")) == ["FAIL"]
    ann.asked("PRIVMSG ann :a note to myself")
    assert [one.param(1) for one in ann.asked("CHATHISTORY LATEST ann * 5")[1:-1]] == ["a note to myself"]


def test_questions_about_the_server_are_answered(come):
    cat = come("cat")
    said = "MOTD,LUSERS,VERSION,TIME,ADMIN,INFO,LINKS,STATS u,HELP,HELP JOIN,USERHOST cat,ISON cat nobody,WHO *,WHO cat"
    said += ",WHOIS cat,SUMMON x,USERS,SERVLIST,TRACE,SQUERY x :y"
    for one in said.split(","):
        answers = cat.asked(one)
        assert answers and all(answer.numeric for answer in answers), one
    assert cat.asked("ISON cat nobody")[0].param(-1) == "cat"
    assert cat.asked("MOTD other.server")[0].command == "402"
    assert cat.asked("HELP FROB")[0].command == "524"


def test_who_shows_away_operators_and_status(pair):
    cat, dan = pair
    dan.asked("AWAY :x")
    rows = {one.param(5): one for one in cat.asked("WHO #a") if one.command == "352"}
    assert rows["cat"].param(6) == "H@" and rows["dan"].param(6) == "G" and rows["dan"].param(7) == "0 Dan"


def test_an_invisible_person_is_found_by_name_only(come):
    cat, dan = come("cat"), come("dan")
    cat.asked("MODE cat +i")
    assert "cat" not in [one.param(5) for one in dan.asked("WHO *")]
    assert "cat" in [one.param(5) for one in dan.asked("WHO cat")]


# Bounds


def test_a_line_that_is_too_long_is_refused_whole_and_the_talk_goes_on(come):
    cat = come("cat")
    assert commands(cat.asked("PRIVMSG cat :" + "x" * 600)) == ["417"]
    assert commands(cat.asked("@" + "a" * 5000 + " PRIVMSG cat :x")) == ["417"]


def test_a_line_without_end_is_cut_off(come):
    cat = come("cat")
    cat.wire.send(b"x" * 100_000)
    assert "line without end" in cat.until("ERROR")


def test_a_long_text_is_cut_at_512_bytes_between_characters(come):
    cat, dan = come("cat"), come("dan")
    cat.say("PRIVMSG dan :" + "học" * 98)
    line = dan.line()
    assert len(line.encode()) <= 510 and "�" not in line


def test_a_flood_waits_is_told_and_ends(come, monkeypatch):
    cat = come("cat")
    assert len([one for one in cat.asked(*["ISON cat"] * 130) if one.command == "303"]) == 130
    dan = come("dan")
    dan.wire.send(b"ISON dan\r\n" * (bounds.BURST + bounds.MOST_WAITING + 200))
    assert "faster than" in dan.until("NOTICE") and "Excess flood" in dan.until("ERROR")


def test_a_reader_that_never_reads_is_cut_off_and_costs_no_memory(come, mail_lab, monkeypatch):
    monkeypatch.setattr(bounds, "SENDQ", 100_000)
    monkeypatch.setattr(bounds, "BURST", 1e9)
    cat, slow = come("cat"), come("slow")
    slow.asked("JOIN #a")
    cat.asked("JOIN #a")
    for _ in range(400):
        cat.asked(*["PRIVMSG #a :" + "x" * 400] * 50)
        if cat.asked("ISON slow")[0].param(-1) == "":
            break
    else:
        raise AssertionError("the slow reader is still there")


def test_who_is_sent_away_and_reads_nothing_keeps_no_socket(come, monkeypatch):
    monkeypatch.setattr(bounds, "FAREWELL", 0.2)
    monkeypatch.setattr(bounds, "SENDQ", 1 << 30)
    monkeypatch.setattr(bounds, "BURST", 1e9)
    cat, deaf = come("cat"), come("deaf")
    deaf.asked("JOIN #a")
    cat.asked("JOIN #a")
    for _ in range(100):  # 20 MB: more than the system keeps for whoever does not read
        cat.asked(*["PRIVMSG #a :" + "x" * 400] * 500)
    deaf.say("QUIT :and reads nothing")
    cat.until("QUIT")
    with pytest.raises(OSError):
        for _ in range(500):
            deaf.wire.send(b"PING still-there\r\n")
            time.sleep(0.01)


def test_the_silent_are_pinged_and_then_let_go(come, monkeypatch):
    monkeypatch.setattr(bounds, "SILENCE", 0.5)
    monkeypatch.setattr(bounds, "ANSWER", 0.5)
    cat = come("cat")
    cat.until("PING")
    cat.say("PONG :irc.lab.test")
    cat.until("PING")
    assert "Ping timeout" in cat.until("ERROR") and cat.line() == ""


def test_who_never_says_a_name_is_let_go(talker, monkeypatch):
    monkeypatch.setattr(bounds, "UNKNOWN", 0.2)
    assert "in time" in talker().until("ERROR")


def test_control_signs_reach_nobody(come):
    cat, dan = come("cat"), come("dan")
    cat.wire.send(b"PRIVMSG dan :a\0b\rQUIT :x\r\n")
    assert dan.line().endswith(":abQUIT :x")

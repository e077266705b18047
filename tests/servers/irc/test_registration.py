"""Coming in: by hand, with a password, with SASL; whose nick is whose; capabilities."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.provision import provision
from tests.servers.irc.people import plain


def test_a_bare_telnet_session_is_greeted_and_welcomed(talker):
    cat = talker()
    assert "Say NICK and USER" in cat.line()
    cat.say("nick cat", "user cat 0 * :Cat the student")
    assert cat.line().endswith("001 cat :Welcome to the lab's IRC network, cat!~cat@127.0.0.1")
    cat.until(" 005 ", "CASEMAPPING=ascii")
    cat.until(" 376 ")
    cat.say("QUIT :bye")
    assert cat.line() == "ERROR :Closing link: Quit: bye" and cat.line() == ""


def test_nothing_is_possible_before_registration(talker):
    cat = talker()
    cat.line()
    assert [answer.command for answer in cat.asked("JOIN #lab", "PRIVMSG #lab :x", "FROB")] == [
        "451",
        "451",
        "421",
    ]


@pytest.mark.parametrize("nick", ["1cat", "a b", "đào", "x" * 31, "#cat", "cat!x", "-cat", ":"])
def test_what_is_no_nick_is_refused_with_the_rule(talker, nick):
    cat = talker()
    cat.line()
    [answer] = cat.asked(f"NICK :{nick}") if nick != ":" else cat.asked("NICK")
    assert answer.command == ("431" if nick == ":" else "432") and answer.param(-1)


def test_a_user_name_without_a_letter_keeps_nobody_out(talker):
    cat = talker()
    cat.say("NICK cat", "USER 😊 0 * :Cat")
    assert cat.heard("001").param(-1).endswith("cat!~user@127.0.0.1")


def test_a_nick_in_use_is_refused_in_any_case(come, talker):
    come("Cat")
    dan = talker()
    dan.say("NICK cAT", "USER dan 0 * :Dan")
    assert dan.heard("433").param(1) == "cAT"
    dan.say("NICK dan")
    dan.until(" 376 dan ")
    assert dan.asked("NICK CAT")[0].command == "433"


def test_the_nick_of_a_lab_person_needs_their_password_and_the_refusal_says_how(talker, mail_lab):
    eve = talker()
    eve.say("NICK ann", "USER eve 0 * :Eve")
    refusal = eve.heard("433")
    assert refusal.param(1) == "ann" and "PASS" in refusal.param(-1) and "SASL" in refusal.param(-1)
    eve.say("NICK eve")
    eve.until(" 376 eve ")
    assert "belongs to ann" in eve.asked("NICK Ann")[0].param(-1)


@pytest.mark.parametrize("said", ["PASS :{}", "PASS :ann:{}"])
def test_pass_signs_in(talker, mail_lab, said):
    ann = talker()
    ann.say(said.format(mail_lab.passwords["ann"]), "NICK ann", "USER ann 0 * :Ann")
    assert ann.heard("900").params[1:3] == ("ann!ann@ann.lab.test", "ann")
    ann.until(" 001 ann ")
    assert ann.heard("MODE").params == ("ann", "+r")


def test_pass_with_a_user_name_signs_in_under_another_nick(talker, mail_lab):
    ann = talker()
    ann.say(f"PASS :ann:{mail_lab.passwords['ann']}", "NICK annie", "USER x 0 * :Ann")
    assert ann.heard("900").param(2) == "ann"


def test_a_wrong_password_is_refused_and_closes(talker):
    ann = talker()
    ann.say("PASS ann:wrong", "NICK ann", "USER ann 0 * :Ann")
    assert ann.heard("464") and "ERROR" in ann.line() and ann.line() == ""


def test_sasl_signs_in_over_tls(talker, mail_lab):
    ann = talker(tls=True).sasl("ann", mail_lab.passwords["ann"])
    facts = {answer.command: answer for answer in ann.asked("WHOIS ann")}
    assert facts["330"].params[1:3] == ("ann", "ann") and "671" in facts


def test_sasl_is_told_why_it_failed_and_can_try_again(talker, mail_lab):
    ann = talker()
    ann.say("CAP REQ :sasl", "NICK ann", "USER ann 0 * :Ann", "AUTHENTICATE FROB")
    assert ann.heard("908").param(1) == "PLAIN" and ann.heard("904")
    ann.say("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("ann", "wrong"))
    assert ann.heard("904")
    ann.say("AUTHENTICATE PLAIN", "AUTHENTICATE !!!")
    assert "base64" in ann.heard("904").param(-1)
    ann.say("AUTHENTICATE PLAIN", "AUTHENTICATE *")
    assert ann.heard("906")
    ann.say("AUTHENTICATE PLAIN", "AUTHENTICATE " + "A" * 401)
    assert ann.heard("905")
    ann.say("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("ann", mail_lab.passwords["ann"]))
    assert ann.heard("903")
    ann.say("AUTHENTICATE PLAIN", "CAP END")
    assert ann.heard("907") and ann.until(" 001 ann ")


def test_a_long_password_comes_in_pieces(talker, mail_lab):
    provision(User.objects.get(username="ann"), "long " * 100)
    whole, ann = plain("ann", "long " * 100), talker()
    ann.say("CAP REQ :sasl", "NICK ann", "USER ann 0 * :Ann", "AUTHENTICATE PLAIN")
    ann.say(*(f"AUTHENTICATE {whole[at : at + 400]}" for at in range(0, len(whole), 400)))
    assert ann.heard("903")


def test_who_signs_in_later_is_shown_as_such(come, talker, mail_lab):
    eve = come("eve", capabilities="account-notify chghost sasl")
    cat = come("cat", capabilities="account-notify chghost")
    eve.say("JOIN #lab")
    cat.say("JOIN #lab")
    cat.until(" 366 ")
    eve.say("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("ann", mail_lab.passwords["ann"]))
    assert cat.heard("ACCOUNT").param(0) == "ann"
    assert cat.heard("CHGHOST").params == ("eve", "ann.lab.test")
    eve.say("NICK ann")
    assert cat.heard("NICK").param(0) == "ann"


def test_whoever_sits_on_a_persons_nick_gives_way_when_the_person_comes(come, talker, mail_lab):
    zoe = come("zoe")
    mail_lab.person("zoe")
    owner = talker()
    owner.say(f"PASS :zoe:{mail_lab.passwords['zoe']}", "NICK zoe2", "USER zoe 0 * :Zoe")
    owner.until(" 001 ")
    owner.say("NICK zoe")
    assert zoe.heard("NICK").param(0) == "guest1" and owner.heard("NICK").param(0) == "zoe"


def test_capabilities_are_offered_asked_for_and_listed(talker):
    cat = talker()
    cat.line()
    cat.say("CAP LS 302")
    offer = cat.heard("CAP").param(-1).split()
    assert "sasl=PLAIN" in offer and {"server-time", "draft/chathistory", "labeled-response"} <= set(offer)
    assert cat.asked("CAP REQ :server-time foo")[0].param(1) == "NAK"
    assert cat.asked("CAP REQ :server-time batch")[0].param(1) == "ACK"
    assert cat.asked("CAP REQ :-batch")[0].param(1) == "ACK"
    assert cat.asked("CAP LIST")[0].param(-1).split() == ["cap-notify", "server-time"]
    assert cat.asked("CAP FROB")[0].command == "410"
    cat.say("NICK cat", "USER cat 0 * :Cat")
    assert [one.command for one in cat.asked()] == []
    cat.say("CAP END")
    assert cat.heard("001").tags["time"].endswith("Z")


def test_a_disabled_person_is_cut_off_within_two_seconds(talker, mail_lab):
    ann = talker().sasl("ann", mail_lab.passwords["ann"])
    ann.wire.socket.settimeout(2.5)
    User.objects.filter(username="ann").update(is_active=False)
    assert "your login was closed" in ann.until("ERROR")
    assert ann.line() == ""


def test_administrators_become_operators_and_nobody_else(come, mail_lab):
    cat = come("cat")
    assert cat.asked("OPER ann wrong")[0].command == "464"
    assert cat.asked(f"OPER ann :{mail_lab.passwords['ann']}")[0].command == "491"
    answers = cat.asked(f"OPER root :{mail_lab.passwords['root']}")
    assert [one.command for one in answers] == ["381", "MODE"]
    dan = come("dan")
    assert dan.asked("KILL cat :x")[0].command == "481"
    cat.say("KILL dan :too loud")
    assert dan.heard("KILL").param(1) == "too loud" and "Killed by cat" in dan.line()


def test_who_has_not_come_in_yet_is_not_counted_among_the_most(come, talker):
    cat, dog = come("cat"), talker()
    dog.asked("NICK dog")
    told = {message.command: message.params for message in cat.asked("LUSERS")}
    assert told["253"][1] == "1"
    assert told["266"][1:3] == ("1", "1")

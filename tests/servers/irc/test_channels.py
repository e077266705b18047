"""Channels: entering, leaving, topics, modes letter by letter, who may do what."""

from __future__ import annotations

import pytest

from accounts.models import SchoolClass, User
from tests.servers.embedded import wait_until


@pytest.fixture
def room(come):
    """cat, the operator of #a, and dan in it."""
    cat, dan = come("cat"), come("dan")
    cat.say("JOIN #a")
    cat.until(" 366 ")
    dan.say("JOIN #a")
    dan.until(" 366 ")
    cat.until("JOIN #a")
    return cat, dan


def commands(answers):
    return [answer.command for answer in answers]


def test_the_default_channel_is_there_with_a_topic_and_nobody_owns_it(come):
    cat = come("cat")
    answers = cat.asked("JOIN #lab")
    assert commands(answers) == ["JOIN", "332", "333", "353", "366"] and answers[3].param(-1) == "cat"
    assert cat.asked("MODE #lab +i")[0].command == "482"
    cat.asked("PART #lab")
    assert [one.param(1) for one in cat.asked("LIST")[1:-1]] == ["#lab"]


def test_who_makes_a_channel_is_its_operator_and_the_others_are_told_who_comes(come):
    cat, dan = come("cat"), come("dan", capabilities="extended-join userhost-in-names multi-prefix")
    assert cat.asked("JOIN #a")[1].params == ("cat", "=", "#a", "@cat")
    cat.asked("MODE #a +v cat")
    names = dan.asked("JOIN #a")
    assert names[0].params == ("#a", "*", "Dan")
    assert names[1].param(-1) == "@+cat!~cat@127.0.0.1 dan!~dan@127.0.0.1"
    assert cat.heard("JOIN").params == ("#a",)


def test_in_a_classes_channel_the_teacher_is_operator_and_not_the_student_who_came_first(
    come, talker, mail_lab
):
    student, teacher = mail_lab.person("sue"), mail_lab.person("tim", User.Role.TEACHER)
    mail_lab.person("uma", User.Role.TEACHER)
    course = SchoolClass.objects.create(name="Lập trình mạng")
    course.students.add(student)
    course.teachers.add(teacher)
    guest = come("cat")

    def is_known() -> bool:
        guest.asked("PART #lap-trinh-mang")
        return inside(guest) == "cat"

    wait_until(is_known)  # the servers look at the rows once a second
    sue = talker().sasl("sue", mail_lab.passwords["sue"])
    assert inside(sue) == "cat sue"
    assert commands(sue.asked("TOPIC #lap-trinh-mang :mine", "MODE #lap-trinh-mang +i")) == ["482", "482"]
    uma = talker().sasl("uma", mail_lab.passwords["uma"])
    assert inside(uma) == "cat sue uma"  # a teacher of other classes
    tim = talker().sasl("tim", mail_lab.passwords["tim"])
    assert inside(tim) == "cat sue uma @tim"
    assert commands(tim.asked("MODE #lap-trinh-mang +o sue")) == ["MODE"]


def inside(talker):
    """The names that somebody who enters the class's channel is told."""
    answers = talker.asked("JOIN #Lap-Trinh-Mang")
    return next(answer.param(-1) for answer in answers if answer.command == "353")


def test_leaving_is_told_with_its_reason_and_an_empty_channel_is_gone(room):
    cat, dan = room
    dan.say("PART #a :too late")
    assert cat.heard("PART").params == ("#a", "too late")
    cat.asked("PART #a", "JOIN #b")
    assert [one.param(1) for one in cat.asked("LIST")[1:-1]] == ["#lab", "#b"]
    assert commands(cat.asked("PART #zzz", "PART #a")) == ["403", "403"]
    assert commands(cat.asked("JOIN 0")) == ["PART"]


@pytest.mark.parametrize("name", ["a", "#", "#" + "x" * 64, "#a\x07b"])
def test_what_is_no_channel_is_refused(come, name):
    assert commands(come("cat").asked(f"JOIN {name}")) == ["403"]


def test_topics_are_set_by_operators_where_t_is_set_and_shown_to_those_who_come(room, come):
    cat, dan = room
    assert commands(dan.asked("TOPIC #a", "TOPIC #a :mine")) == ["331", "482"]
    cat.say("MODE #a -t")
    dan.until("MODE #a -t")
    dan.say("TOPIC #a :hôm nay học IRC")
    assert cat.heard("TOPIC").params == ("#a", "hôm nay học IRC")
    eve = come("eve")
    assert [one.params[1:3] for one in eve.asked("TOPIC #a")] == [
        ("#a", "hôm nay học IRC"), ("#a", "dan!~dan@127.0.0.1"),
    ]  # fmt: skip
    assert commands(eve.asked("TOPIC #a :x", "TOPIC #none")) == ["442", "403"]


def test_an_invitation_opens_a_closed_channel(room, come):
    cat, dan = room
    eve = come("eve")
    cat.say("MODE #a +i")
    cat.heard("MODE")
    assert commands(eve.asked("JOIN #a")) == ["473"]
    assert dan.heard("MODE") and commands(dan.asked("INVITE eve #a")) == ["482"]
    assert commands(cat.asked("INVITE eve #a", "INVITE dan #a", "INVITE nobody #a")) == ["341", "443", "401"]
    assert eve.heard("INVITE").params == ("eve", "#a")
    assert eve.asked("INVITE")[0].params == ("eve", "#a")
    assert eve.asked("JOIN #a")[0].command == "JOIN"


def test_invite_notify_tells_the_others(come):
    cat, dan, eve = come("cat"), come("dan", capabilities="invite-notify"), come("eve")
    cat.asked("JOIN #a")
    dan.asked("JOIN #a")
    cat.asked("INVITE eve #a")
    assert dan.heard("INVITE").params == ("eve", "#a") and eve.heard("INVITE")


def test_kick_throws_out_and_is_for_operators(room):
    cat, dan = room
    assert commands(dan.asked("KICK #a cat :no")) == ["482"]
    assert commands(cat.asked("KICK #a nobody :x", "KICK #none dan")) == ["441", "403"]
    cat.say("KICK #a dan :too loud")
    assert dan.heard("KICK").params == ("#a", "dan", "too loud")
    assert dan.asked("PRIVMSG #a :still here?")[0].command == "404"


def test_several_are_kicked_at_once_and_each_is_told_alone(come):
    cat, dan, eve = come("cat"), come("dan"), come("eve")
    for one in (cat, dan, eve):
        one.asked("JOIN #a", "JOIN #b")
    told = [one for one in cat.asked("KICK #a dan,nobody,eve :bye") if one.command in ("KICK", "441")]
    assert [one.params[:2] for one in told] == [("#a", "dan"), ("cat", "nobody"), ("#a", "eve")]
    assert eve.heard("KICK").params == ("#a", "dan", "bye") and eve.heard("KICK").params == (
        "#a",
        "eve",
        "bye",
    )
    dan.asked("JOIN #a")
    # As many channels as people, pair by pair (RFC 2812 3.2.8)
    told = [one.params[:2] for one in cat.asked("KICK #a,#b dan,eve") if one.command == "KICK"]
    assert told == [("#a", "dan"), ("#b", "eve")]
    assert [one.command for one in cat.asked("KICK #a,#b dan")] == ["461"]
    assert [one.command for one in dan.asked("KICK #b cat,eve")][-1:] == ["482"]


def test_names_of_several_channels_are_complete_one_by_one_and_of_all_without_a_name(come):
    cat, dan = come("cat"), come("dan")
    cat.asked("JOIN #a", "JOIN #b", "MODE #b +s")
    told = [(one.command, one.params[1:-1]) for one in cat.asked("NAMES #a,#b,#none")]
    assert told == [
        ("353", ("=", "#a")), ("366", ("#a",)), ("353", ("@", "#b")), ("366", ("#b",)), ("366", ("#none",))
    ]  # fmt: skip
    seen = [one.params[1:] for one in dan.asked("NAMES") if one.command == "353"]
    assert ("=", "#a", "@cat") in seen and not any("#b" in row for row in seen)


def test_a_key_a_limit_and_a_ban_keep_people_out(room, come):
    cat, _ = room
    eve = come("eve")
    cat.asked("MODE #a +k geheim")
    assert commands(eve.asked("JOIN #a", "JOIN #a wrong")) == ["475", "475"]
    cat.asked("MODE #a -k x", "MODE #a +l 2")
    assert commands(eve.asked("JOIN #a")) == ["471"]
    cat.asked("MODE #a -l", "MODE #a +b eve")
    assert commands(eve.asked("JOIN #a")) == ["474"]
    cat.asked("MODE #a +e *!~eve@*")
    assert commands(eve.asked("JOIN #a"))[0] == "JOIN"
    lists = cat.asked("MODE #a b", "MODE #a +e", "MODE #a I")
    assert [one.params[1:3] for one in lists if one.command in ("367", "348")] == [
        ("#a", "eve!*@*"),
        ("#a", "*!~eve@*"),
    ]
    assert commands(lists) == ["JOIN", "367", "368", "348", "349", "347"]


def test_the_key_is_told_to_members_only(room, come):
    cat, _ = room
    cat.asked("MODE #a +kl geheim 9")
    assert cat.asked("MODE #a")[0].params == ("cat", "#a", "+ntkl", "geheim", "9")
    assert come("eve").asked("MODE #a")[0].params == ("eve", "#a", "+ntkl", "*", "9")


def test_a_moderated_channel_hears_operators_and_voices(room):
    cat, dan = room
    cat.asked("MODE #a +m")
    assert dan.heard("MODE") and "moderated" in dan.asked("PRIVMSG #a :hi")[0].param(-1)
    cat.asked("MODE #a +v dan")
    dan.heard("MODE")
    dan.say("PRIVMSG #a :hi now")
    assert cat.heard("PRIVMSG").param(1) == "hi now"


def test_messages_from_outside_need_n_to_be_off(room, come):
    cat, _ = room
    eve = come("eve")
    assert "JOIN" in eve.asked("PRIVMSG #a :hi")[0].param(-1)
    cat.asked("MODE #a -n")
    eve.say("PRIVMSG #a :hi from outside")
    assert cat.heard("PRIVMSG").param(1) == "hi from outside"


def test_a_secret_channel_is_not_seen_from_outside(room, come):
    cat, _ = room
    eve = come("eve")
    cat.asked("MODE #a +s")
    answers = eve.asked("LIST", "NAMES #a", "TOPIC #a", "WHO #a", "WHOIS cat", "MODE #a")
    assert "#a" not in [
        param for one in answers if one.command in ("322", "353", "319", "352") for param in one.params
    ]


def test_many_modes_at_once_are_told_as_done(room):
    cat, dan = room
    cat.say("MODE #a +ovm-t dan dan", "MODE #a +zo nobody", "MODE #a +l many", "MODE #a +o", "MODE #a +k a,b")
    assert dan.heard("MODE").params == ("#a", "+ovm-t", "dan", "dan")
    cat.heard("MODE")
    assert commands(cat.asked()) == ["472", "401", "696", "696", "525"]


def test_a_user_changes_and_sees_only_own_modes(come):
    cat = come("cat")
    come("dan")
    assert [one.params for one in cat.asked("MODE cat +iw", "MODE cat")] == [("cat", "+iw"), ("cat", "+iw")]
    assert commands(cat.asked("MODE dan +i", "MODE cat +z", "MODE nobody +i", "MODE cat +o")) == [
        "502",
        "501",
        "401",
    ]


def test_nobody_is_in_more_than_fifty_channels(come):
    cat = come("cat")
    answers = cat.asked(*(f"JOIN #c{n}" for n in range(51)))
    assert commands(answers).count("JOIN") == 50 and answers[-1].command == "405"


def test_many_names_come_in_lines_of_512_bytes(come):
    cat = come("c" * 30)
    for n in range(25):
        come(f"n{n:0>29}").asked("JOIN #a")
    answers = [one for one in cat.asked("JOIN #a") if one.command == "353"]
    assert len(answers) == 2 and sum(len(one.param(-1).split()) for one in answers) == 26

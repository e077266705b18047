"""Talk between people, each with a connection of their own that lives without a tab."""

from __future__ import annotations

from accounts.models import SchoolClass
from chat import rights
from chat.models import Message, Talk, Window
from tests.chat.running import wait_until


def said(person, talk):
    rows = rights.readable(person, talk).filter(kind="privmsg").order_by("pk")
    return list(rows.values_list("text", flat=True))


def test_what_one_says_the_other_hears_and_it_is_stored_once(room):
    ann, ben = room.person("ann"), room.person("ben")
    talk = room.is_inside(ben, "#lab")
    tab, other = room.tab(ann), room.tab(ben)
    assert tab.say(talk, "hello <b>Ben</b>")["told"] == "taken"
    heard = other.hears("hello <b>Ben</b>")
    assert heard["n"] == "ann" and heard["p"] == ann.pk
    tab.hears("hello <b>Ben</b>")
    assert Message.objects.filter(kind="privmsg").count() == 1
    assert len(other.lines("hello <b>Ben</b>")) == 1


def test_who_closes_the_tab_reads_all_that_was_said_meanwhile(room, client):
    ann, ben = room.person("ann"), room.person("ben")
    talk = room.is_inside(ben, "#lab")
    tab = room.tab(ann)
    tab.close()
    other = room.tab(ben)
    for number in range(5):
        assert other.say(talk, f"line {number}")["told"] == "taken"
    client.force_login(ann)
    told = client.get(f"/chat/talk/{talk.pk}/history/").json()
    assert [one["x"] for one in told["lines"] if one["k"] == "privmsg"] == [f"line {n}" for n in range(5)]
    state = room.tab(ann).hear(lambda one: one["told"] == "state")
    window = next(one for one in state["windows"] if one["c"] == talk.pk)
    assert window["unread"] == 5


def test_homes_card_tells_where_there_are_new_words_and_how_often_one_was_named(own, client):
    ann, ben = own.person("ann"), own.person("ben")
    client.force_login(ann)
    assert "No new words." in client.get("/chat/card/").content.decode()
    talk, tab = own.is_inside(ben, "#lab"), own.tab(ben)
    tab.say(talk, "/msg ann <i>psst</i>")
    tab.say(talk, "hello")
    alone = client.get("/chat/card/").content.decode()
    assert "New words in 2 talks." in alone and "named" not in alone and "#ben" in alone
    tab.say(talk, "ann: and you?")
    assert "You were named once." in client.get("/chat/card/").content.decode()


def test_who_came_later_does_not_read_what_was_said_before(room):
    ann = room.person("ann")
    talk = room.is_inside(ann, "#lab")
    tab = room.tab(ann)
    tab.say(talk, "before")
    ben = room.person("ben")
    tab.say(talk, "after")
    tab.say(talk, "/part")
    wait_until(lambda: not Window.objects.get(talk=talk, network__person=ann).inside)
    other = room.tab(ben)
    other.say(talk, "without ann")
    texts = said(ben, talk)
    assert texts == ["after", "without ann"]
    texts = said(ann, talk)
    assert texts == ["before", "after"]
    stranger = room.person("eve", connected=False)
    assert not rights.readable(stranger, talk).exists() and rights.talk(stranger, talk.pk) is None


def test_a_line_of_100_000_characters_is_cut_and_nothing_is_lost(room):
    ann, ben = room.person("ann"), room.person("ben")
    talk = room.is_inside(ben, "#lab")
    tab = room.tab(ann)
    text = "Việt Nam đẹp quá! " * 5_556
    assert tab.say(talk, text[:100_000])["told"] == "taken"
    pieces = list(Message.objects.filter(kind="privmsg").order_by("pk").values_list("text", flat=True))
    assert len(pieces) > 200
    assert " ".join(pieces).split() == text[:100_000].split()


def test_a_class_made_later_opens_nothing_that_was_said_before_it(own, client):
    ann, ben = own.person("ann"), own.person("ben")
    tab = own.tab(ann)
    tab.say(own.is_inside(ann, "#lab"), "/join #plans")
    talk = own.is_inside(ann, "#plans")
    tab.say(talk, "my private words")
    SchoolClass.objects.create(name="Plans").students.add(ben)
    client.force_login(ben)
    client.get("/chat/")
    wait_until(lambda: Talk.objects.get(pk=talk.pk).school_class_id)
    tab.say(talk, "words to the class")
    assert said(ben, talk) == ["words to the class"] and said(ann, talk) == [
        "my private words",
        "words to the class",
    ]
    assert "private" not in client.get(f"/chat/talk/{talk.pk}/history/").content.decode()


def test_a_channels_key_and_a_password_in_a_farewell_stand_in_no_message(own):
    ann, ben = own.person("ann"), own.person("ben")
    tab = own.tab(ann)
    tab.say(own.is_inside(ann, "#lab"), "/join #keyed")
    talk = own.is_inside(ann, "#keyed")
    tab.say(talk, "/mode +k hunterMM")
    wait_until(lambda: Message.objects.filter(talk=talk, kind="mode", text="+k •••").exists())
    tab.say(own.is_inside(ann, "#lab"), "/part nickserv identify hunterMM")
    wait_until(lambda: Message.objects.filter(kind="part").exists())
    assert own.is_inside(ben, "#lab")
    assert not Message.objects.filter(text__contains="hunterMM").exists()


def test_a_long_text_in_three_byte_letters_is_said_whole_and_told_so(own):
    ann, ben = own.person("ann"), own.person("ben")
    talk = own.is_inside(ben, "#lab")
    assert own.tab(ann).say(talk, "ế" * 60_000, seconds=90)["told"] == "taken"
    assert "".join(said(ben, talk)) == "ế" * 60_000

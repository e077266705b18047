"""People who are ignored: their words are kept, and disturb nobody."""

from __future__ import annotations

from chat import rights, shown
from chat.models import Message, Network, Talk, Window
from tests.chat.running import wait_until


def ignored(person):
    return Network.objects.get(person=person).ignored


def test_whom_one_ignores_opens_no_window_counts_nowhere_and_is_kept(room):
    ann, ben = room.person("ann"), room.person("ben")
    talk, tab, other = room.is_inside(ben, "#lab"), room.tab(ann), room.tab(ben)
    assert tab.say(talk, "/ignore BEN")["told"] == "taken"
    tab.hear(lambda one: one["told"] == "network" and one["ignored"] == ["BEN"])
    wait_until(lambda: ignored(ann) == ["BEN"])
    other.say(talk, "ann: look here")
    other.say(talk, "/msg ann psst")
    other.say(talk, "/ctcp ann VERSION")
    other.say(talk, "/notice ann and a notice")
    tab.hears("ann: look here")
    tab.hears("psst")
    tab.hear(lambda one: one["told"] == "line" and "and a notice" in one["x"])
    query = Talk.objects.get(kind="query", owner__person=ann)
    window = Window.objects.get(talk=query)
    assert not window.open
    assert not any(one["told"] == "window" and one["c"] == query.pk for one in tab.told)
    assert shown.unread_of(ann, Window.objects.get(talk=talk, network__person=ann)) == (0, 0)
    assert not Message.objects.filter(other="CTCP", talk__owner__person=ann).exists()

    assert tab.say(talk, "/unignore ben")["told"] == "taken"
    wait_until(lambda: ignored(ann) == [])
    assert shown.unread_of(ann, Window.objects.get(talk=talk, network__person=ann)) == (1, 1)
    tab.say(talk, "/query ben")
    assert tab.hear(lambda one: one["told"] == "window" and one["c"] == query.pk)["unread"] >= 1
    assert rights.readable(ann, query).filter(text="psst").exists()


def test_what_cannot_be_ignored_is_told_and_the_list_outlives_the_connection(own):
    ann = own.person("ann")
    talk, tab = own.is_inside(ann, "#lab"), own.tab(ann)
    assert "no nickname" in tab.say(talk, "/ignore <b>")["says"]
    assert "yourself" in tab.say(talk, "/ignore Ann")["says"]
    assert "not ignored" in tab.say(talk, "/unignore ben")["says"]
    assert "/ignore [nick]" in tab.say(talk, "/ignore")["says"]
    for nick in ("ben", "Ben", "friend"):
        assert tab.say(talk, f"/ignore {nick}")["told"] == "taken"
    wait_until(lambda: ignored(ann) == ["Ben", "friend"])
    own.stop_gateway()
    own.start_gateway()
    own.is_inside(ann, "#lab")
    state = own.tab(ann).hear(lambda one: one["told"] == "state")
    assert state["networks"][0]["ignored"] == ["Ben", "friend"]
    Network.objects.filter(person=ann).update(ignored=[f"n{number}" for number in range(200)])
    own.stop_gateway()
    own.start_gateway()
    own.state(ann, "on")
    assert "200 people" in own.tab(ann).say(talk, "/ignore ben")["says"]

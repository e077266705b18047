"""Connections, tabs and servers that break: what was said meanwhile is there afterwards, once."""

from __future__ import annotations

import asyncio
import re

from chat import bus, presence, shown
from chat.consumers import ChatConsumer
from chat.hub import MOST_WAITING
from chat.models import Message, Network, Window
from tests.chat.running import wait_until
from tests.chat.test_odds import Raw
from tests.needs import need
from tests.ngircd import Ngircd


def spoken():
    return list(Message.objects.filter(kind="privmsg").order_by("pk").values_list("text", flat=True))


def read_by(person, talk):
    lines, after = [], 0
    while True:
        told = shown.history(person, talk, after=after) if after else shown.history(person, talk, after=1)
        lines += [one["x"] for one in told["lines"] if one["k"] == "privmsg"]
        if not told["more"]:
            return lines
        after = told["lines"][-1]["id"]


def test_what_was_said_while_the_gateway_was_away_is_fetched_from_the_server_once_for_everybody(own):
    ann, ben = own.person("ann"), own.person("ben")
    talk = own.is_inside(ben, "#lab")
    tab, other = own.tab(ann), own.tab(ben)
    assert tab.say(talk, "before")["told"] == "taken"
    own.stop_gateway()
    guest = Raw(own.irc.ports.irc, "guest")
    for number in range(5):
        guest.send(f"PRIVMSG #lab :meanwhile {number}")
    guest.send("PING done")
    guest.until(b"PONG")
    own.start_gateway()
    missed = [f"meanwhile {number}" for number in range(5)]
    for person in (ann, ben):
        wait_until(lambda person=person: read_by(person, talk) == ["before", *missed])
    other.hear(lambda one: one["told"] == "again")
    assert spoken() == ["before", *missed]
    assert Message.objects.get(text="meanwhile 0").nick == "guest"
    joined = Message.objects.filter(kind="join").order_by("-pk")[0]
    assert Message.objects.get(text="meanwhile 4").at < joined.at
    assert tab.say(talk, "after")["told"] == "taken"
    other.hears("after")
    assert spoken() == ["before", *missed, "after"]


def test_who_left_on_purpose_does_not_fetch_what_was_said_without_them(own):
    ann, ben = own.person("ann"), own.person("ben")
    talk = own.is_inside(ben, "#lab")
    tab, other = own.tab(ann), own.tab(ben)
    assert tab.say(talk, "with ann")["told"] == "taken"
    assert tab.say(talk, "/part")["told"] == "taken"
    wait_until(lambda: not Window.objects.get(talk=talk, network__person=ann).inside)
    assert other.say(talk, "without ann")["told"] == "taken"
    server = Window.objects.get(network__person=ann, talk__kind="server").talk
    assert tab.say(server, "/join #lab")["told"] == "taken"
    own.is_inside(ann, "#lab")
    assert other.say(talk, "with ann again")["told"] == "taken"
    tab.hears("with ann again")
    assert read_by(ann, talk) == ["with ann", "with ann again"]


def test_a_tab_that_does_not_keep_up_is_told_to_look_anew_and_misses_nothing(peer, monkeypatch):
    ann, ben = peer.person("ann"), peer.person("ben")
    talk = peer.is_inside(ann, "#lab")
    slow, quick = peer.tab(ann), peer.tab(ben)
    slow.hear(lambda one: one["told"] == "state")
    gate = asyncio.Event()
    serve = ChatConsumer.__call__

    async def slowly(self, scope, receive, send):
        async def held(message):
            if scope["user"].pk == ann.pk and message["type"] == "websocket.send":
                await gate.wait()
            await send(message)

        await serve(self, scope, receive, held)

    monkeypatch.setattr(ChatConsumer, "__call__", slowly)
    # The pumps took their way of sending when the tabs opened: open them again.
    slow.close()
    slow = peer.tab(ann)
    flooder = Raw(peer.irc.port, "flood")
    count = MOST_WAITING + 500
    flooder.send(*(f"PRIVMSG #lab :flood {number}" for number in range(count)))
    quick.hears(f"flood {count - 1}")
    peer.running_loop(gate.set)
    slow.hear(lambda one: one["told"] == "again")
    assert len([one for one in slow.told if one["told"] == "line"]) < count
    assert read_by(ann, talk) == [f"flood {number}" for number in range(count)]
    quick.say(talk, "still here")
    slow.hears("still here")
    assert Network.objects.get(person=ann).state == "on"


def test_a_split_of_two_linked_servers_is_told_as_one_and_everybody_is_back_after_it(
    peer, monkeypatch, tmp_path
):
    ours, theirs = "one.ngircd.test", "two.ngircd.test"
    peer.irc.stop()
    near = Ngircd(tmp_path / "near", need("ngircd"), name=ours, peer=theirs)
    far = Ngircd(tmp_path / "far", need("ngircd"), name=theirs, peer=near)
    try:
        type(peer.server).objects.filter(pk=peer.server.pk).update(port=near.port)
        ann = peer.person("ann")
        tab = peer.tab(ann)
        guests = [Raw(far.port, name) for name in ("cat", "dan")]
        for name in ("cat", "dan"):
            tab.hear(lambda one, name=name: one["told"] == "line" and one["k"] == "join" and one["n"] == name)
        guests[0].send("PRIVMSG #lab :over the link")
        tab.hears("over the link")
        far.stop()
        for name in ("cat", "dan"):
            left = tab.hear(
                lambda one, name=name: one["told"] == "line" and one["k"] == "quit" and one["n"] == name
            )
            assert re.fullmatch(r"\S+\.\S+ \S+\.\S+", left["x"]), left  # what the page tells as a netsplit
        far.start()
        back = Raw(far.port, "cat")
        tab.hear(
            lambda one: one["told"] == "line" and one["k"] == "join" and one["n"] == "cat"
            and one["id"] > left["id"]
        )  # fmt: skip
        back.send("PRIVMSG #lab :back again")
        tab.hears("back again")
        assert spoken() == ["over the link", "back again"]
    finally:
        far.stop()
        near.stop()


def missed(room, *words):
    """Somebody says ``words`` in #lab while nobody of us is there."""
    guest = Raw(room.irc.ports.irc, "guest")
    guest.send(*(f"PRIVMSG #lab :{one}" for one in words), "PING done")
    guest.until(b"PONG")


def test_a_newcomer_does_not_read_what_others_fetch_of_the_time_before(own):
    ann = own.person("ann")
    talk, tab = own.is_inside(ann, "#lab"), own.tab(ann)
    assert tab.say(talk, "before")["told"] == "taken"
    own.stop_gateway()
    missed(own, "one", "two")
    networks = Network.objects.filter(person=ann)
    networks.update(wanted=False)
    own.start_gateway()
    cat = own.person("cat")
    new = own.tab(cat)
    assert new.say(talk, "hello, is anybody here?")["told"] == "taken"
    networks.update(wanted=True)
    bus.order("look")
    wait_until(lambda: read_by(ann, talk) == ["before", "hello, is anybody here?", "one", "two"])
    assert tab.say(talk, "I am")["told"] == "taken"
    new.hears("I am")
    assert read_by(cat, talk) == ["hello, is anybody here?", "I am"]
    assert not new.lines("one") and not new.lines("two")
    own.stop_gateway()
    missed(own, "three")
    own.start_gateway()
    wait_until(lambda: read_by(cat, talk) == ["hello, is anybody here?", "I am", "three"])


def test_who_left_the_network_on_purpose_does_not_fetch_what_was_said_without_them(own):
    ann, ben = own.person("ann"), own.person("ben")
    talk = own.is_inside(ben, "#lab")
    tab, other = own.tab(ann), own.tab(ben)
    assert tab.say(talk, "with ann")["told"] == "taken"
    tab.say(talk, "/quit for today")
    own.state(ann, "off")
    wait_until(lambda: not Window.objects.get(talk=talk, network__person=ann).inside)
    assert other.say(talk, "without ann")["told"] == "taken"
    presence.want(Network.objects.get(person=ann).pk, True)
    bus.order("look")
    own.is_inside(ann, "#lab")
    assert other.say(talk, "with ann again")["told"] == "taken"
    tab.hears("with ann again")
    assert read_by(ann, talk) == ["with ann", "with ann again"]

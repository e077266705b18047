"""What goes wrong: nicks that are taken, servers and gateways that die, floods, people who are disabled."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

from accounts.models import Server
from chat import bus, presence
from chat.guarded import without_secret
from chat.link import Link
from chat.models import Message, Network, Talk, Window
from chat.writer import Writer
from protocols.irc.events import Identity, Left
from protocols.irc.state import Connection
from tests.chat.running import wait_until
from tests.needs import need
from tests.ngircd import Ngircd
from transcripts import blocks
from transcripts.models import Conversation


class Raw:
    """A bare connection to ngIRCd, as by telnet."""

    def __init__(self, port: int, nick: str, channel: str = "#lab") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.until(b" 376 ", b" 422 ")
        self.send(f"JOIN {channel}")
        self.until(b" 366 ")

    def send(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def until(self, *signs: bytes) -> bytes:
        while line := self.file.readline():
            if any(sign in line for sign in signs):
                return line
        raise AssertionError("the server closed")


def test_a_nick_that_is_taken_gets_an_underscore_and_comes_back_when_it_is_free(peer):
    other = Raw(peer.irc.port, "ann")
    ann = peer.person("ann")
    assert peer.state(ann, "on").nick == "ann_"
    other.send("QUIT :bye")
    wait_until(lambda: Network.objects.get(person=ann).nick == "ann")
    assert Network.objects.get(person=ann).wanted_nick == "ann"


def test_a_nick_is_asked_for_again_only_where_the_server_gave_it(room):
    ann = room.person("ann")
    talk, tab = room.is_inside(ann, "#lab"), room.tab(ann)
    tab.say(talk, "/nick 9bad")
    tab.hear(lambda one: one["told"] == "line" and one.get("o") == "432")
    assert Network.objects.get(person=ann).wanted_nick == "ann"
    tab.say(talk, "/nick Anna")
    wait_until(lambda: Network.objects.get(person=ann).wanted_nick == "Anna")


def test_what_one_asks_is_answered_also_where_a_greeting_would_not_be_shown(room):
    ann, ben = room.person("ann"), room.person("ben")
    talk, tab = room.is_inside(ben, "#lab"), room.tab(ann)
    assert not Message.objects.filter(kind="told", other="251").exists()
    tab.say(talk, "/lusers")
    assert tab.hear(lambda one: one["told"] == "line" and one.get("o") == "251")["near"] == talk.pk
    tab.say(talk, "/ping ben")
    answer = tab.hear(lambda one: one["told"] == "line" and one.get("o") == "CTCP")
    words = answer["x"].split()
    assert words[:2] == ["CTCP", "PING"] and words[3] == "ms" and 0 <= int(words[2]) < 30_000, answer


def test_the_server_dies_and_comes_back_everybody_is_in_again_and_nothing_is_said_twice(peer):
    ann, ben = peer.person("ann"), peer.person("ben")
    talk = peer.is_inside(ben, "#lab")
    tab, other = peer.tab(ann), peer.tab(ben)
    assert tab.say(talk, "before")["told"] == "taken"
    other.hears("before")
    peer.irc.stop()
    tab.hear(lambda one: one["told"] == "network" and one["state"] == "waiting" and one["says"])
    refused = tab.say(talk, "into the void")
    assert refused["told"] == "refused" and refused["says"]
    peer.irc.start()
    for person in (ann, ben):
        network = Network.objects.get(person=person)
        peer.do(_hurry(network.pk))
    wait_until(lambda: Window.objects.filter(talk=talk, inside=True).count() == 2, 30)
    assert tab.say(talk, "after")["told"] == "taken"
    other.hears("after")
    texts = list(Message.objects.filter(kind="privmsg").order_by("pk").values_list("text", flat=True))
    assert texts == ["before", "after"]


async def _hurry(network: int) -> None:
    line = bus.Line()
    await line.send(bus.ORDERS, json.dumps({"do": "hurry", "network": network}))
    await line.close()


def test_the_gateway_ends_and_begins_again_and_the_tabs_hear_of_both(room):
    ann, ben = room.person("ann"), room.person("ben")
    talk = room.is_inside(ben, "#lab")
    tab, other = room.tab(ann), room.tab(ben)
    assert tab.say(talk, "before")["told"] == "taken"
    room.stop_gateway()
    tab.hear(lambda one: one["told"] == "gateway" and not one["up"])
    refused = tab.say(talk, "nobody takes this")
    assert refused["told"] == "refused" and refused["says"]
    room.start_gateway()
    tab.hear(lambda one: one["told"] == "gateway" and one["up"])
    wait_until(lambda: Window.objects.filter(talk=talk, inside=True).count() == 2, 30)
    assert tab.say(talk, "after")["told"] == "taken"
    other.hears("after")
    texts = list(Message.objects.filter(kind="privmsg").order_by("pk").values_list("text", flat=True))
    assert texts == ["before", "after"]


def test_the_one_who_reports_leaves_and_the_next_message_is_still_stored_once(room):
    people = [room.person(name) for name in ("ann", "ben", "cat")]
    talk = room.is_inside(people[2], "#lab")
    tabs = [room.tab(person) for person in people]
    assert tabs[0].say(talk, "one")["told"] == "taken"
    assert tabs[0].say(talk, "/part")["told"] == "taken"
    wait_until(lambda: Window.objects.filter(talk=talk, inside=True).count() == 2)
    assert tabs[1].say(talk, "two")["told"] == "taken"
    tabs[2].hears("two")
    assert list(Message.objects.filter(kind="privmsg").values_list("text", flat=True)) == ["one", "two"]
    assert not tabs[0].lines("two")


def test_a_disabled_persons_sockets_and_connection_close_at_once(room):
    ann, ben = room.person("ann"), room.person("ben")
    talk = room.is_inside(ben, "#lab")
    tab, other = room.tab(ann), room.tab(ben)
    ann.is_active = False
    ann.save()
    wait_until(lambda: tab.closed == 4403)
    other.hear(lambda one: one["told"] == "line" and one["k"] == "quit" and one["n"] == "ann")
    room.state(ann, "off")
    wait_until(lambda: not Window.objects.get(talk=talk, network__person=ann).inside)
    assert room.tab(ann).closed == 4403


def test_a_flood_is_stored_in_order_and_the_room_goes_on(peer):
    ann = peer.person("ann")
    talk = peer.is_inside(ann, "#lab")
    tab = peer.tab(ann)
    flooder = Raw(peer.irc.port, "flood")
    flooder.send(*(f"PRIVMSG #lab :flood {number}" for number in range(2_000)))
    flooder.send("PING end")
    wait_until(lambda: Message.objects.filter(nick="flood", kind="privmsg").count() == 2_000, 60)
    texts = list(
        Message.objects.filter(nick="flood", kind="privmsg").order_by("pk").values_list("text", flat=True)
    )
    assert texts == [f"flood {number}" for number in range(2_000)]
    assert tab.say(talk, "still here")["told"] == "taken"


BAD = (
    "/raw PRIVMSG #lab :a\0b", "/raw PING a\nQUIT", "/raw " + "x" * 600, "/nosuch", "/msg", "/topic\0x",
    "/topic a\rQUIT", "/join #a\rQUIT", "/join #a\nQUIT", "/join #a\0b", "/msg a\rQUIT hi", "/msg a\nQUIT hi",
    "/msg a\0b hi", "/query a\rb", "/query a\0b", "/query :a", "/query " + "x" * 300, "/msg " + "x" * 300 + " hi",
    "/away a\nQUIT", "/kick ben a\nQUIT",
)  # fmt: skip


def test_what_cannot_be_said_is_refused_with_a_sentence_and_makes_no_window(room):
    ann = room.person("ann")
    talk, tab = room.is_inside(ann, "#lab"), room.tab(ann)
    for bad in BAD:
        told = tab.say(talk, bad)
        assert told["told"] == "refused" and told["says"], (bad, told)
    assert not Talk.objects.filter(kind="query").exists() and Talk.objects.filter(kind="channel").count() == 1
    assert tab.say(talk, "half \ud800 a sign")["told"] == "taken"
    tab.hears("half \ufffd a sign")
    assert Network.objects.get(person=ann).state == "on"


def test_what_stumbles_is_answered_and_the_next_words_are_taken(own, monkeypatch):
    ann = own.person("ann")
    talk, tab = own.is_inside(ann, "#lab"), own.tab(ann)

    def away(*_words):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(presence, "query_window", away)
        told = tab.say(talk, "/query ben")
        assert told["told"] == "refused" and told["says"]
    assert tab.say(talk, "/query ben")["told"] == "taken"


def test_a_server_that_asks_for_a_password_gets_it_at_the_second_try(tmp_path, peer):
    peer.irc.stop()
    guarded = Ngircd(tmp_path / "guarded", need("ngircd"), password="ann-secret-1")
    try:
        type(peer.server).objects.update(port=guarded.port)
        ann = peer.person("ann")
        assert peer.state(ann, "on").nick == "ann"
    finally:
        guarded.stop()


def test_words_to_a_service_are_stored_without_the_password():
    assert without_secret("NickServ", "IDENTIFY ann tin-can-telephone", own=True) == "IDENTIFY •••"
    assert without_secret("NickServ", "HELP", own=True) == "HELP"
    assert "tin-can" not in without_secret("#lab", "/msg NickServ identify tin-can-telephone", own=True)
    assert "tin-can" not in without_secret("#lab", "/msg NickServ identify tin-can", source="ann!a@h")
    assert without_secret("#lab", "what is your password?", source="ann!a@h") == "what is your password?"


def test_a_netsplit_tells_who_was_lost_and_in_which_batch():
    connection = Connection(Identity("ann", "ann", "Ann"))
    for line in (
        b":s 001 ann :hi",
        b":s 376 ann :end",
        b":ann!a@h JOIN #lab",
        b":s 353 ann = #lab :ann ben cat",
    ):
        connection.feed(line)
    connection.feed(b":s 366 ann #lab :end")
    connection.feed(b":s BATCH +x netsplit one.test two.test")
    events = [
        event
        for nick in (b"ben", b"cat")
        for event in connection.feed(b"@batch=x :" + nick + b"!u@h QUIT :one.test two.test")
    ]
    connection.feed(b":s BATCH -x")
    assert [(one.source.nick, one.channels, one.mark.batch) for one in events if isinstance(one, Left)] == [
        ("ben", ("#lab",), "netsplit"),
        ("cat", ("#lab",), "netsplit"),
    ]
    assert list(connection.room("#lab").members) == ["ann"]


def test_who_leaves_the_network_says_so_once_and_is_told_to_be_away(own):
    ann = own.person("ann")
    talk, tab = own.is_inside(ann, "#lab"), own.tab(ann)
    tab.say(talk, "/quit see you")
    left = tab.hear(lambda one: one["told"] == "network" and one["state"] == "off")
    assert not left["wanted"]
    conversation = wait_until(Conversation.objects.filter(owner=ann, ended__isnull=False).first)
    said = [line.raw for line, _ in blocks.read(conversation, 1) if line.speaker == "C"]
    assert [raw for raw in said if raw.startswith(b"QUIT")] == [b"QUIT :see you"]


def test_a_change_that_the_database_does_not_take_holds_up_nothing_after_it(transactional_db, bus_settings):
    server = Server.objects.create(protocol="irc", name="IRC", host="localhost", port=1)
    talk = Talk.objects.create(server=server, kind="channel", name="#lab", folded="#lab")

    def poison():
        Talk.objects.filter(pk=talk.pk).update(topic="kept back")
        raise DataError("value too long")

    writer = Writer()
    writer.change(poison)
    writer.message(Message(talk=talk, at=timezone.now(), kind="privmsg", nick="ann", text="after the poison"))
    writer.stop()
    assert Message.objects.get().text == "after the poison" and not Talk.objects.get().topic


@pytest.mark.parametrize(
    "line",
    [
        b":s 001 " + b"n" * 300 + b" :hi",
        b":s 332 ann #lab :a\0topic",
        b":s 005 ann CHANTYPES=#\0 :are",
        b"ERROR :\0",
    ],
)
def test_what_no_database_takes_of_a_server_is_cut_or_left_out(line):
    connection = Connection(Identity("ann", "ann", "Ann"))
    for before in (b":s 001 ann :hi", b":s 376 ann :end", b":ann!a@h JOIN #lab"):
        connection.feed(before)
    assert "\0" not in repr(connection.feed(line)).replace("\\x00", "\0")


def test_a_channel_whose_name_begins_with_an_ampersand_is_one(peer):
    ann = peer.person("ann")
    lab, tab = peer.is_inside(ann, "#lab"), peer.tab(ann)
    assert tab.say(lab, "/join &staff")["told"] == "taken"
    staff, ben = peer.is_inside(ann, "&staff"), Raw(peer.irc.port, "ben", "&staff")
    ben.send("PRIVMSG &staff :here we are")
    assert tab.hears("here we are")["c"] == staff.pk
    assert tab.say(staff, "so we are")["told"] == "taken"
    tab.hears("so we are")
    assert not Talk.objects.filter(kind="query").exists()


def test_rules_of_a_server_that_no_database_takes_are_kept_without_that():
    connection = Connection(Identity("ann", "ann", "Ann"))
    connection.feed(rb":s 005 ann CHANTYPES=#\x00 PREFIX=(o)\x00 :are")
    link = Link(SimpleNamespace(), Network(person_id=1, server_id=1))
    link.session = SimpleNamespace(state=connection)
    assert link._rules()["types"] == "#\ufffd" and link._rules()["prefixes"] == "\ufffd"

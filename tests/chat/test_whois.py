"""The answers to WHOIS become one card."""

from __future__ import annotations

import json

from chat.models import Message
from chat.whois import Whois


def taken(*lines: str) -> list[str | None]:
    whois = Whois(str.lower)
    found = []
    for line in lines:
        code, *words = line.partition(" :")[0].split()
        tail = line.partition(" :")[2]
        found.append(whois.take(code, (*words, *([tail] if tail else []))))
    return found


def test_who_somebody_is_stands_in_one_message_where_it_was_asked(room):
    ann, ben = room.person("ann"), room.person("ben")
    talk, tab = room.is_inside(ben, "#lab"), room.tab(ann)
    other = room.tab(ben)
    other.say(talk, "/away at <b>lunch</b>")
    other.hear(lambda one: one["told"] == "line" and one.get("o") == "306")
    assert tab.say(talk, "/whois BEN")["told"] == "taken"
    told = tab.hear(lambda one: one["told"] == "line" and one.get("o") == "WHOIS")
    found = json.loads(told["x"])
    assert told["near"] == talk.pk and found["nick"] == "ben" and found["user"] and found["host"]
    assert [name.lstrip("@") for name in found["channels"]] == ["#lab"]
    assert found["away"] == "at <b>lunch</b>" and found["idle"] < 1000 and found["server"]
    tab.say(talk, "/whois nobodyy")
    tab.hear(lambda one: one["told"] == "line" and one.get("o") == "401")
    tab.say(talk, "and on")
    tab.hears("and on")
    assert not Message.objects.filter(kind="told", other__in=("311", "312", "317", "318", "319")).exists()


def test_odd_answers_are_bounded_and_others_numerics_are_left_alone():
    assert taken("312 ben irc.lab :of a WHOWAS", "301 ben :away") == [None, None]
    assert taken("318 nobody :End of WHOIS") == [""]
    more = [f"378 Ben :from {n}" for n in range(50)]
    *parts, end = taken(
        "311 Ben b host * :Ben", *more, "317 ben 99999999999999 x :idle", "319 BEN", "318 ben :End"
    )
    assert end and parts[-1] is None and json.loads(end)["more"] == [f"from {n}" for n in range(12)]
    assert "idle" not in json.loads(end)
    whois = Whois(str.lower)
    for number in range(100):
        assert whois.take("311", (f"n{number}", "u", "h", "*", "r")) == ""
    assert whois.take("318", ("n99", "End")) and whois.take("318", ("n1", "End")) == ""

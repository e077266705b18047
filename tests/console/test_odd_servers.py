"""Servers that hang, drip, flood and send what no terminal should obey; people who go; links that choose."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import types

import pytest
from channels.db import database_sync_to_async
from django.urls import reverse

from accounts.models import Server
from console import consumers, screen, session, typed
from protocols import catalog
from protocols.events import Crossed
from protocols.login import Limits
from tests.console.conftest import Console, text
from transcripts.models import Conversation, Transcript


async def quiet(reader, writer):
    await reader.read()


async def test_a_server_that_drips_is_shown_while_it_drips(ann, console, scripted):
    async def behave(reader, writer):
        for sign in b"220 slow":
            writer.write(bytes([sign]))
            await asyncio.sleep(0.02)
        await reader.read()

    hand = await console(ann, server=await scripted.open(behave))
    await hand.until(lambda: hand.partial and text(hand.partial) == "220 slow")
    assert not hand.texts("S")


async def test_brackets_within_brackets_do_not_end_the_consoles_socket(ann, console, scripted):
    one = await console(ann, server=await scripted.open(quiet))
    for said in ("[" * 100_000, "{", "7"):
        await one.send_input({"type": "websocket.receive", "text": said})
    await one.say("HELO me.test")
    assert await one.seen("HELO", "C")


async def test_a_server_that_hangs_can_be_left(ann, console, scripted):
    hand = await console(ann, server=await scripted.open(quiet))
    await hand.say("EHLO me.example")
    await hand.seen("EHLO", "C")
    await hand.put(type="close")
    assert (await hand.closed())["why"] == ""
    await hand.put(type="say", text="lost?")
    refused = await hand.until(lambda: next((one for one in hand.told if one["type"] == "refused"), None))
    assert refused["text"] == "lost?" and "no connection" in refused["why"]


async def test_ansi_binary_and_direction_marks_are_shown_as_escapes(ann, console, scripted):
    async def behave(reader, writer):
        writer.write(b"220 \x1b[2J\x1b]0;title\x07 \x00\xff\xfe\r\n")
        writer.write("250 a\u202eb\u200f <script>alert(1)</script>\r\n".encode())
        writer.close()

    hand = await console(ann, server=await scripted.open(behave))
    await hand.closed()
    first, second = (line for line in hand.lines if line["who"] == "S")
    assert ["control", "\\x1b"] in first["pieces"] and ["control", "\\x00"] in first["pieces"]
    assert not any(sign in text(one) for one in (first, second) for sign in "\x1b\x07\x00\u202e\u200f")
    assert "\\u202e" in text(second) and "<script>" in text(second)


async def test_a_line_of_ten_megabytes_is_cut_and_counted(ann, console, scripted):
    async def behave(reader, writer):
        writer.write(b"220 " + b"x" * 10_000_000 + b"\r\n221 bye\r\n")
        await writer.drain()
        writer.close()

    hand = await console(ann, server=await scripted.open(behave))
    await hand.seen("221 bye", seconds=30)
    line = next(one for one in hand.lines if text(one).startswith("220 x"))
    assert len(text(line)) == 4096 and line["size"] == 10_000_006
    assert all(len(json.dumps(one)) < 400_000 for one in hand.told)


async def test_a_flood_is_drawn_in_pieces_and_then_left(ann, console, scripted, monkeypatch):
    monkeypatch.setattr(session, "MOST_LINES", 3000)

    async def behave(reader, writer):
        while True:
            writer.write(b"250 more\r\n" * 1000)
            await writer.drain()

    hand = await console(ann, server=await scripted.open(behave))
    over = await hand.closed(30)
    assert "3000 lines came within a minute" in over["why"]
    told = [one for one in hand.told if one["type"] == "lines"]
    assert all(len(one["items"]) <= session.MOST_ITEMS + 1 for one in told) and any(
        one["left_out"] for one in told
    )
    row = await database_sync_to_async(Transcript.objects.get)()
    assert row.outcome == "refused" and row.ended


async def test_the_servers_goodbye_is_shown_and_ours_comes_after_a_day_only(ann, console, scripted):
    assert session.LIMITS.idle > 24 * 3600 and session.LIMITS.total > 24 * 3600

    async def behave(reader, writer):
        writer.write(b"220 hi\r\n421 4.4.2 you were silent for too long\r\n")
        writer.close()

    hand = await console(ann, server=await scripted.open(behave))
    assert (await hand.closed())["why"] == ""
    assert "421 4.4.2 you were silent for too long" in hand.texts("S")
    assert "The server closed the connection." in hand.texts("-")


async def test_a_console_that_is_idle_for_longer_than_its_own_limit_says_so(
    ann, console, scripted, monkeypatch
):
    monkeypatch.setattr(session, "LIMITS", Limits(idle=0.2, total=60))
    hand = await console(ann, server=await scripted.open(quiet))
    assert "said nothing for" in (await hand.closed())["why"]


@pytest.mark.unexplained("a line that is no SMTP is enough to break the silence")
async def test_a_silent_console_is_told_before_it_ends_and_a_word_keeps_it(
    ann, console, scripted, monkeypatch
):
    monkeypatch.setattr(session, "LIMITS", Limits(idle=3, total=60))
    monkeypatch.setattr(session, "WARNING", 2.0)

    async def echo(reader, writer):
        while raw := await reader.readline():
            writer.write(b"250 " + raw)

    hand = await console(ann, server=await scripted.open(echo))
    idle = lambda: [one["why"] for one in hand.told if one["type"] == "idle"]  # noqa: E731
    await hand.until(lambda: len(idle()) == 1)
    assert "this connection ends in 1 minute unless" in idle()[0]
    await hand.say("still here")
    await hand.until(lambda: len(idle()) == 2)
    assert idle()[1] == ""
    assert "said nothing for" in (await hand.closed())["why"]
    assert len(idle()) == 3 and idle()[2]


async def test_a_line_of_thousands_of_control_signs_is_a_bounded_number_of_pieces(ann, console, scripted):
    async def behave(reader, writer):
        writer.write(b"220 " + b"a\x01" * 3000 + b"\r\n")
        writer.close()

    hand = await console(ann, server=await scripted.open(behave))
    await hand.closed()
    line = next(one for one in hand.lines if one["who"] == "S")
    assert len(line["pieces"]) <= screen.MOST_PIECES + 1
    assert text(line).startswith("220 a\\x01a\\x01") and text(line).endswith("a\\x01a\\x01")
    assert "\x01" not in text(line)


def weight(thing):
    """Bytes of everything that ``thing`` holds on to, code and tables of facts apart."""
    seen, ahead, total = set(), [thing], 0
    while ahead:
        one = ahead.pop()
        if id(one) in seen or isinstance(one, (type, types.ModuleType, types.FunctionType)):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        ahead += gc.get_referents(one)
    return total


def test_a_day_of_lines_leaves_no_more_in_the_servers_memory_than_an_hour_of_them():
    """A console for a day is above all many lines: what it holds after 1,000 of them it holds after 10,000."""
    shown, held = screen.Screen("irc"), []
    for number in range(1, 5_001):
        shown.take(Crossed(float(number), "S", b":ann!a@b PRIVMSG #lab :line %d\r\n" % number))
        shown.take(Crossed(float(number), "C", b"PRIVMSG #lab :line %d\r\n" % number))
        if number in (500, 5_000):
            held.append(weight(shown))
    assert shown.lines == 10_000 and held[1] < held[0] + 20_000, held


async def test_what_cannot_be_sent_comes_back(ann, console, scripted):
    hand = await console(ann, server=await scripted.open(quiet))
    await hand.until(lambda: any(one["type"] == "open" for one in hand.told))
    for line, escapes in (("two\nlines", False), (r"bad \q", True), ("x" * (typed.MOST + 1), False)):
        await hand.put(type="say", text=line, escapes=escapes)
        told = await hand.until(
            lambda line=line: next((one for one in hand.told if one.get("text") == line), None)
        )
        assert told["type"] == "refused" and "not sent" in told["why"]
    assert not hand.texts("C")


async def test_a_disabled_persons_console_closes_and_so_does_the_servers_connection(ann, console, scripted):
    ended = asyncio.Event()

    async def behave(reader, writer):
        await reader.read()
        ended.set()

    hand = await console(ann, server=await scripted.open(behave))
    await hand.until(lambda: any(one["type"] == "open" for one in hand.told))
    ann.is_active = False
    await database_sync_to_async(ann.save)()
    await hand.until(lambda: any(one == {"type": "socket-closed", "code": 4403} for one in hand.told))
    await asyncio.wait_for(ended.wait(), 5)


async def test_leaving_the_page_ends_the_connection_and_its_transcript(ann, console, scripted):
    hand = await console(ann, server=await scripted.open(quiet))
    await hand.until(lambda: any(one["type"] == "open" for one in hand.told))
    await hand.leave()
    row = await database_sync_to_async(Transcript.objects.get)()
    assert row.ended
    assert (await database_sync_to_async(Conversation.objects.get)()).ended


async def test_only_servers_in_use_are_reached(ann, console, lab):
    for row, why in (
        (Server(pk=999_999, host="x"), "not in use"),
        (await database_sync_to_async(Server.objects.create)(
            protocol="smtp", name="off", host="off.test", port=1, address="127.0.0.1", enabled=False
        ), "not in use"),
        (await database_sync_to_async(Server.objects.create)(
            protocol="smtp", name="gone", host="gone.test", port=1, address="127.0.0.1"
        ), "nothing answers at port 1"),
    ):  # fmt: skip
        hand = await console(ann, server=row)
        assert why in (await hand.closed())["why"]


async def test_a_person_holds_a_bounded_number_of_connections(ann, console, scripted, monkeypatch):
    monkeypatch.setattr(consumers, "MOST_EACH", 1)
    row = await scripted.open(quiet)
    first = await console(ann, server=row)
    await first.until(lambda: any(one["type"] == "open" for one in first.told))
    second = await console(ann, server=row)
    told = await second.until(lambda: next((one for one in second.told if one["type"] == "refused"), None))
    assert "many consoles" in told["why"]


async def test_who_is_not_signed_in_gets_no_console(db):
    from django.contrib.auth.models import AnonymousUser

    hand = Console(AnonymousUser())
    await hand.send_input({"type": "websocket.connect"})
    assert await hand.receive_output(10) == {"type": "websocket.close", "code": 4401}


@pytest.mark.unexplained("a line that is no SMTP shows that the socket lives")
async def test_what_is_no_json_or_no_order_is_ignored(ann, console, scripted):
    hand = await console(ann, server=await scripted.open(quiet))
    for word in ("", "[]", '"x"', "{", '{"type": 5}', '{"type": "reveal", "id": "1"}', '{"type":"open"}'):
        await hand.send_input({"type": "websocket.receive", "text": word})
    await hand.say("still here")
    await hand.seen("still here", "C")


@pytest.mark.parametrize(
    ("query", "chosen", "told"),
    [
        ("", "", ""),
        ("server=smtp", "smtp", ""),
        ("server=www.example.com&port=25", "smtp", ""),
        ("url=telnet://localhost:110", "pop3", ""),
        ("url=telnet://localhost/", "", "localhost:23 is no server"),
        ("url=telnet://www.example.com:25/", "smtp", ""),
        ("url=telnet://evil.example:25", "", "evil.example:25 is no server"),
        ("url=telnet://0x7f.1:25", "", "0x7f.1:25 is no server"),
        ("url=telnet://[::ffff:127.0.0.1]:25", "", "is no server"),
        ("url=telnet://localhost@evil.example:25", "", "evil.example:25 is no server"),
        ("url=telnet://localhost:99999", "", "is no server"),
        ("server=nobody", "", "nobody is no server"),
    ],
)
def test_a_link_chooses_a_server_of_the_list_or_says_that_there_is_none(
    lab, ann, client, query, chosen, told
):
    client.force_login(ann)
    page = client.get(f"{reverse('console')}?{query}&send=EHLO%20me%0ANOOP")
    row = Server.objects.filter(protocol=chosen).first()
    assert page.context["chosen"] == (row.pk if row else 0)
    assert told in page.context["missing"] and ("is no server" in page.context["missing"]) == bool(told)
    assert "EHLO me\nNOOP" in page.content.decode()


def test_an_address_with_a_port_for_tls_chooses_tls(lab, ann, client):
    client.force_login(ann)
    for port, secure in ((lab.ports.imaps, True), (lab.ports.imap, False)):
        page = client.get(f"{reverse('console')}?url=telnet://localhost:{port}")
        assert page.context["chosen"] and page.context["secure"] == secure
        assert ('value="tls" selected' in page.content.decode()) == secure


def test_the_words_of_each_protocol_come_in_the_persons_language(lab, ann, client):
    ann.language = "vi"
    ann.save()
    client.force_login(ann)
    told = client.get(reverse("console-words", args=["smtp"])).json()
    words = told["words"]
    assert [name for name, _ in told["states"]] == list(catalog.knowledge("smtp").states)
    assert all(said and said != name for name, said in told["states"])
    helo = next(word for word in words if word["word"] == "HELO")
    assert helo["syntax"] == "HELO domain" and "Lời chào" in helo["meaning"] and helo["url"]
    assert client.get(reverse("console-words", args=["gopher"])).status_code == 404

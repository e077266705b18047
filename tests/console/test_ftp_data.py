"""FTP's wire session by hand with Debian's ProFTPD: the data connection beside the control connection."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from accounts.models import Server
from tests.console.conftest import text
from tests.needs import need
from tests.proftpd import Proftpd
from transcripts import blocks
from transcripts.models import Transcript


@pytest.fixture
def proftpd(tmp_path):
    server = Proftpd(tmp_path / "proftpd", need("proftpd"), more="DefaultRoot ~")
    (server.home / "project.dat").write_text("first line\nsecond line\n")
    yield server
    server.stop()


@pytest.fixture
async def greeted(lab, ann, console, proftpd):
    row = await database_sync_to_async(Server.objects.create)(
        protocol="ftp", name="odd", host="localhost", address="127.0.0.1", port=proftpd.port, ca=proftpd.pem
    )
    one = await console(ann, server=row)
    await one.seen("220")
    return one


@pytest.fixture
async def hand(greeted, proftpd):
    await greeted.say("USER ann", f"PASS {proftpd.password}")
    await greeted.seen("230")
    return greeted


def told(hand, kind):
    return [one for one in hand.told if one["type"] == kind]


async def transferred(hand, line, count):
    await hand.say(line)
    await hand.until(lambda: sum(one.startswith("226") for one in hand.texts("S")) >= count)
    return await hand.until(lambda: len(told(hand, "data-closed")) >= count and told(hand, "data-closed")[-1])


async def test_a_listing_and_a_file_come_over_connections_of_their_own(hand):
    await hand.say("PASV")
    await hand.until(lambda: told(hand, "data-open"))
    over = await transferred(hand, "LIST", 1)
    assert "project.dat" in "".join(one["text"] for one in told(hand, "data")) and over["why"] == ""
    await hand.say("EPSV")
    await hand.until(lambda: len(told(hand, "data-open")) == 2)
    over = await transferred(hand, "RETR project.dat", 2)
    came = "".join(one["text"] for one in told(hand, "data") if one["number"] == 2)
    assert came == "first line\nsecond line\n" and over["size"] in (23, 25)
    await hand.say("QUIT")
    await hand.closed()
    row = await database_sync_to_async(
        lambda: Transcript.objects.select_related("conversation").latest("pk")
    )()
    lines = await database_sync_to_async(lambda: list(blocks.read(row.conversation, row.first, row.last)))()
    assert all(note.known for _, note in lines)
    assert sum(line.kind == "data" for line, _ in lines) == 2


async def test_typed_text_becomes_a_file(hand, proftpd):
    await hand.say("PASV")
    await hand.until(lambda: told(hand, "data-open"))
    await hand.say("STOR letter.txt")
    await hand.seen("150", "S")
    await hand.put(type="data", text="Hello,\nthis is a file.\n")
    await hand.seen("226", "S")
    assert (proftpd.home / "letter.txt").read_bytes().replace(b"\r\n", b"\n") == b"Hello,\nthis is a file.\n"


async def test_in_tls_the_data_connection_is_protected_once_prot_p_was_agreed(greeted):
    hand = greeted
    await hand.say("AUTH TLS", "USER ann", "PASS ann's secret", "PBSZ 0", "PROT P")
    await hand.until(lambda: any(one["tls"] and text(one).startswith("200") for one in hand.lines))
    await hand.say("PASV")
    await hand.until(lambda: told(hand, "data-open"))
    await transferred(hand, "LIST", 1)
    assert "project.dat" in "".join(one["text"] for one in told(hand, "data"))
    assert any("inside TLS" in one or "TLS" in one for one in hand.texts("-")[2:])


async def test_without_a_data_connection_nothing_is_sent_and_nothing_lost(hand):
    await hand.put(type="data", text="keep me")
    refused = await hand.until(lambda: told(hand, "data-refused"))
    assert refused[0]["text"] == "keep me"


async def test_a_227_that_names_another_machine_is_not_followed_there(lab, ann, console, scripted):
    async def behave(reader, writer):
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(b"227 Entering passive mode (192,0,2,1,0,1)\r\n")
        await reader.read()

    one = await console(ann, server=await scripted.open(behave, "ftp"))
    await one.say("PASV")
    over = await one.until(lambda: told(one, "data-closed"))
    assert over[0]["size"] == 0 and "below 1024" in over[0]["why"]

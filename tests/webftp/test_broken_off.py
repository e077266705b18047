"""Uploads and downloads that meet something on the way: nothing is lost, nothing hidden, nobody waits for nothing."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import timezone

from tests.conftest import need
from tests.proftpd import Proftpd
from tests.webftp.conftest import BOTH, School
from tests.webftp.scripted import Scripted
from tests.webftp.test_transfers import BLOB, down, left, up
from webftp import listing, naming, progress, sites, tasks, upload, warm, zipped
from webftp.models import Folder, Ticket, key_of


@pytest.fixture
def odd(tab, ann, site):
    """A scripted server, with ann's site there."""
    running = Scripted()
    running.admit(ann)
    running.site = next(one for one in sites.of(ann) if one.server.port == running.port)
    yield running
    running.part()


def shown(site, path="/") -> list[str]:
    tasks.list_folder(site.pk, path)
    return [row.name for row in listing.unpack(Folder.objects.get(site=site, key=key_of(path)).rows)]


def ticket_for(tab, site, name, replace=False) -> str:
    """The address that one upload goes to."""
    told = tab.client.post(
        f"/files/{site.pk}/upload/",
        {"path": "/", "name": name, "replace": replace},
        content_type="application/json",
    )
    return told.json()["url"]


def in_the_middle(server, do):
    """Pieces of a body; once the part is at the server, ``do(its name)`` is done before the rest comes."""

    def pieces():
        yield BLOB[:500_000]
        yield BLOB[500_000:1_000_000]

    done = []

    async def meanwhile():
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = [path for path in server.home.rglob(".netlab-*.part") if path.stat().st_size]
            if found:
                done.append(found[0].name)
                await asyncio.to_thread(do, found[0])
                return
            await asyncio.sleep(0.01)

    return list(pieces()), meanwhile, done


def up_while(tab, server, url, do):
    """PUT ``url`` slowly, and have ``do(part)`` done while the part stands at the server."""
    chunks, meanwhile, done = in_the_middle(server, do)

    async def whole():
        try:
            doing = asyncio.create_task(meanwhile())
            answer = await tab.talk(url, method="PUT", chunks=chunks, pause=0.4)
            await doing
            return answer
        finally:
            await warm.close()

    answer = async_to_sync(whole)()
    assert done, "no part was seen"
    return answer


@BOTH
def test_a_part_that_somebody_deletes_does_not_cost_the_old_file(tab, site, server):
    (server.home / "keep.txt").write_bytes(b"old")
    answer = up_while(tab, server, ticket_for(tab, site, "keep.txt", True), lambda part: part.unlink())
    assert answer.status in (404, 502) and (server.home / "keep.txt").read_bytes() == b"old"


@pytest.fixture(scope="module")
def careful(tmp_path_factory):
    """A ProFTPD whose RNTO and STOR write over nothing."""
    running = Proftpd(
        tmp_path_factory.mktemp("careful"), need("proftpd"), more="DefaultRoot ~\nAllowOverwrite off"
    )
    yield running
    running.stop()


def test_a_server_that_writes_over_nothing_replaces_a_file_all_the_same(tab, ann, site, careful):
    site.server.delete()
    server = School(careful)
    server.admit(ann)
    here = sites.of(ann)[0]
    (server.home / "file").write_bytes(b"old")
    answer, _ = up(tab, here, "file", b"new", replace=True)
    assert answer.status == 200 and (server.home / "file").read_bytes() == b"new" and left(server) == ["file"]


@pytest.mark.parametrize("refusal", ["450 busy", "553 not over files"])
def test_whatever_rnto_refuses_the_old_file_stays(tab, odd, refusal):
    odd.files["/file"] = b"old"
    odd.instead["RNTO"] = lambda path: refusal if path == "/file" else None
    answer, number = up(tab, odd.site, "file", b"new", replace=True)
    assert answer.status == 502 and odd.instead.pop("RNTO")
    ticket = Ticket.objects.get(pk=number)
    if refusal.startswith("450"):
        assert odd.files == {"/file": b"old"}
        return
    # Not even the old one is let back: then both are kept, the person is told, and it is tried again later.
    assert odd.files == {ticket.aside: b"old", ticket.part: b"new"} and ticket.left
    assert ticket.aside in answer.body.decode()
    tasks.tidy()
    assert odd.files == {"/file": b"old"} and not Ticket.objects.get(pk=number).left


@pytest.mark.parametrize("end", ["421 bye", "dies"])
def test_an_old_file_steps_aside_and_back_where_the_connection_ends_between(tab, odd, end):
    odd.files["/file"] = b"old"
    answers = iter(["553 not over files", end])

    def rnto(path):
        answer = next(answers, None) if path == "/file" else None
        if answer == "dies":
            raise ConnectionError
        return answer

    odd.instead["RNTO"] = rnto
    answer, number = up(tab, odd.site, "file", b"new", replace=True)
    assert answer.status == 502 and odd.files == {"/file": b"old"} and not Ticket.objects.get(pk=number).left


@BOTH
def test_of_two_uploads_of_one_name_at_once_one_is_told_that_it_is_taken(tab, site, server):
    urls = [ticket_for(tab, site, "race.txt") for _ in range(2)]
    raws = [b"a" * 24_000, b"b" * 24_000]

    async def both():
        try:
            return await asyncio.gather(*(
                tab.talk(url, method="PUT", chunks=[raw[:9000], raw[9000:]], pause=0.3)
                for url, raw in zip(urls, raws, strict=True)
            ))  # fmt: skip
        finally:
            await warm.close()

    answers = async_to_sync(both)()
    assert sorted(answer.status for answer in answers) == [200, 409]
    first = next(raw for raw, answer in zip(raws, answers, strict=True) if answer.status == 200)
    assert left(server) == ["race.txt"] and (server.home / "race.txt").read_bytes() == first


def test_nor_do_two_processes_take_one_name(tab, odd):
    """Two loops share nothing but the database, as two web processes do."""
    both = threading.Barrier(2)

    def meet(path):
        with suppress(threading.BrokenBarrierError):
            both.wait(1)

    odd.instead["RNFR"] = meet
    urls = [ticket_for(tab, odd.site, "race.txt") for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda url: put(tab, url), urls))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert list(odd.files) == ["/race.txt"]
    assert not Ticket.objects.exclude(naming=None).exists()


def put(tab, url):
    try:
        return tab.ask(url, method="PUT", chunks=[b"a" * 9000])
    finally:
        connection.close()


def test_a_name_that_a_dead_process_held_is_free_after_a_while(tab, odd, monkeypatch):
    path = key_of(f"{odd.site.pk} /name")
    ticket_for(tab, odd.site, "other")
    now = timezone.now()
    Ticket.objects.update(naming=path, state="running", beat=now, expires=now)
    monkeypatch.setattr(naming, "DEAD", timedelta(seconds=0.5))
    began = time.monotonic()
    assert up(tab, odd.site, "name", b"x")[0].status == 200 and time.monotonic() - began >= 0.4


@BOTH
def test_a_part_is_hidden_while_its_upload_runs_and_goes_when_that_was_killed(tab, site, server):
    (server.home / ".netlab-notes").write_bytes(b"mine")
    seen = {}

    def look(part):
        ticket = Ticket.objects.get()
        seen.update(names=shown(site), ticket=ticket, part=part.name, raw=part.read_bytes())

    answer = up_while(tab, server, ticket_for(tab, site, "file"), look)
    assert answer.status == 200 and seen["names"] == [".netlab-notes"], "one's own file is no part"
    assert seen["ticket"].part == f"/{seen['part']}" and seen["ticket"].state == "running"
    # As if the process had been killed there and then:
    (server.home / seen["part"]).write_bytes(seen["raw"])
    row = Ticket.objects.filter(pk=seen["ticket"].pk)
    row.update(state="running", beat=timezone.now() - timedelta(minutes=1))
    tasks.tidy()
    assert seen["part"] in left(server) and row.get().state == "running", "it may only be slow"
    row.update(beat=timezone.now() - timedelta(minutes=4))
    tasks.tidy()
    assert left(server) == [".netlab-notes", "file"] and row.get().state == "failed" and not row.get().left


@BOTH
def test_where_a_folder_is_renamed_under_an_upload_the_person_is_told_and_sees_the_part(tab, site, server):
    answer, _ = up(tab, site, "dir1/first", b"x")
    assert answer.status == 200
    url = ticket_for(tab, site, "dir1/second")
    answer = up_while(tab, server, url, lambda part: part.parent.rename(server.home / "dir2"))
    part = Ticket.objects.latest("pk").part.rpartition("/")[2]
    assert answer.status in (404, 502) and part in answer.body.decode()
    assert set(shown(site, "/dir2")) == {"first", part}


@BOTH
def test_a_dropped_folder_that_was_deleted_is_made_again(tab, site, server):
    urls = [ticket_for(tab, site, f"photos/2020/{name}") for name in "ab"]

    async def drop():
        try:
            first = await tab.talk(urls[0], method="PUT", chunks=[b"x"])
            shutil.rmtree(server.home / "photos")
            return first, await tab.talk(urls[1], method="PUT", chunks=[b"y"])
        finally:
            await warm.close()

    assert [answer.status for answer in async_to_sync(drop)()] == [200, 200]
    assert (server.home / "photos/2020/b").read_bytes() == b"y"


def soon(odd, do):
    """Do it, in a thread, once something is on its way."""

    def wait():
        deadline = time.monotonic() + 5
        while (
            not {"RETR", "STOR", "LIST"} & {line.split()[0] for line in odd.heard}
            and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        do()
        connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.mark.parametrize("how", ["down", "up", "zip"])
def test_stop_stops_also_while_the_server_is_silent(tab, odd, monkeypatch, how):
    monkeypatch.setattr("protocols.ftp.async_client.AFTER", 0.3)
    monkeypatch.setattr(upload, "AGAIN", 0.3)
    monkeypatch.setattr(progress, "EVERY", 0.2)
    odd.files, odd.sends = {"/file": b"x" * 100, "/other": b"y"}, b"x" * 50
    odd.instead |= {"sending": lambda _: None, "taking": lambda _: None}
    started = time.monotonic()
    stopping = soon(odd, lambda: Ticket.objects.update(stop=True))
    if how == "up":
        up(tab, odd.site, "new", os.urandom(20_000_000))
    elif how == "down":
        down(tab, odd.site, "file")
    else:
        down(tab, odd.site, "file", "other")
    stopping.join()
    assert Ticket.objects.get().state == "stopped" and time.monotonic() - started < 10


@pytest.mark.parametrize("how", ["down", "up"])
def test_a_closed_tab_is_noticed_while_the_server_is_silent(tab, odd, monkeypatch, how):
    monkeypatch.setattr("protocols.ftp.async_client.AFTER", 0.3)
    monkeypatch.setattr(upload, "AGAIN", 0.3)
    monkeypatch.setattr(progress, "EVERY", 0.2)
    odd.files, odd.sends = {"/file": b"x" * 100}, b"x" * 50
    odd.instead |= {"sending": lambda _: None, "taking": lambda _: None}
    started = time.monotonic()
    if how == "up":
        # What the system takes in without anybody reading it is less than 14 MB.
        url = ticket_for(tab, odd.site, "new")
        tab.ask(url, method="PUT", chunks=[b"x" * 1_000_000] * 20, leave_after=14)
    else:
        down(tab, odd.site, "file", leave_after=50)
    assert Ticket.objects.get().state == "stopped" and time.monotonic() - started < 10


def test_a_connection_that_stood_idle_and_is_dead_is_not_waited_for(tab, odd, monkeypatch):
    monkeypatch.setattr(warm, "FRESH", 0)
    monkeypatch.setattr(warm, "ALIVE", 0.3)
    odd.instead["NOOP"] = lambda _: ""
    urls = [ticket_for(tab, odd.site, name) for name in "ab"]

    async def twice():
        try:
            return [await tab.talk(url, method="PUT", chunks=[b"x"]) for url in urls]
        finally:
            await warm.close()

    started = time.monotonic()
    assert [answer.status for answer in async_to_sync(twice)()] == [200, 200]
    assert odd.files == {"/a": b"x", "/b": b"x"} and time.monotonic() - started < 10


def test_a_disabled_persons_transfer_ends(tab, odd, ann, monkeypatch):
    monkeypatch.setattr("protocols.ftp.async_client.AFTER", 0.3)
    odd.files, odd.sends, odd.instead = {"/file": b"x" * 100}, b"x" * 50, {"sending": lambda _: None}

    thread = soon(odd, lambda: type(ann).objects.filter(pk=ann.pk).update(is_active=False))
    started = time.monotonic()
    down(tab, odd.site, "file")
    thread.join()
    assert Ticket.objects.get().state == "stopped" and time.monotonic() - started < 10


def test_a_download_that_the_server_ends_early_has_failed(tab, odd):
    odd.files, odd.sends = {"/file": b"x" * 100}, b"x" * 50
    answer = down(tab, odd.site, "file")
    assert not answer.whole and answer.body == b"x" * 50
    ticket = Ticket.objects.get()
    told = tab.client.get(f"/files/ticket/{ticket.pk}/").json()
    assert told["state"] == "failed" and "50 bytes came of the 100 bytes" in told["text"]


@BOTH
def test_a_zip_says_what_is_not_in_it_and_keeps_every_name(tab, site, server, monkeypatch):
    monkeypatch.setattr(zipped, "MANY", 4)
    (server.home / "f" / "deep").mkdir(parents=True)
    for name in ("a\\b.txt", "a_b.txt", "deep/x"):
        (server.home / "f" / name).write_bytes(name.encode())
    for number in range(6):
        (server.home / "f" / "deep" / f"n{number}").write_bytes(b"")
    (server.home / "f" / "link").symlink_to("a_b.txt")
    tasks.list_folder(site.pk, "/")
    answer = down(tab, site, "f")
    packed = zipfile.ZipFile(io.BytesIO(answer.body))
    assert answer.whole and packed.testzip() is None
    held = packed.namelist()
    assert {"f/a_b.txt", "f/a_b (2).txt", "f/deep/"} < set(held) and len(set(held)) == len(held) == 9
    assert {packed.read(name) for name in held if "a_b" in name} == {b"a\\b.txt", b"a_b.txt"}
    told = packed.read("Not in this ZIP.txt").decode()
    assert told.count("/f/deep/") == 3 and "links" in told

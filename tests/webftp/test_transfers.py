"""Files on their way: unchanged, let in once, and nothing half is left of one that broke off."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from protocols.ftp import names
from tests.webftp.browser import Tab
from tests.webftp.conftest import BOTH, digest
from transcripts.models import Transcript
from webftp import progress, sites, tasks
from webftp.models import Ticket

NAMES = ["plain", "notes.txt", "Tài liệu số 1", "two  spaces ", '100% "quoted" it\'s', "-dash", "#?&;"]
BLOB = os.urandom(1_500_001)


def up(tab, site, name, raw=BLOB, replace=False, **more):
    told = tab.client.post(
        f"/files/{site.pk}/upload/",
        {"path": "/", "name": name, "replace": replace},
        content_type="application/json",
    )
    assert told.status_code == 200, told.content
    pieces = [raw[at : at + 65536] for at in range(0, len(raw), 65536)]
    return tab.ask(told.json()["url"], method="PUT", chunks=pieces, **more), told.json()["id"]


def down(tab, site, *names, path="/", **more):
    told = tab.client.get(f"/files/{site.pk}/download/", {"path": path, "name": names})
    assert told.status_code == 302, told.content
    return tab.ask(told["Location"], **more)


def left(server) -> list[str]:
    return sorted(path.name for path in server.home.iterdir())


@BOTH
@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_files_come_and_go_unchanged(tab, site, server, security):
    site.server.security, site.server.tls_port = security, server.tls_port
    site.server.save()
    for name in NAMES:
        answer, _ = up(tab, site, name)
        assert answer.status == 200 and answer.whole, answer
        assert digest((server.home / name).read_bytes()) == digest(BLOB)
        answer = down(tab, site, name)
        assert answer.whole and digest(answer.body) == digest(BLOB)
        assert answer.headers["content-length"] == str(len(BLOB))
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert left(server) == sorted(NAMES)


def test_an_empty_file_is_a_file(tab, site, server):
    answer, _ = up(tab, site, "empty", b"")
    assert answer.status == 200 and (server.home / "empty").read_bytes() == b""
    assert down(tab, site, "empty").body == b""


@BOTH
def test_a_dropped_folder_brings_its_folders_along(tab, site, server):
    for name in ("photos/a", "photos/2020/Ảnh 1", "photos/2020/Ảnh 2"):
        answer, _ = up(tab, site, name, b"x")
        assert answer.status == 200
    assert (server.home / "photos/2020/Ảnh 2").read_bytes() == b"x"


@BOTH
@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=1000-", 206, slice(1000, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=5-3", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=99999999-", 416, None),
    ],
)
def test_a_range_becomes_rest(tab, site, server, asked, status, part):
    (server.home / "file").write_bytes(BLOB)
    answer = down(tab, site, "file", range=asked)
    assert answer.status == status
    if part is not None:
        assert digest(answer.body) == digest(BLOB[part])
    if status == 206:
        assert answer.headers["content-range"].endswith(f"/{len(BLOB)}")


def test_a_file_that_changed_is_not_continued(tab, site, server):
    (server.home / "file").write_bytes(BLOB)
    whole = down(tab, site, "file", method="HEAD")
    assert whole.status == 200 and whole.body == b"" and whole.headers["accept-ranges"] == "bytes"
    again = {"range": "bytes=10-", "if_range": whole.headers["last-modified"]}
    assert down(tab, site, "file", **again).status == 206
    os.utime(server.home / "file", (1_000_000_000, 1_000_000_000))
    assert down(tab, site, "file", **again).status == 200


@BOTH
def test_several_files_and_folders_come_as_one_zip(tab, site, server):
    (server.home / "thư mục" / "deep").mkdir(parents=True)
    (server.home / "thư mục" / "deep" / "số 1").write_bytes(BLOB)
    (server.home / "a.txt").write_bytes(b"a")
    (server.home / "loop").symlink_to(".")
    tasks.list_folder(site.pk, "/")
    answer = down(tab, site, "thư mục", "a.txt")
    packed = zipfile.ZipFile(io.BytesIO(answer.body))
    assert answer.whole and packed.testzip() is None
    assert packed.namelist() == ["thư mục/deep/", "thư mục/deep/số 1", "a.txt"]
    assert digest(packed.read("thư mục/deep/số 1")) == digest(BLOB)


def test_a_ticket_is_used_once_in_time_and_by_whom_it_was_made_for(tab, site, server, ben):
    (server.home / "file").write_bytes(b"x")

    def fresh():
        return tab.client.get(f"/files/{site.pk}/download/", {"path": "/", "name": "file"})["Location"]

    url = fresh()
    assert tab.ask(url, method="HEAD").status == 200
    assert tab.ask(url).status == 200 and tab.ask(url).status == 410
    url = fresh()
    Ticket.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert tab.ask(url).status == 410
    url = fresh()
    other = Tab(type(tab.client)())
    assert other.ask(url).status == 410
    other.client.force_login(ben)
    assert other.ask(url).status == 410
    again = Tab(type(tab.client)())
    again.client.force_login(site.person)
    assert again.ask(url).status == 410, "another session of the same person"
    assert tab.ask(url, method="PUT", chunks=[b"x"]).status == 410
    assert tab.ask(url, method="DELETE").status == 405
    site.person.is_active = False
    site.person.save()
    assert tab.ask(url).status == 410


@BOTH
def test_a_cancelled_upload_leaves_no_half_file(tab, site, server):
    (server.home / "file").write_bytes(b"old")
    _, number = up(tab, site, "file", replace=True, leave_after=5)
    assert left(server) == ["file"] and (server.home / "file").read_bytes() == b"old"
    assert Ticket.objects.get(pk=number).state == "stopped"
    _, number = up(tab, site, "new", leave_after=5)
    assert left(server) == ["file"]


def test_a_body_shorter_than_it_said_is_no_file(tab, site, server):
    answer, _ = up(tab, site, "file", length=len(BLOB) + 1)
    assert answer.status == 502 and left(server) == []


@BOTH
def test_a_cancelled_download_leaves_the_connection_usable(tab, site, server):
    (server.home / "file").write_bytes(BLOB * 4)
    answer = down(tab, site, "file", leave_after=10_000)
    assert not answer.whole and len(answer.body) < len(BLOB) * 4
    assert down(tab, site, "file").whole


@BOTH
def test_a_file_that_is_there_is_replaced_only_when_asked(tab, site, server):
    (server.home / "file").write_bytes(b"old")
    answer, _ = up(tab, site, "file", b"new")
    assert answer.status == 409 and (server.home / "file").read_bytes() == b"old"
    answer, _ = up(tab, site, "file", b"new", replace=True)
    assert answer.status == 200 and (server.home / "file").read_bytes() == b"new"
    tasks.list_folder(site.pk, "/")
    told = tab.client.post(
        f"/files/{site.pk}/upload/", {"path": "/", "name": "file"}, content_type="application/json"
    )
    assert told.status_code == 409 and told.json()["exists"]


def test_a_server_killed_in_the_middle_of_an_upload_is_told_and_its_part_goes_later(tab, site, server):
    def kill():
        deadline = time.monotonic() + 10
        while not any(name.startswith(".netlab-") for name in left(server)) and time.monotonic() < deadline:
            time.sleep(0.005)
        server.stop()

    killer = threading.Thread(target=kill)
    killer.start()
    answer, number = up(tab, site, "file", os.urandom(60_000_000))
    killer.join()
    assert answer.status == 502
    ticket = Ticket.objects.get(pk=number)
    assert ticket.state == "failed" and ticket.left and "file" not in left(server)
    server.start()
    tasks.tidy()
    assert left(server) == [] and not Ticket.objects.get(pk=number).left


def test_a_server_killed_in_the_middle_of_a_download_does_not_look_like_the_end(tab, site, server):
    (server.home / "file").write_bytes(os.urandom(40_000_000))
    answer = down(tab, site, "file", after=(1_000_000, server.stop))
    assert answer.status == 200 and not answer.whole and 1_000_000 <= len(answer.body) < 40_000_000


def test_a_browser_that_brings_or_takes_nothing_is_not_waited_for(tab, site, server, monkeypatch):
    monkeypatch.setattr(progress, "STALLED", 1.5)  # long enough for a busy machine to begin in
    (server.home / "file").write_bytes(os.urandom(40_000_000))
    answer = down(tab, site, "file", after=(1_000_000, lambda: time.sleep(4)))
    assert answer.status == 200 and not answer.whole
    assert Ticket.objects.get().state == "stopped"


def test_a_slow_browser_that_goes_on_is_waited_for(tab, site, server, monkeypatch):
    monkeypatch.setattr(progress, "STALLED", 1.5)
    monkeypatch.setattr(progress, "EVERY", 0.1)
    answer, number = up(tab, site, "slow", pause=0.15)
    assert answer.status == 200, answer
    assert Ticket.objects.get(pk=number).state == "done" and (server.home / "slow").read_bytes() == BLOB


@pytest.mark.parametrize("bad", ["a\r\nDELE b", "a\0b", "..", "../x", "a/../../x", "", ".", "\ud800"])
def test_names_that_are_none_get_no_ticket(tab, site, bad):
    told = tab.client.post(
        f"/files/{site.pk}/upload/", {"path": "/", "name": bad}, content_type="application/json"
    )
    assert told.status_code == 422
    if bad != "\ud800":  # no address can hold half a sign
        assert tab.client.get(f"/files/{site.pk}/download/", {"path": "/", "name": bad}).status_code == 404
    assert not Ticket.objects.exists()


def test_what_is_refused_is_said_in_the_servers_words(tab, site, server):
    answer = down(tab, site, "gone")
    assert answer.status == 404 and answer.body.startswith(b"550 ")
    assert down(tab, site, "gone").status == 404


@BOTH
def test_each_transfer_is_a_transcript_with_its_data_connection_and_no_secret(tab, site, server):
    up(tab, site, "file", b"x" * 10_000)
    row = Transcript.objects.get(cause="Upload")
    page = tab.client.get(row.get_absolute_url()).content.decode()
    assert "Data connection 1: we (127.0.0.1:" in page and "10000 bytes" in page
    assert row.outcome == "done" and server.password not in page


def test_somebody_elses_site_is_not_there(tab, site, server, ben):
    tab.client.force_login(ben)
    for url in (f"/files/{site.pk}/", f"/files/{site.pk}/download/?path=/&name=x"):
        assert tab.client.get(url).status_code == 404
    assert sites.of(ben) == [], "no login, no site"


def test_half_a_sign_is_said_as_some_byte_and_never_stops_the_work():
    assert names.encode("a\ud800b") == b"a?b" and not names.plain("a\udc80b")
    assert names.encode(names.decode(b"\xed\xa0\x80\xff")) == b"\xed\xa0\x80\xff"

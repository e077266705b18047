"""The list and what is done in it, against ProFTPD: known at once, done by tasks, undone where that can be."""

from __future__ import annotations

import html
import re
import time

import pytest

from accounts.models import Login, Server
from tests.protocols.ftp.hostile import Hostile, sends
from tests.webftp.conftest import BOTH
from webftp import listing, sites, tasks
from webftp.models import Folder, Job, Ticket


def act(tab, site, verb, *names, path="/", target=""):
    return tab.client.post(
        f"/files/{site.pk}/act/", {"verb": verb, "path": path, "name": names, "target": target}
    )


def page(tab, site, **query) -> str:
    return tab.client.get(f"/files/{site.pk}/", query).content.decode()


def test_a_folder_is_listed_by_a_task_and_shown_sorted_filtered_and_paged(tab, site, server):
    for number in range(450):
        (server.home / f"file {number}").write_bytes(b"x" * number)
    (server.home / "zoo").mkdir()
    assert "Asking the server" in page(tab, site)
    tab.client.post(f"/files/{site.pk}/refresh/", {"path": "/"})
    first = page(tab, site)
    assert "451 entries" in first and first.index("zoo") < first.index("file 2") < first.index("file 10")
    assert "file 449" not in first and "file 449" in page(tab, site, sort="size", down="1")
    assert "file 210" in page(tab, site, page="2") and "No name here holds that" in page(tab, site, q="nope")
    assert page(tab, site, q="ZO").count('class="entry"') == 1


def test_ten_thousand_entries_are_shown_without_strain(tab, site):
    rows = [
        listing.Row(f"file {n}", "file", n, float(n), "rw-r--r--", "ann", "", True) for n in range(10_000)
    ]
    row = tasks._folder(site, "/")
    row.rows, row.count = listing.pack(rows), len(rows)
    row.save()
    page(tab, site)
    began = time.thread_time()  # of work, not of waiting for a machine that is busy
    assert "10000 entries" in page(tab, site, sort="size")
    assert time.thread_time() - began < 1.0


@BOTH
def test_make_rename_move_chmod_and_delete(tab, site, server):
    (server.home / "a").write_bytes(b"x")
    tasks.list_folder(site.pk, "")
    assert act(tab, site, "mkdir", target="thư mục").status_code == 204
    assert act(tab, site, "rename", "a", target="b").status_code == 204
    assert act(tab, site, "move", "b", target="thư mục").status_code == 204
    assert (server.home / "thư mục" / "b").read_bytes() == b"x"
    assert act(tab, site, "chmod", "b", path="/thư mục", target="600").status_code == 204
    assert (server.home / "thư mục" / "b").stat().st_mode & 0o777 == 0o600
    assert "thư mục" in page(tab, site)
    assert act(tab, site, "delete", "thư mục").status_code == 204
    assert list(server.home.iterdir()) == []
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert Job.objects.get(verb="delete").done == 2 and "This folder is empty" in page(tab, site)


@BOTH
def test_folders_of_a_drop_are_made_with_all_on_the_way_and_those_there_already_are_no_error(
    tab, site, server
):
    (server.home / "a").mkdir()
    assert act(tab, site, "mkdir", "a", "a/b/c", "thư mục/trống").status_code == 204
    assert (server.home / "a/b/c").is_dir() and (server.home / "thư mục/trống").is_dir()
    (server.home / "file").write_bytes(b"x")
    assert act(tab, site, "mkdir", "file/x").status_code == 204
    assert Job.objects.last().state == "failed" and (server.home / "file").read_bytes() == b"x"
    for bad in ("a/../b", "/a", "a//b", "a/", "a\r\nDELE b/c"):
        assert act(tab, site, "mkdir", bad).status_code != 204, bad


def test_all_of_a_folder_is_chosen_beyond_the_page_that_is_shown(tab, site, server):
    for number in range(230):
        (server.home / f"file {number}").write_bytes(b"x")
    (server.home / "kept").write_bytes(b"x")
    tasks.list_folder(site.pk, "/")
    shown = page(tab, site, q="file")
    as_of = listing.as_of(Folder.objects.get())
    assert "Choose all 230 entries that the filter shows" in shown and as_of in shown
    whole = {"verb": "delete", "path": "/", "whole": "1", "q": "file", "as_of": as_of}
    asked = tab.client.post(f"/files/{site.pk}/ask/", whole).content.decode()
    assert "and 2" in asked and 'name="whole"' in asked and asked.count('name="name"') == 0
    tasks.list_folder(site.pk, "/")  # somebody listed it anew: what is new there was not chosen
    told = tab.client.post(f"/files/{site.pk}/act/", whole)
    assert (
        "The folder has changed meanwhile" in told.content.decode()
        and len(list(server.home.iterdir())) == 231
    )
    whole["as_of"] = listing.as_of(Folder.objects.get())
    told = tab.client.post(f"/files/{site.pk}/fetch/", whole)
    assert Ticket.objects.get(pk=told.json()["id"]).direction == "zip"
    assert tab.client.post(f"/files/{site.pk}/act/", whole).status_code == 204
    assert [path.name for path in server.home.iterdir()] == ["kept"] and Job.objects.get().done == 230


@BOTH
def test_a_move_is_undone_by_one_press(tab, site, server):
    for name in ("a", "b"):
        (server.home / name).write_bytes(name.encode())
    (server.home / "sub").mkdir()
    act(tab, site, "move", "a", "b", target="/sub")
    job = Job.objects.get()
    assert sorted(path.name for path in (server.home / "sub").iterdir()) == ["a", "b"]
    assert "Undo" in tab.client.get("/files/jobs/").content.decode()
    tab.client.post(f"/files/job/{job.pk}/", {"verb": "undo"})
    assert (server.home / "a").read_bytes() == b"a" and (server.home / "b").exists()
    job.refresh_from_db()
    assert job.undone


@BOTH
def test_nothing_is_renamed_over_something_else(tab, site, server):
    for name in ("a", "b"):
        (server.home / name).write_bytes(name.encode())
    act(tab, site, "rename", "a", target="b")
    job = Job.objects.get()
    assert job.state == "failed" and (server.home / "b").read_bytes() == b"b"
    told = tab.client.get("/files/jobs/").content.decode()
    assert "Something has that name already" in told and "The server answered" not in told


def test_a_tree_is_deleted_whole_but_never_through_a_link(tab, site, server):
    deep = server.home / "tree" / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "two  spaces ").write_bytes(b"x")
    (server.home / "kept").mkdir()
    (server.home / "kept" / "file").write_bytes(b"x")
    (server.home / "tree" / "link").symlink_to("../kept")
    tasks.list_folder(site.pk, "/")
    shown = tab.client.post(f"/files/{site.pk}/ask/", {"verb": "delete", "path": "/", "name": ["tree"]})
    assert "Delete for good?" in shown.content.decode() and "1 folder goes with" in shown.content.decode()
    act(tab, site, "delete", "tree")
    assert [path.name for path in server.home.iterdir()] == ["kept"] and (server.home / "kept/file").exists()


@pytest.mark.parametrize(
    ("verb", "names", "target"),
    [
        ("rename", ["a"], "../b"),
        ("rename", ["a"], "b\r\nDELE c"),
        ("rename", ["a", "b"], "c"),
        ("mkdir", [], ""),
        ("mkdir", [], ".."),
        ("delete", [".."], ""),
        ("delete", ["a/../../b"], ""),
        ("delete", [], ""),
        ("move", ["a"], "/a/b"),
        ("move", ["a"], "/"),
        ("move", ["a"], "x\0"),
        ("chmod", ["a"], "999"),
        ("format", ["a"], ""),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_word_and_nothing_done(tab, site, verb, names, target):
    answer = act(tab, site, verb, *names, target=target)
    assert (
        answer.status_code == 200 and b"notice refused" in answer.content
    ) or b"field-error" in answer.content
    assert not Job.objects.exists()


def test_paths_are_cleaned_and_line_breaks_have_none(tab, site):
    assert 'data-path="/b"' in page(tab, site, path="/a/../../b/.")
    for bad in ("/a\r\nDELE b", "/\0", "/" + "x" * 5000):
        assert tab.client.get(f"/files/{site.pk}/", {"path": bad}).status_code == 404


def followed(tab, server, path) -> str:
    """Follow an address as the page does: what is shown after the server was asked, and what the address bar says."""
    gone = tab.client.get("/files/", {"url": f"ftp://ann@localhost:{server.port}/{path}"}, follow=True)
    url, last = gone.wsgi_request.get_full_path(), gone.content.decode()
    asked = re.search(r'id="refresh"[^>]*><input type="hidden" name="path" value="([^"]*)"', last)[1]
    tab.client.post(url.partition("?")[0] + "refresh/", {"path": html.unescape(asked)})
    again = re.search(r'hx-get="([^"]*known=1)" hx-trigger="files-list', last)[1]
    shown = tab.client.get(html.unescape(again), headers={"HX-Request": "true"})
    return shown.content.decode() + shown.get("HX-Replace-Url", "")


@BOTH
def test_an_address_is_a_file_or_a_folder_as_the_server_says(tab, site, server):
    (server.home / "README").write_bytes(b"x")
    (server.home / "v1.2/sub").mkdir(parents=True)
    (server.home / "v1.2/a&b").write_bytes(b"y")
    turned = followed(tab, server, "README")
    assert 'value="README" aria-label' in turned and f"/files/{site.pk}/?path=%2F&q=README" in turned
    assert "v1.2" not in turned
    assert 'data-folder="sub"' in followed(tab, server, "v1.2")
    turned = followed(tab, server, "v1.2/a%26b")
    assert 'data-path="/v1.2"' in turned and "?path=%2Fv1.2&q=a%26b" in turned
    assert 'value="README" aria-label' in followed(tab, server, "README;type=i")
    assert 'role="alert"' in followed(tab, server, "gone")
    assert 'data-folder="v1.2"' in followed(tab, server, "")


def test_the_first_visit_begins_at_home_also_where_that_is_no_root(tab, ann, site):
    server = Hostile(
        sends(b"-rw-r--r-- 1 a a 5 Jan 1 2020 mine\r\n"), PWD='257 "/home/ann"', EPSV="229 (|||{port}|)"
    )
    row = Server.objects.create(
        protocol="ftp", name="Odd", host="localhost", address="127.0.0.1", port=server.port, security="plain"
    )
    login = Login(person=ann, server=row, user_name="ann")
    login.secret = "x"
    login.save()
    shown = followed(tab, server, "")
    assert 'data-path="/home/ann"' in shown and "mine" in shown and ">a<" in shown
    server.close()


def test_html_in_names_is_text(tab, site, server):
    (server.home / "<img src=x onerror=alert(1)>").write_bytes(b"x")
    (server.home / "\u202egnp.exe").write_bytes(b"x")
    tasks.list_folder(site.pk, "/")
    shown = page(tab, site)
    assert "<img src=x" not in shown and "&lt;img src=x onerror=alert(1)&gt;" in shown
    assert re.search(r'<bdi><span class="told-sign" data-sign="RLO"[^>]*>\u202e</span>gnp.exe</bdi>', shown)
    asked = tab.client.post(
        f"/files/{site.pk}/ask/", {"verb": "delete", "path": "/", "name": ["<img src=x onerror=alert(1)>"]}
    ).content.decode()
    assert "<img src=x" not in asked


HOSTILE = (
    b"-rw-r--r-- 1 a a 5 Jan 1 2020 ../../etc/passwd\r\n"
    b"-rw-r--r-- 1 a a 5 Jan 1 2020 ..\r\n"
    b"-rw-r--r-- 1 a a 99999999999999999999999 Jan 1 2020 huge\r\n"
    b"this is no listing <script>alert(1)</script>\r\n"
    b"\xff\xfe\x00\x01\r\n"
    b"-rw-r--r-- 1 a a 5 Jan 1 2020 caf\xe9\r\n"
    b"-rw-r--r-- 1 a a 5 Jan 1 2020 good.txt\r\n" + b"x" * 100_000 + b"\r\n"
)


def test_a_hostile_listing_is_shown_raw_and_cannot_be_worked_with(tab, ann, eager):
    evil = Hostile(sends(HOSTILE), PASV="227 (127,0,0,1,{high},{low})", PWD='257 "/"')
    row = Server.objects.create(
        protocol="ftp", name="Evil", host="localhost", address="127.0.0.1", port=evil.port, security="plain"
    )
    login = Login(person=ann, server=row, user_name="ann")
    login.secret = "x"
    login.save()
    site = next(site for site in sites.of(ann) if site.server_id == row.pk)
    tasks.list_folder(site.pk, "")
    shown = page(tab, site)
    assert "&lt;script&gt;" in shown and "<script>alert" not in shown
    assert 'value="good.txt"' in shown and 'value="../../etc/passwd"' not in shown and "etc/passwd" in shown
    evil.close()


def test_a_server_that_is_away_is_said_with_what_to_do(tab, site, server):
    tasks.list_folder(site.pk, "/")
    server.stop()
    tab.client.post(f"/files/{site.pk}/refresh/", {"path": "/"})
    shown = page(tab, site)
    assert "Try again" in shown and 'role="alert"' in shown
    server.start()
    tab.client.post(f"/files/{site.pk}/refresh/", {"path": "/"})
    assert 'role="alert"' not in page(tab, site)


def test_a_refusal_tells_the_servers_words_and_what_they_mean(tab, site, server):
    tasks.list_folder(site.pk, "/nowhere")
    shown = page(tab, site, path="/nowhere")
    assert "The server answered: 5" in shown
    assert Folder.objects.get(path="/nowhere").listed is None


def test_active_mode_is_a_choice_of_the_site(tab, site, server):
    tab.client.post(f"/files/{site.pk}/mode/", {"passive": "0"})
    tasks.list_folder(site.pk, "/")
    shown = tab.client.get("/transcripts/").content.decode()
    assert "List a folder" in shown
    site.refresh_from_db()
    assert site.passive is False


def test_text_and_images_are_looked_at_in_a_sandbox(tab, site, server):
    (server.home / "page.html").write_bytes(b"<script>alert(1)</script>" + b"x" * 2_000_000)
    (server.home / "pic.png").write_bytes(b"\x89PNG")
    tasks.list_folder(site.pk, "/")
    shown = tab.client.get(f"/files/{site.pk}/view/", {"path": "/", "name": "page.html"}).content.decode()
    assert "<iframe sandbox src=" in shown
    answer = tab.ask(shown.split('src="')[1].split('"')[0])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8" and len(answer.body) == 1024 * 1024
    assert "sandbox" in answer.headers["content-security-policy"] and answer.whole
    assert answer.headers["x-content-type-options"] == "nosniff"
    shown = tab.client.get(f"/files/{site.pk}/view/", {"path": "/", "name": "pic.png"}).content.decode()
    assert tab.ask(shown.split('src="')[1].split('"')[0]).headers["content-type"] == "image/png"


def test_home_has_a_card_and_the_room_a_page_without_servers(tab, site, client, ben):
    assert "My files at School" in tab.client.get("/files/card/").content.decode()
    client.force_login(ben)
    assert "no FTP server that you have a login at" in client.get("/files/").content.decode()

"""An address is opened, its redirects followed, its pictures fetched; cookies, copies and sign-ins as in a browser."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Server
from browser.asking import redirected
from browser.models import Cookie, Exchange, SignIn, Visit, Window
from transcripts import blocks
from transcripts.models import Conversation, Transcript
from transcripts.writer import writer


def test_a_page_comes_with_its_style_and_picture_on_one_recorded_connection(web):
    web.open("/")
    assert [(row.kind, row.code) for row in web.exchanges] == [
        ("page", 200),
        ("style", 200),
        ("picture", 200),
    ]
    assert Conversation.objects.count() == 1 and Transcript.objects.get().pk == web.last.transcript
    frame = web.frame()
    assert b"<h1>Welcome" in frame.content and b"data:image/svg+xml" in frame.content
    assert "sandbox allow-scripts allow-forms" in frame["Content-Security-Policy"]
    assert "welcome" in web.show("source").lower() and "Which site on this server is wanted" in web.show(
        "headers"
    )


def test_in_http_1_0_each_request_has_a_connection_of_its_own(web):
    web.press("/web/options/", version="1.0", follow="1", caching="1", cookies="1")
    web.open("/")
    assert Conversation.objects.count() == 3
    assert [value for name, value in web.last.asked["fields"] if name == "Connection"] == ["close"]


def test_the_counter_counts_because_the_jar_remembers_and_stops_when_it_is_emptied(web):
    seen = []
    for _ in range(3):
        web.open("/counter")
        seen.append(web.body.split('"big">')[1].split("<")[0])
    assert seen == ["1", "2", "3"]
    cookie = Cookie.objects.get()
    web.press(f"/web/cookies/{cookie.pk}/", value="41")
    assert '"big">42<' in web.open("/counter").body
    assert "visits" in web.show("cookies")
    web.press("/web/cookies/")
    assert '"big">1<' in web.open("/counter").body and '"big">1<' in web.open("/stateless").body


def test_without_cookies_nothing_is_sent_and_nothing_kept(web):
    web.press("/web/options/", version="1.1", follow="1", caching="1")
    web.open("/counter").open("/counter")
    assert '"big">1<' in web.body and not Cookie.objects.exists()


def test_revealing_is_not_offered_for_what_is_no_password_of_the_lab(web):
    web.open("/counter").open("/counter")
    page = web.said()
    assert "visits=" in page and "data-reveal" not in page


def test_no_cookie_and_no_password_stands_in_a_line(web):
    web.open("/cookies/set?name=id&value=hunter2hunter2").open("/request")
    web.open("/private/")
    web.press(f"/web/sign-in/{web.last.pk}/", user="guest", password="hypertext")
    assert web.last.code == 200
    writer().flush()
    lines = [line for one in Conversation.objects.all() for line, _ in blocks.read(one, 1)]
    assert not any(b"hunter2" in line.raw and b"GET" not in line.raw and b"Location" not in line.raw
                   for line in lines if line.kind != "body" and b"value=" not in line.raw)  # fmt: skip
    assert not any(b"Z3Vlc3Q6aHlwZXJ0ZXh0" in line.raw for line in lines)


def test_redirects_are_steps_followed_all_at_once(web):
    web.open("/redirect/chain/3")
    steps = [(row.code, row.url.rpartition("/")[2]) for row in web.exchanges if row.kind != "style"]
    assert steps == [(302, "3"), (302, "2"), (302, "1"), (200, "redirected.html?by=chain")]


def test_redirects_are_followed_one_by_one(web):
    web.press("/web/options/", version="1.1", caching="1", cookies="1")
    web.open("/redirect/chain/2")
    assert [row.state for row in web.exchanges] == ["done", "paused"] and "Follow" in web.html
    web.press(f"/web/follow/{web.exchanges[-1].pk}/")
    assert [row.state for row in web.exchanges] == ["done", "done", "paused"]
    web.press(f"/web/follow/{web.exchanges[-1].pk}/", all="1")
    assert web.last.code == 200


def test_a_loop_stops_and_a_way_out_of_the_lab_is_refused(web):
    web.open("/redirect/loop")
    assert [(row.code, row.state) for row in web.exchanges] == [(302, "done"), (None, "paused")]
    web.open("/redirect/away")
    assert [(row.code, row.state) for row in web.exchanges] == [(302, "done"), (None, "failed")]
    assert web.last.trouble["key"] == "error.unreachable.not-listed"
    assert Conversation.objects.count() == 2


@pytest.mark.parametrize(
    ("code", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
def test_a_form_that_is_redirected_keeps_its_method_where_the_code_says_so(web, code, method):
    entries = json.dumps([{"name": "a", "value": "b"}])
    web.press("/web/fill/", action=f"{web.site}/redirect/{code}", method="post", entries=entries)
    after = web.exchanges[1]
    assert after.method == method and bool(after.asked["body"]) == (method == "POST")


def test_a_copy_is_asked_about_and_used_again(web):
    web.open("/").open("/")
    assert (web.last.code, web.last.kept) == (304, True) and "Welcome" in web.body
    assert "shown from the kept copy" in web.html
    web.open("/cache/fresh").open("/cache/fresh")
    assert (web.last.code, web.last.kept, web.last.transcript) == (200, True, None)
    web.press("/web/go/", verb="reload")
    assert not web.last.kept and web.last.transcript
    web.press("/web/go/", verb="hard")
    assert ("Cache-Control", "no-cache") in web.last.asked["fields"]
    web.open("/cache/never").open("/cache/never")
    assert not web.last.kept


def test_back_and_forward_show_what_was_there_without_asking(web):
    web.open("/counter").open("/about.html")
    asked = Exchange.objects.count()
    web.press("/web/go/", verb="back")
    assert "/counter" in web.last.url
    web.press("/web/go/", verb="forward")
    assert "/about.html" in web.last.url and Exchange.objects.count() == asked
    web.press("/web/go/", verb="back")
    web.open("/forms.html")
    assert len(Window.objects.get().trail) == 2
    assert "/about.html" in web.show("history")
    web.press("/web/history/")
    assert not Visit.objects.exists()


def test_a_form_by_get_and_one_with_a_file(web):
    entries = json.dumps([{"name": "q", "value": "a b&c"}, {"name": "where", "value": "é"}])
    web.press("/web/fill/", action=f"{web.site}/forms/get?old=1", method="get", entries=entries)
    assert web.last.url.endswith("/forms/get?q=a+b%26c&where=%C3%A9") and "a b&amp;c" in web.body
    entries = json.dumps([{"name": "caption", "value": "x\ny"}, {"name": "file", "file": 1}])
    file = SimpleUploadedFile('a"b.txt', b"hello", "text/plain")
    web.press("/web/fill/", action=f"{web.site}/forms/upload", method="post", enctype="multipart/form-data",
              entries=entries, **{"file-1": file})  # fmt: skip
    assert "text/plain, 5 bytes" in web.body
    big = SimpleUploadedFile("big.bin", b"x" * (1024 * 1024 + 1))
    web.press("/web/fill/", action=f"{web.site}/forms/upload", method="post", enctype="multipart/form-data",
              entries=entries, **{"file-1": big})  # fmt: skip
    assert "too large" in web.html


def test_a_request_is_built_by_hand_and_says_exactly_what_was_written(web):
    web.open("/", built="1", method="GET", version="1.1", fields_text="Accept: text/html\n", body="")
    assert web.last.code == 400 and "Host" in web.body
    web.open("/notes/built", built="1", method="PUT", fields_text="Host: x\nContent-Length: 5", body="hello")
    assert web.last.code == 201
    chunked = "Host: x\nTransfer-Encoding: chunked\nContent-Type: text/plain"
    web.open("/notes/chunks", built="1", method="PUT", fields_text=chunked, body="3\r\nabc\r\n0\r\n\r\n")
    assert web.last.code == 201 and web.open("/notes/chunks").body == "abc"
    web.open("/notes/built", built="1", method="DELETE", fields_text="Host: x")
    assert web.last.code == 204 and "nothing to show" in web.html
    web.open("/", built="1", method="GET", fields_text="no field")
    assert "is no field" in web.html and "no field</textarea>" in web.html
    web.open("/", built="1", method="GET /", fields_text="Host: x")
    assert Exchange.objects.filter(visit__person=web.person).count() == 5


def test_no_condition_travels_along_a_redirect_and_no_proxys_sign_in_to_another_site(web, lab):
    said = 'Host: x\nIf-None-Match: "a"\nIf-Modified-Since: x\nProxy-Authorization: Basic YTpi\nFrom: a@b'
    web.open("/redirect/302", built="1", method="GET", version="1.1", fields_text=said, body="")
    names = [[name for name, _ in row.asked["fields"]] for row in web.exchanges]
    assert "If-None-Match" in names[0] and web.exchanges[1].kind == "redirect"
    assert {"From", "Proxy-Authorization"} <= set(names[1])
    assert not {
        "If-None-Match",
        "If-Modified-Since",
    } & set(names[1])
    first = web.exchanges[0]
    first.said = [("Location", f"https://localhost:{lab.ports.https}/")]
    assert "Proxy-Authorization" not in [name for name, _ in redirected(first).asked["fields"]]


def test_signing_in_is_remembered_for_that_part_of_the_site_and_forgotten_on_demand(web, lab):
    web.open("/private/")
    assert web.last.code == 401 and "the lab&#x27;s private pages" in web.html
    web.press(f"/web/sign-in/{web.last.pk}/", user="ann", password=lab.passwords["ann"])
    assert web.last.code == 200 and "You are <strong>ann" in web.body
    web.open("/private/")
    assert web.last.code == 200
    assert not any(name == "Authorization" for name, _ in web.open("/").last.asked["fields"])
    web.press(f"/web/sign-out/{SignIn.objects.get().pk}/")
    assert web.open("/private/").last.code == 401


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f.1:{port}/", "http://2130706433:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::1]:{port}/", "http://127.1:{port}/", "http://localhost@somewhere.else.example/",
        "http://somewhere.else.example/", "http://somewhere.else.example./", "http://localhost:22/",
        "http://169.254.169.254/latest/", "http:\\\\evil.example\\", "http://localhost:{port}@evil.example/",
        "evil.example",
    ],
)  # fmt: skip
def test_no_spelling_reaches_a_host_that_is_not_listed(web, lab, url):
    web.open(url.format(port=lab.ports.http))
    assert web.last.state == "failed" and web.last.trouble["key"] == "error.unreachable.not-listed"
    assert not Conversation.objects.exists() and "no server of this lab" in web.html


def test_a_name_that_points_elsewhere_now_changes_nothing(web, lab, monkeypatch):
    Server.objects.filter(protocol="http").update(host="rebound.example")
    monkeypatch.setattr("protocols.tap.resolve", lambda host: pytest.fail("a name was asked for"))
    web.open(f"http://rebound.example:{lab.ports.http}/")
    assert web.last.code == 200


def test_tls_is_used_for_https(web, lab):
    web.open(f"https://localhost:{lab.ports.https}/counter")
    assert web.last.code == 200 and web.last.url.startswith("https")


@pytest.mark.parametrize(
    ("url", "where"),
    [
        (
            "mailto:friend@example.com?subject=Hi%20you",
            "/mail/compose/?to=friend%40example.com&subject=Hi%20you",
        ),
        ("telnet://localhost:25/", "/console/?url=telnet%3A%2F%2Flocalhost%3A25%2F"),
        ("imap://localhost/INBOX", "/mail/?url=imap%3A%2F%2Flocalhost%2FINBOX"),
        ("pop://localhost", "/mail/?url=pop%3A%2F%2Flocalhost"),
        (
            "mailto:ann+list@lab.test,b@x?subject=1+1%20%3D%202&to=c@x&cc=d%40x&body=Hi%0D%0Ayou&Received=forged",
            "/mail/compose/?to=ann%2Blist%40lab.test%2Cb%40x%2C%20c%40x&cc=d%40x&subject=1%2B1%20%3D%202"
            "&body=Hi%0D%0Ayou",
        ),
        ("ftp://ann:secret@localhost/a", "/files/?url=ftp%3A%2F%2Fann%40localhost%2Fa"),
    ],
)
def test_an_address_of_another_protocol_opens_where_it_belongs(web, url, where):
    assert web.open(url).answer["HX-Redirect"] == where and not Exchange.objects.exists()


@pytest.mark.parametrize(
    "url",
    ["gopher://x/", "news:comp.x", "wais://x/y", "javascript:alert(1)", "data:,x", "file:///etc/passwd"],
)
def test_what_nobody_opens_is_explained(web, url):
    web.open(url)
    assert web.answer.status_code == 200 and 'class="notice"' in web.html and not Exchange.objects.exists()


def test_one_person_sees_nothing_of_anothers(web, lab, client):
    web.open("/cookies/set?name=a&value=b")
    exchange, cookie = web.last, Cookie.objects.get()
    client.force_login(lab.person("ben"))
    for path in (f"/web/page/{exchange.pk}/", f"/web/download/{exchange.pk}/"):
        assert client.get(path).status_code == 404
    for path in (f"/web/follow/{exchange.pk}/", f"/web/cookies/{cookie.pk}/", f"/web/sign-in/{exchange.pk}/"):
        assert client.post(path, {"verb": "delete"}).status_code == 404
    assert "name=a" not in client.get("/web/").content.decode()
    assert client.get("/web/visit/", {"exchange": exchange.pk}).status_code == 200


def test_what_is_asked_and_said_is_sealed_at_rest(web):
    web.open("/cookies/set?name=id&value=hunter2hunter2").open("/request")
    rows = Exchange.objects.values_list("sealed_asked", "sealed_said")
    assert not any(b"hunter2" in bytes(column) for row in rows for column in row)
    assert b"hunter2" not in bytes(Cookie.objects.get().sealed)

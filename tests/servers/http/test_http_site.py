"""The lab's web site: each lesson does what it says, in the words of the RFCs."""

from __future__ import annotations

import base64
import gzip
import re

import pytest

from servers.http.page import FOLDER


def test_every_link_of_the_site_leads_somewhere(ask):
    found, waiting, asked = {}, ["/", "/example.html"], set()
    while waiting:
        path = waiting.pop()
        asked.add(path)
        answer = ask(path)
        found[path] = answer.code
        if not answer.value("content-type").startswith("text/html"):
            continue
        for link in re.findall(r'(?:href|src)=["\']([^"\']+)["\']', answer.body.decode()):
            clean = link.partition("#")[0].replace("&amp;", "&")
            if (
                not clean
                or not clean.isascii()
                or ":" in clean
                or clean.startswith(("?", "/redirect/", "/status/", "/slow", "/chunked"))
            ):
                continue
            target = clean if clean.startswith("/") else f"/{clean.removeprefix('../')}"
            if target not in asked:
                waiting.append(target)
    assert {path for path, code in found.items() if code not in (200, 303, 401)} == {"/missing.png"}
    files = {f"/{entry.name}" for entry in FOLDER.iterdir() if "language" not in entry.name}
    assert {path for path in files if path.replace("/trang", "/html/trang") not in found} <= {
        "/example.html",
        "/redirected.html",
        "/goccongnghe.vi.html",
    }


def test_the_courses_page_stands_at_the_courses_address(ask):
    answer = ask("/html/trangtruoc.htm", Host="goccongnghe.net")
    assert answer.code == 200 and "Trang trước" in answer.body.decode()


def test_the_host_field_chooses_the_site(ask):
    assert "<h1>Welcome" in ask("/").body.decode()
    for host in ("www.example.com", "WWW.EXAMPLE.COM:8080", "www.example.com."):
        assert "<h1>www.example.com" in ask("/", Host=host).body.decode()
    own = ask("/", Host="goccongnghe.net").body.decode()
    assert "<h1>Góc công nghệ" in own and 'lang="vi"' in own and 'href="html/trangtruoc.htm"' in own
    assert "<h1>Welcome" in ask("http://localhost/", Host="localhost").body.decode()
    # A whole address as the target wins over the field.
    assert "<h1>www.example.com" in ask("http://www.example.com/", Host="localhost").body.decode()
    assert "<h1>Welcome" in ask("http://localhost", Host="www.example.com").body.decode()


def test_head_says_what_get_would_and_sends_no_body(ask):
    got, told = ask("/"), ask("/", "HEAD")
    assert told.body == b"" and told.value("content-length") == str(len(got.body))


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_name_where_to_go(ask, code):
    answer = ask(f"/redirect/{code}")
    assert (answer.code, answer.value("location")) == (code, f"/redirected.html?by={code}")


def test_a_chain_ends_and_a_loop_does_not(ask):
    path, steps = "/redirect/chain/4", 0
    while (answer := ask(path)).code == 302:
        path, steps = answer.value("location"), steps + 1
    assert steps == 4 and answer.code == 200
    assert ask("/redirect/loop").value("location") == "/redirect/loop"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_private_pages_take_the_guest_and_a_lab_login(ask, web):
    refused = ask("/private/")
    assert refused.code == 401 and refused.value("www-authenticate").startswith("Basic realm=")
    assert ask("/private/", Authorization=basic("guest", "hypertext")).code == 200
    assert ask("/private/", Authorization=basic("ann", web.passwords["ann"])).code == 200
    assert ask("/private/", Authorization=basic("ann", "wrong")).code == 401
    assert ask("/private/", Authorization="Basic ===").code == 401


def test_the_counter_lives_in_the_cookie(ask):
    first = ask("/counter")
    assert '"big">1<' in first.body.decode() and first.value("set-cookie").startswith("visits=1;")
    assert '"big">8<' in ask("/counter", Cookie="a=b; visits=7").body.decode()
    assert '"big">1<' in ask("/counter", Cookie="visits=<script>").body.decode()
    assert '"big">1<' in ask("/stateless", Cookie="visits=7").body.decode()


def test_a_cookie_of_ones_own_is_set_and_forgotten(ask):
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    done = ask("/cookies/set", "POST", body=b"name=colour&value=blue&age=60", **form)
    assert (done.code, done.value("set-cookie")) == (303, "colour=blue; Path=/; Max-Age=60")
    assert ask("/cookies/set", "POST", body=b"name=a%0d%0ab&value=x", **form).code == 400
    assert ask("/cookies/set", "POST", body=b"name=a&value=x%0d%0aSet-Cookie:+b=c", **form).code == 400
    gone = ask("/cookies/forget", "POST", Cookie="colour=blue", Content_Length="0")
    assert gone.value("set-cookie") == "colour=; Path=/; Max-Age=0"


def test_what_is_typed_is_shown_as_text(ask):
    evil = "%3Cscript%3Ealert(1)%3C/script%3E"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    pages = [
        ask(f"/forms/get?q={evil}"),
        ask("/forms/post", "POST", body=f"{evil}={evil}".encode(), **form),
        ask(f"/{evil}"),
        ask("/request", From="<script>x</script>"),
        ask("/cookies", Cookie="a=<script>"),
        ask("/counter", Cookie="visits=<script>"),
        ask(f"/redirect/{evil}"),
        ask(f"/status/{evil}"),
        ask(f"/notes/{evil}"),
    ]
    for page in pages:
        assert b"<script" not in page.body.lower()


def test_a_form_by_post_and_one_with_a_file(ask):
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    said = ask("/forms/post", "POST", body=b"name=An+Nguy%E1%BB%85n&password=x", **form).body.decode()
    assert "An Nguyễn" in said and "(1 characters)" in said
    mark = b"--xyz\r\nContent-Disposition: form-data; "
    body = mark + b'name="caption"\r\n\r\nA picture\r\n' + mark
    body += b'name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--xyz--\r\n'
    answer = ask("/forms/upload", "POST", body=body, Content_Type="multipart/form-data; boundary=xyz")
    assert "A picture" in answer.body.decode() and "file “a.txt”, text/plain, 5 bytes" in answer.body.decode()
    assert ask("/forms/upload", "POST", body=b"x", Content_Type="multipart/form-data").code == 200
    assert ask("/forms/post", "POST", body=b"x", Content_Type="text/plain").code == 415


def test_a_copy_that_is_still_good_is_not_sent_again(ask):
    first = ask("/")
    assert ask("/", If_None_Match=first.value("etag")).code == 304
    assert ask("/", If_None_Match='"other", W/' + first.value("etag")).code == 304
    assert ask("/", If_None_Match='"other"').code == 200
    assert ask("/", If_Modified_Since=first.value("last-modified")).code == 304
    assert ask("/", If_Modified_Since="Sun, 06 Nov 1994 08:49:37 GMT").code == 200
    assert ask("/", If_Modified_Since="yesterday").code == 200
    assert ask("/", If_Match='"other"').code == 412
    assert ask("/", If_Unmodified_Since="Sun, 06 Nov 1994 08:49:37 GMT").code == 412


def test_parts_of_a_text_come_when_asked_for(ask):
    whole = ask("/alphabet.txt").body
    for wanted, part in (("0-4", whole[:5]), ("1000-", whole[1000:]), ("-5", whole[-5:]), ("0-99999", whole)):
        answer = ask("/alphabet.txt", Range=f"bytes={wanted}")
        assert (answer.code, answer.body) == (206, part)
    answer = ask("/alphabet.txt", Range="bytes=0-1,4-5")
    assert (
        answer.value("content-type").startswith("multipart/byteranges")
        and answer.body.count(b"Content-Range") == 2
    )
    beyond = ask("/alphabet.txt", Range="bytes=99999-")
    assert (beyond.code, beyond.value("content-range")) == (416, f"bytes */{len(whole)}")
    for odd in ("bytes=5-1,", "lines=1-2", "bytes=a-b", "bytes=" + "0-0," * 200 + "1-1"):
        assert ask("/alphabet.txt", Range=odd).code == 200
    etag = ask("/alphabet.txt").value("etag")
    assert ask("/alphabet.txt", Range="bytes=0-1", If_Range=etag).code == 206
    assert ask("/alphabet.txt", Range="bytes=0-1", If_Range='"old"').code == 200


def test_chunks_compression_and_language(ask):
    assert ask("/chunked?n=3").body.count(b"This is piece") == 3
    assert ask("/chunked?n=3").value("transfer-encoding") == "chunked"
    old = ask("/chunked?n=2", version="1.0")
    assert old.body.count(b"This is piece") == 2 and not old.value("transfer-encoding")
    plain, packed = ask("/compressed"), ask("/compressed", Accept_Encoding="br;q=1, gzip;q=0.8")
    assert packed.value("content-encoding") == "gzip" and gzip.decompress(packed.body) == plain.body
    assert not ask("/compressed", Accept_Encoding="gzip;q=0").value("content-encoding")
    assert ask("/language", Accept_Language="vi-VN, en;q=0.5").value("content-language") == "vi"
    assert ask("/language", Accept_Language="fr").value("content-language") == "en"


@pytest.mark.parametrize(
    "code", [200, 204, 205, 226, 301, 304, 400, 401, 404, 405, 418, 426, 451, 500, 503, 599]
)
def test_any_status_can_be_had(ask, code):
    assert ask(f"/status/{code}").code == code


def test_notes_are_put_changed_and_taken_away_and_nobody_overwrites_another(ask):
    made = ask("/notes/mine", "PUT", body=b"one")
    assert (made.code, made.value("location")) == (201, "/notes/mine")
    assert ask("/notes/mine").body == b"one"
    assert ask("/notes/mine", "PUT", body=b"two", If_Match='"other"').code == 412
    assert ask("/notes/mine", "PUT", body=b"two", If_Match=made.value("etag")).code == 204
    assert ask("/notes/big", "PUT", body=b"x" * 9000).code == 413
    assert ask("/notes/mine", "DELETE").code == 204 and ask("/notes/mine").code == 404
    assert ask("/notes/", "PUT", body=b"x").code == 405
    for number in range(40):
        last = ask(f"/notes/n{number}", "PUT", body=b"x")
    assert last.code == 507
    for number in range(40):
        ask(f"/notes/n{number}", "DELETE")


def test_methods_are_told_and_trace_shows_no_secret(ask):
    assert "POST" in ask("*", "OPTIONS").value("allow")
    refused = ask("/", "DELETE")
    assert refused.code == 405 and "GET" in refused.value("allow")
    traced = ask("/x", "OPTIONS")
    assert traced.code == 404
    traced = ask("/", "TRACE", Authorization="Bearer hunter2hunter2", Accept="a/b")
    assert b"Accept: a/b" in traced.body and b"hunter2" not in traced.body

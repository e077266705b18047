"""What is shown of an answer runs nothing, loads nothing and leads nowhere but through the room."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browser import page

URL = "http://localhost:8080/a/b.html"


FORBIDDEN = (
    "<script", "onerror", "onload", "javascript:", "<iframe", "<object", "<embed", "<link", "<meta", "style=", "<base",
    "formaction", "data:text", "<video", "<template",
)  # fmt: skip


def html(text: str, **parts) -> str:
    return page.shown("text/html; charset=utf-8", text.encode(), URL, parts).body


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
        "<iframe src=//e></iframe>", "<a href='javascript:alert(1)'>x</a>",
        "<a href='java\nscript:alert(1)'>x</a>", "<form action='javascript:x'></form>",
        "<base href=//evil.example><a href=x>x</a>", "<meta http-equiv=refresh content='0;url=//e'>",
        "<p style='background:url(//e)'>", "<object data=x></object>", "<embed src=x>",
        "<link rel=stylesheet href=//e>",
        "<math><mtext><script>x</script></mtext></math>", "<button formaction=javascript:x>x</button>",
        "<a href='data:text/html,<script>x</script>'>x</a>", "<img src='data:text/html,x'>", "<video src=x>",
        "<noscript><p title='</noscript><script>x</script>'>", "<template><script>x</script></template>",
    ],
)  # fmt: skip
def test_nothing_that_runs_or_loads_is_left(evil: str):
    kept = html(evil).lower()
    for sign in FORBIDDEN:
        assert sign not in kept, kept


def test_links_become_whole_and_places_in_the_page_stay():
    kept = html('<a href="../c.html?x=1&y">1</a><a href="#end">2</a><a href="mailto:a@b">3</a><p id="end">')
    assert (
        'href="#to:http://localhost:8080/c.html?x=1&amp;y"' in kept
        and 'href="#end"' in kept
        and 'href="#to:mailto:a@b"' in kept
    )
    assert 'id="end"' in kept


@pytest.mark.parametrize(
    "href",
    [
        "javascript:x",
        "data:text/html,x",
        "file:///etc",
        "vbscript:x",
        "blob:x",
        "#to:javascript:x",
        "http://[",
    ],
)
def test_a_link_that_nobody_may_follow_is_none(href):
    assert "href=" not in html(f'<a href="{href}">x</a>')
    assert not re.search('action="(?!http://localhost)', html(f'<form action="{href}">x</form>'))


def test_a_base_moves_relative_links():
    assert "http://localhost:8080/z/x" in html('<base href="/z/"><a href="x">x</a>')


def test_forms_keep_their_fields():
    kept = html(
        '<form action="go" method="post"><input name="a" value="1"><select name="s"><option>x</select></form>'
    )
    assert 'action="http://localhost:8080/a/go"' in kept and 'name="a"' in kept and "<option>" in kept


def test_pictures_are_those_that_were_fetched():
    png = ("image/png", b"\x89PNG")
    shown = page.shown(
        "text/html",
        b"<img src='x.png' alt='a'><img src='y.png'>",
        URL,
        {"http://localhost:8080/a/x.png": png},
    )
    assert shown.body.count("data:image/png;base64,iVBORw==") == 1 and shown.body.count("src=") == 1
    evil = {"http://localhost:8080/a/x.png": ("text/html", b"<script>")}
    assert "src" not in page.shown("text/html", b"<img src='x.png'>", URL, evil).body


def test_a_style_cannot_end_its_element():
    css = ("text/css", b"p{}</style><script>alert(1)</script>")
    shown = page.shown(
        "text/html",
        b"<link rel=stylesheet href=s.css><style>a{}</style>",
        URL,
        {"http://localhost:8080/a/s.css": css},
    )
    assert "<" not in shown.style and "p{}" in shown.style and "a{}" in shown.style


def test_what_a_page_names_is_found_once_each():
    raw = b"<title> My  page </title><img src=a.png><img src=a.png#x><img src='data:x'>"
    raw += b"<link rel='stylesheet' href=/s.css>"
    assert page.title_of("text/html", raw) == "My page"
    assert page.title_of("text/html", b"<title>a\x1b[31mb\0c\xe2\x80\xaed</title>") == "a[31mbcd"
    assert page.parts_of("text/html", raw, URL) == [
        ("picture", "http://localhost:8080/a/a.png"),
        ("picture", "data:x"),
        ("style", "http://localhost:8080/s.css"),
    ]


@pytest.mark.parametrize(
    ("kind", "raw", "part"),
    [
        ("text/plain", b"<b>x</b>\x1b[31m", "&lt;b&gt;x"),
        ("application/octet-stream", bytes(range(40)), "00000010  10 11 12"),
        ("image/png", b"\x89PNG", "<img"),
        ("", b"abc", "61 62 63"),
        ("message/http", b"TRACE / HTTP/1.1", "<pre>TRACE"),
        ("text/html; charset=iso-8859-1", "<p>é".encode("latin-1"), "é"),
        ("text/html", b"<meta charset=windows-1258><p>\xe9", "é"),
        ("text/html; charset=nonsense", "<p>é".encode(), "é"),
        ("text/html; charset=utf-16", b"<p>x", "x"),
    ],
)
def test_every_kind_of_answer_is_shown_somehow(kind: str, raw: bytes, part: str):
    assert part in page.shown(kind, raw, URL, {}).body or kind.endswith("utf-16")


SLOW = {
    "deep": "<div>" * 200_000, "open": "<" * 1_000_000, "wide": "<p " + "x y z " * 170_000 + ">", "&": "&" * 1_000_000,
    "attributes": "<p " + "".join(f" a{number}" for number in range(60_000)) + ">",
    "hidden": '<!-- <a b=" --><p ' + "x " * 200_000 + '>"', "comments": "<!--" * 250_000,
    "value": "<a b='<a b=\"" * 80_000,
    "sloppy": "<p><font color=a>" * 60_000, "titles": "<title>" * 140_000,
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_a_page_made_to_be_slow_is_shown_as_its_source_in_time(name):
    raw = SLOW[name].encode()
    before = time.process_time()
    seen = page.shown("text/html", raw, URL, {})
    page.title_of("text/html", raw), page.parts_of("text/html", raw, URL)
    assert time.process_time() - before < 2
    assert seen.bare and seen.body.startswith("<pre>&") and len(seen.body) < 500_000


def test_a_long_page_of_the_usual_kind_is_laid_out():
    row = "<tr class=a><td>1</td><td><a href='/a'>m&#7853;t &amp; m&atilde;</a></td></tr>"
    seen = page.shown("text/html", f"<table>{row * 4000}</table>".encode(), URL, {})
    assert not seen.bare and seen.body.count("<a ") == 4000


@given(
    st.binary(max_size=300),
    st.sampled_from(["text/html", "text/html; charset=utf-7", "text/plain", "image/svg+xml", ";"]),
)
def test_no_bytes_break_it(raw: bytes, kind: str):
    shown = page.shown(kind, raw, URL, {})
    assert "<script" not in shown.body.lower()
    page.title_of(kind, raw), page.parts_of(kind, raw, URL)

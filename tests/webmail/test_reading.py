"""Whatever arrives is shown somehow, and nothing of it runs, sends or loads."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.line import Line
from transcripts import bodies
from webmail import reading

HTML = b"Content-Type: text/html\r\n\r\n"


def test_html_keeps_nothing_that_runs_sends_or_loads():
    evil = HTML + (
        b"<base href=//x><meta http-equiv=refresh content=0><script>alert(1)</script><style>a{}</style>"
        b"<svg onload=alert(1)></svg><form action=//x><input></form><iframe src=//x></iframe>"
        b"<a href='javascript:alert(1)'>a</a><img src='http://x/y.png' onerror=alert(1)><p style='x' onclick=1>kept</p>"
    )
    shown = reading.safe_html(evil)
    for word in (
        "script",
        "alert",
        "style",
        "svg",
        "form",
        "iframe",
        "base",
        "meta",
        "onclick",
        "http://",
        "onerror",
    ):
        assert word not in shown, word
    assert "kept" in shown


def test_links_open_elsewhere_and_tell_nothing():
    shown = reading.safe_html(HTML + b"<a href='https://example.org/'>x</a>")
    assert 'target="_blank"' in shown and "noreferrer" in shown


def test_an_image_that_came_along_is_inlined():
    raw = (
        b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src=cid:a>\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--"
    )
    assert "data:image/png;base64,aGk=" in reading.safe_html(raw)


def test_twenty_megabytes_are_cut_and_said_to_be():
    letter = reading.read(HTML + b"<p>x</p>" * (20 * 1024 * 1024 // 8))
    assert letter.cut and len(letter.html) <= reading.TEXT_LIMIT


def test_flowed_lines_are_joined():
    raw = b"Content-Type: text/plain; format=flowed\r\n\r\none \r\ntwo\r\nthree"
    assert reading.read(raw).text == "one two\nthree"


def test_a_file_name_is_no_path_and_has_no_direction_signs():
    assert reading.file_name("../../etc/pa\u202ess\r\nwd") == "passwd"


@given(st.binary(max_size=400))
def test_no_bytes_make_reading_raise(raw):
    for odd in (
        raw,
        HTML + raw,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + raw,
        b"Content-Type: text/plain; charset=" + raw + b"\r\n\r\nx",
        b"Content-Disposition: attachment; filename*=" + raw + b"\r\nFrom: " + raw + b"\r\n\r\nx",
    ):
        reading.read(odd)
        reading.safe_html(odd)
        reading.part(odd, 0)


NESTS = {
    "multipart": lambda depth: b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(depth)
    ),
    "message": lambda depth: b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" * depth,
}


@pytest.mark.parametrize("kind", NESTS)
@pytest.mark.parametrize("depth", [3, 30, 1_500, 10_000])
def test_a_letter_of_parts_within_parts_is_read_however_deep_it_goes(kind, depth):
    raw = b"Subject: deep\r\n" + NESTS[kind](depth) + b"Content-Type: text/plain\r\n\r\nhello\r\n"
    began = time.monotonic()
    letter = reading.read(raw)
    assert letter.subject == "deep"
    assert reading.safe_html(raw) == "" and reading.part(raw, 0) is not None
    assert (letter.text.strip() == "hello") == (kind == "multipart" and depth < 40)
    assert bodies.decoded("imap", Line("S", raw, "body")).startswith("Subject: deep")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode-escape", "rot13", "no such", "utf-16"])
def test_a_text_in_no_character_set_of_mail_is_read_in_time(charset):
    raw = (
        b'Subject: x\r\nContent-Type: text/plain; charset="%s"\r\n\r\n' % charset.encode() + b"ab9" * 100_000
    )
    began = time.monotonic()
    assert reading.read(raw).text
    assert (
        reading.read(b"Subject: =?" + charset.encode() + b"?q?" + b"ab9" * 20_000 + b"?=\r\n\r\nx").text
        == "x"
    )
    assert time.monotonic() - began < 5


DEEP = ["<div><b>", "<p><font color=red>", "<b><i></b>", "<b></i>", "<a><div>", "<table>", "<ul><li>"]


@pytest.mark.parametrize("piece", DEEP)
def test_html_within_html_without_end_is_shown_in_time_as_text(piece):
    raw = HTML + piece.encode() * (reading.TEXT_LIMIT // len(piece)) + b"deep &amp; <script>alert(1)</script>"
    began = time.monotonic()
    shown = reading.safe_html(raw)
    assert time.monotonic() - began < 10
    assert "<script" not in shown


def test_html_as_deep_as_tables_of_newsletters_stays_html():
    raw = (
        HTML
        + b"<table><tr><td>" * 60
        + b"<p>one<p>two<br>" * 500
        + b"<b>deep</b>"
        + b"</td></tr></table>" * 60
    )
    assert "<b>deep</b>" in reading.safe_html(raw) and "<table>" in reading.safe_html(raw)

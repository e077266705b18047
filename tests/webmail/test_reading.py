"""Whatever arrives is shown somehow, and nothing of it runs, sends or loads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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

"""Web servers that behave badly, opened in the room: a clear sentence in time, bounded, and nothing lost."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time

import pytest

from accounts.models import Server
from browser import client as wires
from browser.models import Exchange
from tests.browser.hostile import OK, SOON, forever, saying
from tests.webmail.hostile import drip, hang
from transcripts.models import Transcript

pytestmark = pytest.mark.usefixtures("quick")

BOMB = gzip.compress(bytes(32 * 1024 * 1024))
LONG = b"HTTP/1.1 200 " + b"x" * 10_000_000 + b"\r\n\r\n"
NO_ANSWER = {
    "hangs": (hang, "said nothing for", "im lặng"),
    "drips letters": (drip, "does not speak HTTP", "không nói giao thức"),
    "drips a head": (forever(b"HTTP/1.1 200 OK\r\nVia: ", b"x", 0.05), "took longer than", "kéo dài quá"),
    "goes at once": (saying(b""), "closed the connection before", "trước khi trả lời xong"),
    "goes within its head": (saying(b"HTTP/1.1 200 OK\r\nContent-"), "closed the connection before", "trước khi"),
    "endless fields": (forever(OK, b"Via: 1.1 and-more\r\n" * 500), "The head of the answer", "Phần đầu câu trả lời"),
    "endless 100 Continue": (
        forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500), "does not behave", "hoạt động không đúng",
    ),
    "a status line of 10 MB": (saying(LONG), "does not behave", "hoạt động không đúng"),
    "another protocol": (saying(b"220 mail ESMTP\r\n", stay=True), "does not speak HTTP", "không nói giao thức"),
    "binary": (saying(bytes(range(256)) * 40), "does not speak HTTP", "không nói giao thức"),
    "two lengths": (
        saying(OK + b"Content-Length: 3\r\nContent-Length: 9\r\n\r\nabc"), "does not speak HTTP", "không nói giao thức",
    ),
    "a folded, nameless field": (saying(OK + b": nothing\r\n\r\n"), "does not speak HTTP", "không nói giao thức"),
}  # fmt: skip


@pytest.mark.parametrize("what", NO_ANSWER)
def test_a_server_without_an_answer_is_left_in_time_and_told_of(web, bad, what):
    speak, english, vietnamese = NO_ANSWER[what]
    url, began = bad(speak), time.monotonic()
    web.open(url)
    assert time.monotonic() - began < SOON
    assert web.last.state == "failed" and english in web.html and 'role="alert"' in web.html
    assert "Try again" in web.html and "\x1b" not in web.html
    web.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "vi"
    assert vietnamese in web.show("page")
    nothing_is_lost(web, url)


HALF = {
    "a length that is too long": (saying(OK + b"Content-Length: 99\r\n\r\n<p>begun"), "closed the connection before"),
    "a length that is too short": (
        saying(OK + b"Content-Length: 8\r\n\r\n<p>begun and more than eight", stay=True), "more than it had announced",
    ),
    "a chunk that says no size": (
        saying(OK + b"Transfer-Encoding: chunked\r\n\r\n8\r\n<p>begun\r\nzz\r\n"), "framed wrongly",
    ),
    "a chunk of more than there is": (
        saying(OK + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n<p>begun"), "closed the connection before",
    ),
    "a body that drips": (forever(OK + b"Content-Length: 9999\r\n\r\n<p>begun", b".", 0.05), "took longer than"),
    "a body that stops": (saying(OK + b"Content-Length: 99\r\n\r\n<p>begun", stay=True), "said nothing for"),
    "a body without an end": (forever(OK + b"\r\n<p>begun", b"y" * 10_000), "went on beyond"),
    "a body of 100 MB": (
        forever(OK + b"Content-Length: 104857600\r\n\r\n<p>begun", b"y" * 60_000), "went on beyond",
    ),
    "a line of 10 MB": (
        saying(OK + b"Content-Length: 10000000\r\n\r\n<p>begun" + b"y" * 9_999_992), "went on beyond",
    ),
    "packed so that it never ends": (
        saying(OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB), "unpacks to more",
    ),
    "packed, but cut off": (
        saying(OK + b"Content-Encoding: gzip\r\nContent-Length: 30\r\n\r\n" + gzip.compress(b"<p>begun" * 900)[:30]),
        "could not be unpacked",
    ),
    "said to be packed": (
        saying(OK + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\n<p>begun"), "could not be unpacked",
    ),
}  # fmt: skip
NO_LINE = {"a chunk that says no size"}


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=pytest.mark.unexplained("no HTTP") if what in NO_LINE else ())
        for what in HALF
    ],
)
def test_an_answer_that_is_not_whole_is_shown_as_far_as_it_came(web, bad, what):
    speak, english = HALF[what]
    url, began = bad(speak), time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    web.open(url)
    assert time.monotonic() - began < SOON
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
    assert (web.last.state, web.last.code) == ("done", 200)
    assert "The answer is not whole" in web.html and english in web.html
    if "packed" not in what:
        assert b"begun" in web.frame().content
    assert web.show("source") and web.show("headers")
    nothing_is_lost(web, url, outcomes=("done",) if "packed" in what else ("later", "refused"))
    # What is not whole is never taken for a copy of the page.
    assert Exchange.objects.filter(trouble={}).count() == 0


def nothing_is_lost(web, url: str, outcomes=("later", "refused")) -> None:
    """The address stays in the bar, the visit in the history, what was said in a transcript that is closed."""
    page = web.client.get("/web/").content.decode()
    assert f'value="{url}"' in page and url in web.show("history")
    row = Transcript.objects.get(pk=web.last.transcript)
    assert row.ended and row.outcome in outcomes and row.get_absolute_url() in page
    assert web.client.get(row.get_absolute_url()).status_code == 200


def test_a_page_whose_pictures_hang_is_shown_and_given_up_in_time(web, bad, monkeypatch):
    monkeypatch.setattr(wires, "VISIT", 1.5)
    page = b"<h1>here</h1>" + b"".join(b"<img src=/p%d.png>" % number for number in range(20))

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        await reader.readuntil(b"\r\n\r\n")
        if b" / " in line:
            writer.write(OK + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(page) + page)
            await writer.drain()
            return
        await reader.read()

    url, began = bad(speak), time.monotonic()
    web.open(url)
    assert time.monotonic() - began < SOON
    assert web.last.code == 200 and b"<h1>here" in web.frame().content
    pictures = [row for row in web.exchanges if row.kind == "picture"]
    assert pictures and all(row.state == "failed" for row in pictures)


@pytest.mark.unexplained("fields of nobody's list")
def test_control_characters_are_written_out_and_obeyed_nowhere(web, bad):
    ansi = b"\x1b[2J\x1b[31m"
    fields = (
        b"HTTP/1.1 200 "
        + ansi
        + b"OK\r\nX-A: a"
        + ansi
        + b"\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n"
    )
    web.open(bad(saying(fields + ansi, stay=True)))
    for page in (
        web.html,
        web.show("headers"),
        web.said(),
    ):
        assert "\x1b" not in page
    assert "\\x1b[2J" in web.html


def test_a_flood_of_cookies_fills_a_bounded_jar(web, bad):
    from browser.models import Cookie

    cookies = b"".join(b"Set-Cookie: c%d=%s\r\n" % (number, b"v" * 500) for number in range(180))
    url = bad(saying(OK + cookies + b"Content-Length: 2\r\n\r\nhi", stay=True))
    web.open(url).open(url).open(url)
    assert 0 < Cookie.objects.count() <= 100 and web.last.code == 200


HTML = b"<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.mark.unexplained("fields of nobody's list")
def test_markup_in_any_line_is_shown_as_text(web, bad):
    url = bad(saying(
        b"HTTP/1.1 404 " + HTML + b"\r\nContent-Type: text/html\r\nX-Evil: " + HTML + b"\r\nSet-Cookie: a=" + HTML
        + b"\r\nWWW-Authenticate: Basic realm=\"" + HTML.replace(b"=", b":") + b"\"\r\nContent-Length: 5\r\n\r\nhello",
        stay=True,
    ))  # fmt: skip
    web.open(url)
    shown = [
        web.html,
        *(web.show(pane) for pane in ("page", "headers", "source", "request", "cookies", "history")),
    ]
    shown.append(web.said())
    for page in shown:
        assert "<script>alert" not in page and "<img src=x" not in page


def test_a_refused_port_says_so_and_nothing_is_lost(web, bad):
    url = bad(hang)
    Server.objects.filter(host="bad.example").update(port=1)
    web.open("http://bad.example:1/")
    assert "nothing answers at port 1" in web.html and url not in web.html
    nothing_is_lost(web, "http://bad.example:1/")

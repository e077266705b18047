"""Web servers that behave badly, opened in the room: a clear sentence in time, bounded, and nothing lost."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time
from dataclasses import replace

import pytest

from accounts.models import Server
from browser import client as wires
from browser.models import Exchange
from protocols.login import Limits
from tests.webmail.hostile import Hostile, drip, hang
from transcripts.models import Transcript

QUICK = Limits(connect=2, idle=0.5, total=1.5, reply=700_000)
SOON = 20
"""Seconds within which everything here ends, on a busy machine too; the room's own patience would be minutes."""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Little patience."""
    monkeypatch.setattr(wires, "LIMITS", QUICK)


@pytest.fixture
def bad(lab):
    """Enters a server of our own into the list, as ``bad.example``; returns its address."""
    running = []

    def put(speak) -> str:
        running.append(Hostile(speak))
        port = running[-1].port
        Server.objects.create(
            name="bad", protocol="http", host="bad.example", address="127.0.0.1", port=port, security="plain"
        )
        return f"http://bad.example:{port}/"

    yield put
    for one in running:
        one.stop()


def saying(*pieces: bytes, pause: float = 0.0, stay: bool = False):
    """A server that reads a head and says ``pieces``; then goes, or stays and says nothing more."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.readuntil(b"\r\n\r\n")) and pieces:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            if not stay:
                writer.close()
                await writer.wait_closed()
                return

    return speak


def forever(first: bytes, piece: bytes, pause: float = 0.0):
    """A server that never ends its answer."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return speak


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


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send people from one address to the next, for ever."""
    while line := await reader.readline():
        number = int(line.split()[1].strip(b"/") or b"0")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % (number + 1))


def test_redirects_without_an_end_stop_and_say_so(web, bad, monkeypatch):
    monkeypatch.setattr(wires, "LIMITS", replace(QUICK, total=20))
    url = bad(endless)
    web.open(url)
    assert [row.state for row in web.exchanges] == ["done"] * 10 + ["paused"]
    assert "10 redirects were followed" in web.html
    web.press(f"/web/follow/{web.exchanges[-1].pk}/")
    assert len(web.exchanges) == 12 and Transcript.objects.count() == 2


def test_a_loop_is_told_as_a_loop(web):
    web.open("/redirect/loop")
    assert "asked already" in web.html


@pytest.mark.parametrize(
    "to", ["http://somewhere.else.example/x", "http://0x7f.1:1/", "//evil.example/", "http:///"]
)
def test_a_redirect_out_of_the_list_is_a_step_that_is_refused(web, bad, to):
    url = bad(
        saying(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % to.encode(), stay=True)
    )
    web.open(url)
    assert [row.state for row in web.exchanges] == (["done"] if to == "http:///" else ["done", "failed"])
    assert (
        "is no server of this lab" in web.html or "no browser follows" in web.html
    ) and Transcript.objects.count() == 1


@pytest.mark.parametrize(
    "to", [b"javascript:alert(1)", b"ftp://ftp.vnd.net/", b"http://[", b"\xff\xfe", b"data:text/html,x"]
)
def test_a_redirect_to_what_is_no_web_page_leads_nowhere(web, bad, to):
    url = bad(saying(b"HTTP/1.1 302 Found\r\nLocation: " + to + b"\r\nContent-Length: 0\r\n\r\n", stay=True))
    web.open(url)
    assert web.exchanges[0].code == 302 and web.answer.status_code == 200
    assert all(row.state in ("done", "failed", "paused") for row in web.exchanges)


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


SPELLINGS = [
    "http://0x7f.1:{port}/", "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://2130706433:{port}/",
    "http://127.1:{port}/", "http://127.0.0.1:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://[::1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/", "http://0:{port}/", "http://0.0.0.0:{port}/", "http://127.0.0.1.:{port}/",
    "http://bad.example@127.0.0.1:{port}/", "http://bad.example:{port}@evil.example/", "http://bad.example%00.evil.example/",
    "http://evil.example#@bad.example:{port}/", "http://evil.example\\@bad.example:{port}/", "http://evil.example/.bad.example",
    "http://b\u0430d.example:{port}/", "http://bad\u3002example.evil.example/", "http://xn--bd-7cd.example:{port}/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/", "http://bad.example.evil.example:{port}/", "http://bad.example:22/",
    "HTTP://EVIL.EXAMPLE:{port}/", "http://169.254.169.254/", "http://[fe80::1]:{port}/", "http://\u2460\u2461\u2466.0.0.1:{port}/",
]  # fmt: skip


def test_no_spelling_reaches_what_is_not_listed(web, bad):
    reached = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(100))

    port = bad(speak).rpartition(":")[2].strip("/")
    for spelling in SPELLINGS:
        web.open(spelling.format(port=port))
        assert not reached and not Transcript.objects.exists(), spelling
        assert 'role="alert"' in web.html or 'class="notice"' in web.html, spelling
        assert "is no server of this lab" in web.html or "no address" in web.html, spelling


def test_other_spellings_of_a_listed_name_are_that_name(web, bad):
    port = bad(saying(OK + b"Content-Length: 2\r\n\r\nhi", stay=True)).rpartition(":")[2].strip("/")
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "BAD")
    for host in ("BAD.EXAMPLE", "bad.example.", f"{wide}.example", "bad.EXAMPLE"):
        web.open(f"http://{host}:{port}/")
        assert web.last.code == 200, host


def test_a_name_that_resolves_elsewhere_later_is_not_followed_there(web, bad, monkeypatch):
    """Rebinding: the address that was entered is connected to, whatever the name's server answers meanwhile."""
    import socket

    url = bad(saying(OK + b"Content-Length: 2\r\n\r\nhi", stay=True))
    asked = []

    def rebound(host, *rest, **more):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    monkeypatch.setattr(socket, "gethostbyname", rebound)
    connected = []
    real = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: (connected.append(to), real(self, to))[1])
    web.open(url).open(url)
    assert web.last.code == 200 and "bad.example" not in asked
    assert {to[0] for to in connected if to[1] == int(url.rpartition(":")[2].strip("/"))} == {"127.0.0.1"}


def test_a_refused_port_says_so_and_nothing_is_lost(web, bad):
    url = bad(hang)
    Server.objects.filter(host="bad.example").update(port=1)
    web.open("http://bad.example:1/")
    assert "nothing answers at port 1" in web.html and url not in web.html
    nothing_is_lost(web, "http://bad.example:1/")

"""Addresses and redirects that lead away: none reaches what is not listed, and no loop is without an end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from browser import client as wires
from tests.browser.hostile import OK, QUICK, saying
from transcripts.models import Transcript

pytestmark = pytest.mark.usefixtures("quick")


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

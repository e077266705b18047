"""The lab's web server holds its connections as RFC 9112 says, and within bounds."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import subprocess

import pytest

from protocols.http.client import Request, connect
from protocols.login import Address
from servers.http import connection
from tests.conftest import need
from tests.servers.embedded import wait_until

GET = Request("GET", "/connection", (("Host", "localhost"),))


def raw(wire, port: int, text: bytes, *, half: bool = False) -> bytes:
    """What the server answers to these very bytes, until it closes."""
    opened = wire(port)
    opened.send(text)
    heard = b""
    while piece := opened.socket.recv(65536):
        heard += piece
    return heard


def test_a_connection_answers_many_requests(web, heard):
    address = Address("http", "localhost", "127.0.0.1", web.ports.http, "plain")
    with connect(address, heard.append) as session:
        bodies = [session.ask(GET).body for _ in range(3)]
        assert session.stays
        session.ask(Request("GET", "/connection/close", (("Host", "localhost"),)))
        assert not session.stays
    assert [b'"big">%d<' % number in body for number, body in enumerate(bodies, 1)] == [True] * 3


def test_tls_from_the_first_byte(web, heard):
    address = Address("http", "localhost", "127.0.0.1", web.ports.https, "tls", ca=web.pem)
    with connect(address, heard.append) as session:
        assert session.ask(GET).code == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"400 Bad Request"),
        (b"HELO x\r\n\r\n", b"400 Bad Request"),
        (b"GET /\r\n\r\n", b"400 Bad Request"),
        (b"GET /\r\n", b"400 Bad Request"),
        (b"hello\r\n", b"400 Bad Request"),
        (b"GET foo HTTP/1.1\r\nHost: a\r\n\r\n", b"400 Bad Request"),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"414 URI Too Long"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 6000 + b"\r\n", b"431 Request Header Fields Too Large"),
        (b"\x16\x03\x01\x02\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"505 HTTP Version Not Supported"),
        (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", b"501 Not Implemented"),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"405 Method Not Allowed"),
        (b"GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n", b"400 Bad Request"),
        (
            b"POST /request HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"400 Bad Request",
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"431 Request Header Fields Too Large"),
        (b"POST /forms/post HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", b"413 Content Too Large"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"400 Bad Request"),
        (b"POST /request HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n", b"417 Expectation Failed"),
        (b"POST /request HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400 Bad Request"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_told_so(web, wire, text, status):
    heard = raw(wire, web.ports.http, text)
    assert heard.startswith(b"HTTP/1.1 " + status), heard[:200]
    # The connection has ended, and the answer has said so.
    assert b"\r\nConnection: close\r\n" in heard


def test_a_line_of_http_0_9_is_answered_at_once_and_in_words(web, wire):
    assert b"HTTP/0.9 (1991)" in raw(wire, web.ports.http, b"GET /\r\n")
    assert b"a method, a target and a version" in raw(wire, web.ports.http, b"hello\r\n")


def test_an_empty_line_before_a_request_is_passed_over(web, wire):
    ask = b"GET /status/204 HTTP/1.1\r\nHost: a\r\n"
    assert raw(wire, web.ports.http, b"\r\n" + ask + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 204")


def test_http_1_0_needs_no_host_and_ends(web, wire):
    heard = raw(wire, web.ports.http, b"GET / HTTP/1.0\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 200 OK") and b"Connection: close" in heard


def test_pipelined_requests_are_answered_in_their_order(web, wire):
    ask = b"GET /status/%d HTTP/1.1\r\nHost: a\r\n%s\r\n"
    heard = raw(
        wire, web.ports.http, ask % (201, b"") + ask % (404, b"") + ask % (503, b"Connection: close\r\n")
    )
    places = [heard.find(code) for code in (b"1.1 201", b"1.1 404", b"1.1 503")]
    assert -1 not in places and places == sorted(places)


def test_an_empty_line_between_requests_that_came_together_is_passed_over(web, wire):
    ask = b"GET /status/%d HTTP/1.1\r\nHost: a\r\n%s\r\n"
    last = ask % (503, b"Connection: close\r\n")
    heard = raw(wire, web.ports.http, ask % (201, b"") + b"\r\n" + ask % (404, b"") + b"\r\n\n\r\n" + last)
    places = [heard.find(code) for code in (b"1.1 201", b"1.1 404", b"1.1 503")]
    assert -1 not in places and places == sorted(places) and b"1.1 400" not in heard


def test_a_client_that_goes_before_it_is_refused_is_no_fault_of_the_server(web, wire, caplog):
    head = b"POST /request HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in (b"", b"5\r\nab", b"zz\r\n"):
        opened = wire(web.ports.http)
        opened.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        opened.send(head + body)
        os.close(opened.socket.detach())
    wait_until(lambda: len(web.running.service.sessions) == 0, 10)
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_a_body_waits_for_100_continue(web, wire):
    opened = wire(web.ports.http)
    opened.send(b"POST /request HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    assert (opened.line(), opened.line()) == ("HTTP/1.1 100 Continue", "")
    opened.send(b"body")
    assert opened.line() == "HTTP/1.1 200 OK"


def test_a_client_that_says_nothing_or_only_drips_is_left(web, wire, monkeypatch):
    monkeypatch.setattr(connection, "SILENCE", 0.2)
    monkeypatch.setattr(connection, "HASTE", 0.2)
    assert wire(web.ports.http).socket.recv(10) == b""
    assert raw(wire, web.ports.http, b"GET / HTTP/1.1\r\nHo").startswith(b"HTTP/1.1 408")
    short = b"POST /request HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"
    assert raw(wire, web.ports.http, short).startswith(b"HTTP/1.1 408")


def test_a_server_that_ends_lets_go_of_silent_connections(web, wire):
    opened = wire(web.ports.http)
    opened.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert opened.line() == "HTTP/1.1 200 OK"
    web.do(_end_all(web))
    while opened.socket.recv(65536):
        pass


async def _end_all(web) -> None:
    web.running.service.sessions.end_all("the server is shutting down")
    await asyncio.sleep(0)


def run(*words, home) -> bytes:
    need(words[0])
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "no_proxy": "*"}
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout + done.stderr


def test_curl_follows_keeps_cookies_signs_in_and_uploads(web, tmp_path):
    site = f"http://localhost:{web.ports.http}"
    said = run("curl", "-sv", "-L", f"{site}/redirect/chain/3", home=tmp_path)
    assert b"You have arrived" in said and b"HTTP/1.1 302 Found" in said
    jar = tmp_path / "jar"
    for _ in range(3):
        said = run("curl", "-s", "-b", jar, "-c", jar, f"{site}/counter", home=tmp_path)
    assert b'"big">3<' in said
    login = f"ann:{web.passwords['ann']}"
    assert b"You are <strong>ann" in run("curl", "-s", "-u", login, f"{site}/private/", home=tmp_path)
    (tmp_path / "note").write_bytes(b"by curl")
    run("curl", "-sf", "-T", tmp_path / "note", f"{site}/notes/curl", home=tmp_path)
    assert run("curl", "-sf", f"{site}/notes/curl", "-X", "DELETE", home=tmp_path) == b""
    sent = run("curl", "-sf", "-F", f"file=@{tmp_path / 'note'}", f"{site}/forms/upload", home=tmp_path)
    assert "file “note”" in sent.decode()
    secure = run(
        "curl", "-s", "--cacert", web.ca_file, f"https://localhost:{web.ports.https}/", home=tmp_path
    )
    assert b"Welcome" in secure
    assert b"ABC" not in run("curl", "-s", "--compressed", f"{site}/compressed", home=tmp_path)[:3]


def test_wget_and_w3m_read_the_site(web, tmp_path):
    site = f"http://localhost:{web.ports.http}"
    run("wget", "-q", "-p", "-P", tmp_path, f"{site}/html/trangtruoc.htm", home=tmp_path)
    assert (tmp_path / f"localhost:{web.ports.http}" / "lotus.png").read_bytes().startswith(b"\x89PNG")
    assert "Trang trước" in run("w3m", "-dump", f"{site}/html/trangtruoc.htm", home=tmp_path).decode()


def test_by_hand_with_telnet(web, tmp_path):
    need("telnet")
    said = subprocess.Popen(
        ["telnet", "127.0.0.1", str(web.ports.http)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert said.stdin and said.stdout
    said.stdin.write(b"GET /html/trangtruoc.htm HTTP/1.1\nHost: www.example.com\nConnection: close\n\n")
    said.stdin.flush()
    with said:
        heard = said.stdout.read().decode()
    assert "HTTP/1.1 200 OK" in heard and "Trang trước" in heard

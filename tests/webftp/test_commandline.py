"""The course's ``ftp>``: its session word for word, wildcards, local files, and a password that stays nowhere."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from types import SimpleNamespace

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async

from accounts.models import Server
from servers.ftp.data import Passive
from tests.webftp.browser import Tab
from tests.webftp.conftest import BOTH
from transcripts.models import Block, Conversation, Transcript
from webftp import commandline, progress
from webftp.consumers import CommandLineConsumer
from webftp.models import Ticket


class Line:
    """A browser's end of the command line: types, answers, saves and sends as its page does."""

    def __init__(self, tab: Tab, person) -> None:
        scope = {
            "type": "websocket",
            "path": "/ws/files/line/",
            "query_string": b"",
            "headers": [],
            "cookies": {},
        }
        scope |= {"user": person, "session": SimpleNamespace(session_key=tab.client.session.session_key)}
        self._socket = ApplicationCommunicator(CommandLineConsumer.as_asgi(), scope)
        self._tab = tab
        self.shown: list[tuple[str, str]] = []
        self.saved: dict[str, bytes] = {}
        self.local: dict[str, bytes] = {}
        self.secret_asked, self.pause = False, 0.0
        self._sending: list[asyncio.Task] = []

    async def open(self) -> Line:
        await self._socket.send_input({"type": "websocket.connect"})
        assert (await self._next())["type"] == "websocket.accept"
        await self._until_asked()
        await self.say({"type": "hello", "tab": "0123456789abcdef"})
        return self

    async def say(self, message: dict) -> None:
        await self._socket.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def type(self, line: str, *answers: str) -> list[tuple[str, str]]:
        """Type a line, give the answers it asks for, and return what it showed."""
        before = len(self.shown)
        await self.say({"type": "line", "text": line})
        for answer in answers:
            assert await self._until_asked() == "ask"
            await self.say({"type": "answer", "value": answer})
        assert await self._until_asked() == "ready"
        return self.shown[before:]

    async def close(self) -> None:
        await self._socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._socket.wait(10)
        await asyncio.gather(*self._sending)

    async def _next(self) -> dict:
        return await self._socket.receive_output(15)

    async def _until_asked(self) -> str:
        while True:
            message = json.loads((await self._next())["text"])
            kind = message["type"]
            if kind == "write":
                self.shown.append((message["kind"], message["text"]))
            elif kind == "save":
                self.saved[message["name"]] = (await self._tab.talk(message["url"])).body
            elif kind == "send":
                name = list(self.local)[message["id"]]
                raw = self.local[name]
                chunks = [raw[at : at + 65536] for at in range(0, len(raw), 65536)]
                talk = self._tab.talk(message["url"], method="PUT", chunks=chunks, pause=self.pause)
                self._sending.append(asyncio.create_task(talk))
            elif kind == "local":
                source = re.escape(message["pattern"]).replace(r"\*", ".*")
                files = [{"id": at, "name": name} for at, name in enumerate(self.local)]
                found = [file for file in files if not source or re.fullmatch(source, file["name"])]
                await self.say({"type": "answer", "value": found})
            elif kind == "lcd":
                await self.say({"type": "answer", "value": "Local folder now: x"})
            else:
                self.secret_asked = bool(message.get("secret"))
                return kind


@pytest.fixture
async def line(tab, ann):
    line = await Line(tab, ann).open()
    yield line
    await line.close()


def said(shown) -> list[str]:
    return [text.split(" ")[0] for kind, text in shown if kind == "said"]


def replies(shown) -> list[str]:
    return [text[:3] for kind, text in shown if kind == "reply" and text[3:4] == " "]


async def change(site, **what):
    """Change the row of a site's server."""
    await database_sync_to_async(Server.objects.filter(pk=site.server_id).update)(**what)


async def sign_in(line, server):
    return await line.type("open ftp.vnd.net", "ann", server.password)


@BOTH
async def test_the_courses_session_runs_word_for_word(line, server):
    for name in ("sendmail-7.5", "tcp-wrapper", "innd", "project.dat"):
        (server.home / name).write_bytes(f"{name}\n".encode())
    shown = await sign_in(line, server)
    assert ("text", "Connected to ftp.vnd.net.") in shown and line.secret_asked is False
    codes = replies(shown)
    assert codes[0] == "220" and "331" in codes and "230" in codes
    shown = await line.type("dir")
    assert all(any(name in text for _, text in shown) for name in ("sendmail-7.5", "innd", "project.dat"))
    assert said(shown) == ["EPSV", "LIST"] and replies(shown)[0] == "229" and replies(shown)[-1] == "226"
    shown = await line.type("get project.dat")
    assert line.saved == {"project.dat": b"project.dat\n"}
    assert said(shown) == ["TYPE", "SIZE", "EPSV", "RETR"] and ("text", "12 bytes received.") in shown
    shown = await line.type("quit")
    assert said(shown) == ["QUIT"] and replies(shown) == ["221"]
    assert ("error", "Not connected. Say “open” and the name of a server.") in await line.type("dir")


@pytest.mark.parametrize("server", ["the lab's own"], indirect=True)
async def test_anonymous_fetches_the_courses_samples(line, server):
    shown = await line.type("ftp ftp.vnd.net", "anonymous", "ann@lab.test")
    assert "230" in replies(shown)
    told = " ".join(text for _, text in await line.type("dir"))
    assert all(name in told for name in ("sendmail-7.5", "tcp-wrapper", "innd", "project.dat"))
    await line.type("get project.dat")
    assert line.saved["project.dat"]
    await line.type("prompt")
    await line.type("mget *.dat")
    assert len(line.saved) > 2 and all(name.endswith(".dat") for name in line.saved)
    assert replies(await line.type("quit")) == ["221"]


@BOTH
async def test_wildcards_are_the_clients_own(line, server):
    for name in ("a.dat", "b.dat", "c.txt"):
        (server.home / name).write_bytes(name.encode())
    await sign_in(line, server)
    await line.type("mget *.dat", "n", "y")
    assert line.saved == {"b.dat": b"b.dat"}
    await line.type("prompt")
    shown = await line.type("mget *.dat")
    assert line.saved == {"a.dat": b"a.dat", "b.dat": b"b.dat"}
    assert "NLST" in said(shown) and said(shown).count("RETR") == 2
    line.local = {"one.log": b"1", "two.log": b"22", "other": b"3"}
    shown = await line.type("mput *.log")
    assert (server.home / "two.log").read_bytes() == b"22" and not (server.home / "other").exists()
    assert said(shown).count("STOR") == 2
    shown = await line.type("mdelete *.log")
    assert said(shown).count("DELE") == 2 and not (server.home / "one.log").exists()
    assert ("error", "No files match.") in await line.type("mget nothing*")


@BOTH
async def test_every_other_command_becomes_what_the_table_says(line, server):
    await sign_in(line, server)
    assert said(await line.type("mkdir thư-mục")) == ["MKD"]
    assert said(await line.type('cd "thư-mục"')) == ["CWD"]
    assert any("thư-mục" in text for _, text in await line.type("pwd"))
    assert said(await line.type("cd ..")) == ["CDUP"]
    (server.home / "a").write_bytes(b"x")
    assert said(await line.type("rename a b")) == ["RNFR", "RNTO"] and (server.home / "b").exists()
    assert said(await line.type("delete b")) == ["DELE"]
    assert said(await line.type("rmdir thư-mục")) == ["RMD"]
    assert said(await line.type("quote NOOP")) == ["NOOP"]
    assert said(await line.type("passive")) == [] and "EPRT" in said(await line.type("ls"))
    assert said(await line.type("binary")) == ["TYPE"]
    assert said(await line.type("hash")) == [] and len(await line.type("status")) == 3
    assert len(await line.type("help")) > 20 and await line.type("lcd") == [("text", "Local folder now: x")]
    assert ("error", "?Invalid command. “help” lists the commands.") in await line.type("format c:")


async def test_what_is_missing_is_asked_for(line, server):
    await sign_in(line, server)
    (server.home / "a").write_bytes(b"x")
    assert said(await line.type("chmod", "600", "a")) == ["SITE"]
    assert (server.home / "a").stat().st_mode & 0o777 == 0o600


async def test_whoever_asks_what_there_is_to_say_deletes_nothing_by_it(line, server):
    await sign_in(line, server)
    (server.home / "one.log").write_bytes(b"x")
    shown = await line.type("mdelete *.log", "?", "what", "n")
    assert sum("n: not this one" in text for _, text in shown) == 2
    assert (server.home / "one.log").exists()
    await line.type("mdelete *.log", "")
    assert not (server.home / "one.log").exists()


@BOTH
async def test_tls_that_is_asked_for_by_hand_is_taken_up(line, site, server):
    """And PROT, and CCC: what a person says by hand is what goes on."""
    await change(site, security="plain")
    (server.home / "a").write_bytes(b"abc")
    await line.type("open ftp.vnd.net", "ann", "wrong")  # ProFTPD takes no AUTH once it is signed in
    assert ("text", "(TLS is up: all that follows is said inside it.)") in await line.type("quote auth tls")
    await line.type("user ann", server.password)
    assert replies(await line.type("dir"))[-1] == "226"
    for letter in ("C", "P"):
        assert replies(await line.type(f"quote PROT {letter}")) == ["200"]
        assert replies(await line.type("dir"))[-1] == "226"
    shown = await line.type("quote CCC")
    assert said(shown) == [] and shown[0][0] == "error"
    assert replies(await line.type("pwd")) == ["257"]


async def test_tls_by_hand_with_a_certificate_that_nobody_vouches_for_ends_the_session(line, site, server):
    await change(site, security="plain", ca="")
    await line.type("open ftp.vnd.net", "ann", "wrong")
    shown = await line.type("quote AUTH TLS")
    assert shown[-1][0] == "error" and "certificate" in shown[-1][1]
    assert "Not connected" in (await line.type("pwd"))[0][1]


@BOTH
async def test_ascii_turns_line_ends_and_binary_does_not(line, server):
    await sign_in(line, server)
    line.local = {"poem": b"one\ntwo\r\nthree\n"}
    await line.type("ascii")
    await line.type("put poem")
    crossed = (server.home / "poem").read_bytes()
    assert crossed in (b"one\ntwo\nthree\n", b"one\r\ntwo\r\nthree\r\n")
    await line.type("get poem")
    assert line.saved["poem"] == b"one\ntwo\nthree\n"
    await line.type("binary")
    await line.type("put poem")
    assert (server.home / "poem").read_bytes() == line.local["poem"]


async def test_a_wrong_password_is_told_and_can_be_tried_again(line, server):
    shown = await line.type("open ftp.vnd.net", "ann", "wrong")
    assert "530" in replies(shown) and shown[-1][0] == "error"
    assert "230" in replies(await line.type("user ann", server.password))


async def test_the_password_is_in_no_row_log_or_line(line, server, caplog):
    caplog.set_level(logging.DEBUG)
    await sign_in(line, server)
    await line.type(f'user ann "{server.password}"')
    await line.type("quote PASS hush-hush-123")
    await line.type("quit")
    await asyncio.sleep(0.1)

    def stored() -> str:
        rows = [*Transcript.objects.values_list("subject", "reply"), *Ticket.objects.values_list("names")]
        payloads = [bytes(block.payload).decode("latin-1") for block in Block.objects.all()]
        assert any('"h":' in payload for payload in payloads), "the hidden spans"
        return repr(rows) + "".join(payloads) + caplog.text

    told = await database_sync_to_async(stored)()
    for secret in (server.password, "hush-hush-123"):
        assert secret not in told and secret not in repr(line.shown)


@pytest.mark.parametrize(
    "typed",
    [
        *("USER ann {}", "use ann {}", "quot PASS {}", "lit PASS {}", "QUOTE PASS {}", "quote\tPASS {}"),
        *("cd PASS {}", "rhelp {}", "rmdir ACCT {}"),
    ],
)
async def test_however_it_is_typed_a_password_is_in_no_transcripts_name(line, server, typed):
    await sign_in(line, server)
    await line.type(typed.format("hush-hush-123"))
    rows = await database_sync_to_async(lambda: list(Transcript.objects.values_list("subject", "reply")))()
    assert len(rows) == 2 and "hush" not in repr(rows)


@BOTH
async def test_shortened_commands_are_the_same_commands(line, server):
    (server.home / "a").write_bytes(b"xyz")
    await sign_in(line, server)
    for typed, crossed in {
        "mkd x": "MKD", "RMD x": "RMD", "siz a": "SIZE", "mod a": "MDTM", "pw": "PWD", "sys": "SYST", "rh": "HELP",
        "feat": "FEAT", "del a": "DELE",
    }.items():  # fmt: skip
        assert crossed in said(await line.type(typed)), typed
    for typed in ("nlist", "NLIST", "nli"):
        assert "NLST" in said(await line.type(typed))
    assert not list(server.home.iterdir())


@pytest.mark.parametrize("server", ["the lab's own"], indirect=True)
async def test_what_follows_a_transfer_said_by_hand_is_answered_in_its_own_turn(line, server, monkeypatch):
    monkeypatch.setattr(Passive, "timeout", 0.2)
    (server.home / "a").write_bytes(b"xyz")
    await sign_in(line, server)
    for verb in ("RETR a", "LIST", "NLST", "MLSD", "STOR b", "APPE a", "STOU"):
        await line.type("quote PASV")
        assert replies(await line.type(f"quote {verb}")) == ["150", "425"], verb
        assert replies(await line.type("pwd")) == ["257"]
    await line.type("get a")
    assert line.saved == {"a": b"xyz"}


async def test_a_server_that_never_ends_a_transfer_said_by_hand_is_left(line, server, monkeypatch):
    monkeypatch.setattr(commandline, "HAND", 0.5)
    await sign_in(line, server)
    await line.type("quote EPSV")
    shown = await line.type("quote NLST")
    assert shown[-1][0] == "error"
    assert ("error", "Not connected. Say “open” and the name of a server.") in await line.type("pwd")


async def test_half_a_sign_in_a_line_is_no_accident(line, server):
    await sign_in(line, server)
    assert replies(await line.type("cd \ud800"))[-1:] == ["550"]


@pytest.mark.parametrize(
    "host", ["example.org", "127.0.0.1", "localhost:22", "169.254.169.254", "0x7f.1", ""]
)
async def test_no_other_host_is_reached(line, host):
    shown = await line.type(f"open {host}", *([] if host else ["example.org"]))
    assert shown[-1][0] == "error" and said(shown) == []
    assert await database_sync_to_async(Conversation.objects.count)() == 0


async def test_a_server_that_goes_away_is_said_and_open_works_again(line, server):
    await sign_in(line, server)
    server.stop()
    shown = await line.type("pwd")
    assert shown[-1][0] == "error"
    server.start()
    assert "230" in replies(await sign_in(line, server))


@pytest.mark.parametrize("bad", ["cd a\rDELE b", "delete a\nQUIT", "mkdir \0"])
async def test_no_line_break_gets_into_a_command(line, server, bad):
    (server.home / "b").write_bytes(b"x")
    await sign_in(line, server)
    await line.type(bad)
    assert (server.home / "b").exists()
    assert "257" in replies(await line.type("pwd"))


async def test_whoever_is_not_signed_in_gets_no_line(tab):
    stranger = SimpleNamespace(is_authenticated=False, is_active=False, pk=None)
    scope = {"type": "websocket", "path": "/", "headers": [], "user": stranger}
    socket = ApplicationCommunicator(CommandLineConsumer.as_asgi(), scope)
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(5))["type"] == "websocket.close"


@BOTH
@pytest.mark.parametrize("letter", ["ascii", "binary"])
async def test_a_put_that_is_stopped_leaves_no_half_file_or_says_so(line, server, letter, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.1)
    await sign_in(line, server)
    await line.type(letter)
    line.local, line.pause = {"half": b"line\n" * 40_000}, 0.5
    for before in (None, b"old"):
        if before:
            (server.home / "half").write_bytes(before)
        shown = await stopped(line, "put half")
        told = " ".join(text for kind, text in shown if kind == "error")
        if before:
            assert "Stopped." in told and "“half” is not whole at the server" in told
        else:
            assert told == "Stopped." and not (server.home / "half").exists()


async def stopped(line, typed):
    """Type, and press Ctrl-C once the file is on its way."""
    before = len(line.shown)
    typing = asyncio.create_task(line.type(typed))
    async with asyncio.timeout(10):
        while not any(text[:3] in ("125", "150") for _, text in line.shown[before:]):
            await asyncio.sleep(0.05)
    await line.say({"type": "stop"})
    return await typing

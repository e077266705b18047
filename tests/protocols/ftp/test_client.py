"""Both clients against ProFTPD, and against a server that means no good."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace

import pytest

from protocols.errors import Garbled, Refused, TlsFailed, TooMuch, Unreachable
from protocols.events import DataClosed, DataOpened, DataSecured
from protocols.ftp import async_client, client, names
from protocols.login import Address, Credentials, Limits
from tests.conftest import need
from tests.proftpd import Proftpd
from tests.protocols.ftp.hostile import Hostile, sends

NAMES = ["plain", "notes.txt", "Tài liệu số 1", "two  spaces ", '100% "quoted" it\'s', "-dash", "#?&;"]
ANN = Credentials("ann", "ann's secret")
QUICK = Limits(connect=1, idle=1, total=2.5)


@pytest.fixture
def proftpd(tmp_path):
    """ProFTPD with ann's folder as the root of all she sees."""
    server = Proftpd(tmp_path / "proftpd", need("proftpd"), more="DefaultRoot ~")
    yield server
    server.stop()


def address(server, security="plain") -> Address:
    port = server.tls_port if security == "tls" else server.port
    return Address("ftp", "localhost", "127.0.0.1", port, security, getattr(server, "pem", ""))


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
@pytest.mark.parametrize("passive", [True, False])
def test_a_session_in_every_mode_and_security(proftpd, security, passive):
    told = []
    session = client.connect(address(proftpd, security), told.append, passive=passive)
    session.login(ANN)
    for name in NAMES:
        session.store(f"/{name}", name.encode() * 3)
    found = {names.decode(entry.raw_name): entry for entry in session.entries("/") if entry.usable}
    assert sorted(found) == sorted(NAMES)
    assert session.size("/plain") == 15 and session.retrieve("/plain", 100) == b"plain" * 3
    assert abs(session.modified("/plain").timestamp() - time.time()) < 3600 * 15
    session.mkd("/thư mục")
    session.rename("/plain", "/thư mục/moved")
    session.chmod("/thư mục/moved", "600")
    session.dele("/thư mục/moved")
    session.rmd("/thư mục")
    with pytest.raises(Refused) as refusal:
        session.size("/gone")
    assert refusal.value.code == "550"
    session.quit()
    opened = [event for event in told if isinstance(event, DataOpened)]
    closed = [event for event in told if isinstance(event, DataClosed)]
    assert {event.by for event in opened} == {"C" if passive else "S"}
    assert [event.number for event in closed] == list(range(1, len(opened) + 1))
    assert closed[0].size == 15 and closed[0].sample == b"plain" * 3 and closed[0].speaker == "C"
    secured = [event for event in told if isinstance(event, DataSecured)]
    assert len(secured) == (0 if security == "plain" else len(opened))
    assert all(event.resumed for event in secured)


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
@pytest.mark.parametrize("passive", [True, False])
async def test_files_stream_both_ways_unchanged(proftpd, security, passive):
    session = await async_client.connect(address(proftpd, security), lambda event: None, passive=passive)
    await session.login(ANN)
    await session.binary()
    blob = os.urandom(3_000_001)
    for name in NAMES:
        async with session.outgoing("STOR", f"/{name}") as flow:
            for at in range(0, len(blob), 262_144):
                await flow.write(blob[at : at + 262_144])
        assert await session.size(f"/{name}") == len(blob)
        assert hashlib.sha256((proftpd.home / name).read_bytes()).digest() == hashlib.sha256(blob).digest()
        heard = b""
        async with session.incoming("RETR", f"/{name}", offset=1_000) as flow:
            while chunk := await flow.read():
                heard += chunk
        assert heard == blob[1_000:]
    async with session.incoming("RETR", "/plain") as flow:
        await flow.read()
    if (
        session.broken
    ):  # ProFTPD now and then ends the whole session when a TLS data connection is cut: we know it
        assert security != "plain"
        session = await async_client.connect(address(proftpd, security), lambda event: None, passive=passive)
        await session.login(ANN)
    assert (await session.ask("NOOP")).code == 200
    assert len([entry for entry in await session.entries("/") if entry.usable]) == len(NAMES)
    await session.quit()


def data_error(told) -> list[str]:
    """How data connections ended."""
    return [event.error for event in told if isinstance(event, DataClosed)]


def test_a_data_connection_with_another_certificate_than_the_pinned_one_is_closed_at_once(proftpd):
    told = []
    session = client.connect(address(proftpd, "starttls"), told.append)
    session.login(ANN)
    session._ftp._address = replace(session._ftp._address, pin="00" * 32)
    with pytest.raises(TlsFailed) as failure:
        session.entries("/")
    assert failure.value.params["cause"] == "pin" and data_error(told) == ["tls"]
    session.close()


async def test_nor_is_one_that_streams_left_open(proftpd):
    told = []
    session = await async_client.connect(address(proftpd, "starttls"), told.append)
    await session.login(ANN)
    session.address = replace(session.address, pin="00" * 32)
    with pytest.raises(TlsFailed) as failure:
        await session.entries("/")
    assert failure.value.params["cause"] == "pin" and data_error(told) == ["tls"]
    await session.close()


def test_names_that_are_no_utf8_come_back_as_they_were(proftpd):
    odd = b"caf\xe9 \xef\x9e\x80"
    (proftpd.home / os.fsdecode(odd)).write_bytes(b"x")
    session = client.connect(address(proftpd), lambda event: None)
    session.login(ANN)
    [entry] = [entry for entry in session.entries("/") if entry.usable]
    name = names.decode(entry.raw_name)
    assert name.encode() and names.encode(name) == odd
    assert session.retrieve(f"/{name}", 10) == b"x"
    session.close()


@pytest.mark.parametrize("bad", ["a\rDELE b", "a\nDELE b", "a\0b"])
async def test_no_line_break_gets_into_a_command(bad):
    server = Hostile(RNFR="350 go on", DELE="250 gone")
    session = client.connect(address(server), lambda event: None)
    for verb in (
        session.mkd,
        session.dele,
        session.cwd,
        session.size,
        lambda name: session.rename("x", name),
    ):
        with pytest.raises(Garbled):
            verb(bad)
    session.close()
    other = await async_client.connect(address(server), lambda event: None)
    with pytest.raises(Garbled):
        await other.ask("DELE", bad)
    await other.close()
    assert not any("DELE" in line for line in server.heard)
    server.close()


def test_a_227_that_names_another_host_is_not_followed():
    server = Hostile(sends(b"-rw-r--r-- 1 a a 5 Jan 1 2020 x\r\n"), PASV="227 ok (192,0,2,1,{high},{low})")
    session = client.connect(address(server), lambda event: None, Limits(connect=3, idle=3))
    session.login(ANN)
    assert [entry.name for entry in session.entries("/")] == ["x"]
    session.close()
    server.close()


@pytest.mark.parametrize(
    ("replies", "data", "error"),
    [
        ({"PASV": "227 (127,0,0,1,0,1)"}, sends(b""), Unreachable),
        ({"PASV": "227 nowhere"}, sends(b""), Garbled),
        ({"EPSV": "229 (|||0|)"}, sends(b""), Garbled),
        ({"PASV": "227 (127,0,0,1,{high},{low})"}, lambda sock: time.sleep(4), TooMuch),
        ({"PASV": "227 (127,0,0,1,{high},{low})", "LIST": "426 broke"}, sends(b"-rw"), Refused),
        ({"PASV": "227 (127,0,0,1,{high},{low})"}, sends(*[b"x"] * 100, pause=0.1), TooMuch),
    ],
    ids=["no-listener", "no-port", "port-0", "silent", "ends-early", "drips"],
)
async def test_data_connections_that_never_open_drip_or_end_early(replies, data, error):
    server = Hostile(data, **replies)
    session = client.connect(address(server), lambda event: None, QUICK)
    session.login(ANN)
    with pytest.raises(error):
        session.entries("/")
    session.close()
    other = await async_client.connect(address(server), lambda event: None, QUICK)
    await other.login(ANN)
    with pytest.raises(error):
        await other.entries("/")
    await other.close()
    server.close()


def test_a_server_that_does_not_connect_in_active_mode_is_waited_for_in_vain():
    server = Hostile(EPRT="200 ok", LIST="150 coming")
    session = client.connect(address(server), lambda event: None, QUICK, passive=False)
    session.login(ANN)
    with pytest.raises(Unreachable) as waited:
        session.entries("/")
    assert waited.value.params["cause"] == "data-waited"
    session.close()
    server.close()


@pytest.mark.parametrize("hello", ["SSH-2.0-x", "x" * 20_000, "421 full", "220-" + "x\r\n" * 5])
async def test_what_is_no_greeting_is_no_session(hello):
    server = Hostile(hello=hello)
    for _ in range(1):
        with pytest.raises((Garbled, TooMuch, Refused)):
            client.connect(address(server), lambda event: None, QUICK)
        with pytest.raises((Garbled, TooMuch, Refused)):
            await async_client.connect(address(server), lambda event: None, QUICK)
    server.close()


async def test_tls_that_is_not_offered_is_not_done_without():
    server = Hostile()
    with pytest.raises(TlsFailed):
        client.connect(address(server, "starttls"), lambda event: None, QUICK)
    with pytest.raises(TlsFailed):
        await async_client.connect(address(server, "starttls"), lambda event: None, QUICK)
    assert not any(line.startswith(("USER", "PASS")) for line in server.heard)
    server.close()


def test_names_are_cleaned_and_judged():
    assert names.clean("/a/../../b//./c") == "/b/c" and names.join("/", "x") == "/x"
    assert not any(map(names.plain, ("", ".", "..", "a/b", "a\r", "\0")))
    assert names.plain("two  spaces ") and names.plain("Bài")

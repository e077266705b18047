"""The asyncio stream: TLS verified, every wait bounded; and each cause of an error has its sentence."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from protocols import catalog, stream, tap
from protocols.errors import TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Closed, Crossed, Event, Opened, Secured, nowhere
from protocols.login import Address, Limits

SHORT = Limits(connect=2, idle=0.3, total=1, line=1000, reply=100_000, literal=200_000)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def certificate(folder: Path, name: str = "localhost", days: int = 2) -> tuple[ssl.SSLContext, str, str]:
    """A self-signed certificate that is its own CA: server context, PEM, SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(7).not_valid_before(end - datetime.timedelta(days=9)).not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(pem + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context, pem.decode(), hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK hi\r\n")
    writer.write(b"* got " + await reader.readline())
    await writer.drain()
    writer.close()


async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]


def at(port: int, security: str = "plain", ca: str = "", pin: str = "") -> Address:
    return Address("imap", "localhost", "127.0.0.1", port, security, ca, pin)


async def test_lines_cross_and_every_byte_is_told():
    server, port = await serving(hello)
    events: list[Event] = []
    async with server, await stream.connect(at(port), events.append) as session:
        assert await session.readline() == b"* OK hi\r\n"
        await session.write(b"a NOOP\r\n")
        assert await session.readline() == b"* got a NOOP\r\n"
        with pytest.raises(Unreachable):
            await session.readline()
    assert [type(event) for event in (events[0], events[-1])] == [Opened, Closed]
    assert [event.raw for event in events if isinstance(event, Crossed) and event.speaker == "C"] == [
        b"a NOOP\r\n"
    ]


@pytest.mark.parametrize("trust", ["ca", "pin", "both"])
async def test_tls_stands_by_the_ca_or_by_the_pin(tmp_path: Path, trust: str):
    context, ca, pin = certificate(tmp_path)
    server, port = await serving(hello, context)
    events: list[Event] = []
    address = at(port, "tls", "" if trust == "pin" else ca, "" if trust == "ca" else pin)
    async with server, await stream.connect(address, events.append) as session:
        assert await session.readline() == b"* OK hi\r\n"
    assert any(isinstance(event, Secured) and event.version.startswith("TLS") for event in events)


@pytest.mark.parametrize(
    ("made", "trusted", "cause"),
    [
        ({"days": -1}, True, "expired"), ({"name": "other.test"}, True, "hostname"), ({}, False, "self-signed"),
        ({}, "pin", "pin"), ({}, "both", "pin"),
    ],
)  # fmt: skip
async def test_a_certificate_that_is_not_right_ends_the_connection_with_its_cause(
    tmp_path, made, trusted, cause
):
    context, ca, _ = certificate(tmp_path, **made)
    server, port = await serving(hello, context)
    pin = "00" * 32 if trusted in ("pin", "both") else ""
    address = at(port, "tls", ca if trusted in (True, "both") else "", pin)
    async with server:
        with pytest.raises(TlsFailed) as caught:
            await stream.connect(address, nowhere)
        assert caught.value.params["cause"] == cause
        with pytest.raises(TlsFailed) as caught:
            await asyncio.to_thread(tap.connect, address, nowhere)
        assert caught.value.params["cause"] == cause


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"* x\r\n" * 1000)
        await writer.drain()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("serve", "cause"), [(hang, "idle"), (drip, "total-time"), (flood, "reply-bytes")])
async def test_a_server_that_behaves_badly_is_left_in_time(serve: Serve, cause: str):
    server, port = await serving(serve)
    began = time.monotonic()
    session = await stream.connect(at(port), nowhere, SHORT)
    with pytest.raises(TooMuch) as caught:
        while True:
            await session.readline()
    await session.close()
    server.close()
    assert caught.value.params["cause"] == cause
    assert time.monotonic() - began < 3


async def test_what_was_said_before_tls_is_never_taken_for_something_said_inside_it(tmp_path: Path):
    """RFC 3207 section 4.2: whoever stands in between can write into the plain part, after the server's 220."""
    context, ca, _ = certificate(tmp_path)

    async def injected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 go on\r\n" + b"250 injected\r\n" * 5_000)
        await writer.start_tls(context, ssl_handshake_timeout=5)
        writer.write(b"250 inside\r\n")
        await reader.read()
        writer.close()

    server, port = await serving(injected)
    events: list[Event] = []
    async with server, await stream.connect(at(port, ca=ca), events.append) as session:
        assert await session.readline() == b"220 go on\r\n"
        while not session._reader.ahead:  # more than one read's worth: asyncio took it though nobody asked
            await asyncio.sleep(0)
        await session.start_tls()
        assert await session.readline() == b"250 inside\r\n"
    plain = events[: next(at for at, event in enumerate(events) if isinstance(event, Secured))]
    crossed = b"".join(event.raw for event in plain if isinstance(event, Crossed))
    assert crossed.count(b"injected") == 5_000  # dropped, and in the transcript all the same, before TLS


async def test_a_literal_of_4_gib_is_never_begun():
    server, port = await serving(hang)
    async with server, await stream.connect(at(port), nowhere) as session:
        with pytest.raises(TooMuch):
            await session.readexactly(4 << 30)


async def test_a_refused_port_is_told_as_such():
    server, port = await serving(hang)
    server.close()
    await server.wait_closed()
    for opening in (stream.connect(at(port), nowhere), asyncio.to_thread(tap.connect, at(port), nowhere)):
        with pytest.raises(Unreachable) as caught:
            await opening
        assert caught.value.key == "error.unreachable.refused"
        assert str(port) in catalog.phrase(caught.value.key, caught.value.params, "vi")


async def test_closing_ends_a_wait():
    server, port = await serving(hang)
    async with server:
        session = await stream.connect(at(port), nowhere)
        waiting = asyncio.create_task(session.readline())
        await asyncio.sleep(0)
        await session.close()
        with pytest.raises(Unreachable):
            await asyncio.wait_for(waiting, 2)


def test_every_sentence_of_the_ground_is_told_in_both_languages():
    for name in ("wire", "smtp", "pop3", "imap"):
        for key, texts in catalog.phrases(name).items():
            assert set(texts) == {"en", "vi"}, key
            assert catalog.phrase(key, {}, "vi") != catalog.phrase(key, {}, "en")


def test_a_cause_without_a_sentence_falls_back_to_its_kind():
    error = WireError("x", cause="never heard of")
    assert catalog.phrase(error.key, error.params) == catalog.phrase("error.wire", {})


@pytest.mark.parametrize("name", ["smtp", "pop3", "imap"])
def test_every_meaning_of_the_tables_is_told_in_both_languages(name: str):
    for key, texts in catalog.meanings(name).items():
        assert texts["en"] and texts["vi"] and texts["en"] != texts["vi"], key


async def test_a_wait_that_was_given_up_does_not_cut_the_connection_later():
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"* at last\r\n")
        await reader.read()
        writer.close()

    server, port = await serving(late)
    async with server, await stream.connect(at(port), nowhere, SHORT) as session:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.readline(), 0.05)
        await asyncio.sleep(SHORT.idle + 0.1)  # the time of the wait that was given up passes
        await session.write(b"now\r\n")
        assert await session.readline() == b"* at last\r\n"

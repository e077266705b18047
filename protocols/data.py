"""FTP's data connections for threads: counted and sampled, never kept (``flow`` is the same for asyncio).

They go to the control connection's address and to no other: a 227 that names another host would let a server
aim us at a third machine (RFC 2577, section 3), and in active mode only the server itself is let in.
"""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from typing import Any, cast

from protocols import tap
from protocols.errors import TlsFailed, TooMuch, Unreachable
from protocols.events import DataClosed, DataOpened, DataSecured, Sink
from protocols.line import Speaker
from protocols.login import Address, Limits

SAMPLE = 4096
"""Bytes of a data connection that a transcript keeps."""

UNWRAP = 2.0
"""Seconds that the other side is given for TLS's own goodbye."""


class DataMeter(tap.Meter):
    """Holds one data connection to its bounds; its bytes are counted, the first SAMPLE of them kept."""

    def __init__(self, sink: Sink, limits: Limits, number: int) -> None:
        super().__init__(sink, limits)
        self.number, self.size = number, 0
        self.speaker: Speaker = "S"
        self._most = 0
        self._sample = bytearray()

    def bound(self, most: int) -> None:
        """Let at most ``most`` bytes come (a listing, a preview); TooMuch beyond."""
        self._most = most

    def opened(self, by: Speaker, local: Any, remote: Any) -> None:
        """The connection is up; ``local`` and ``remote`` are socket addresses."""
        ends = (f"{end[0]}:{end[1]}" for end in (local, remote))
        self._sink(DataOpened(time.time(), self.number, by, *ends))

    def sent(self, raw: bytes) -> None:
        self.count("C", raw)

    def received(self, raw: bytes) -> None:
        if raw:
            self.count("S", raw)
            if self._most and self.size > self._most:
                raise TooMuch("the data is too long", cause="reply-bytes", bytes=self._most)
        else:
            self.closed("S")

    def count(self, speaker: Speaker, raw: Any) -> None:
        """``raw`` crossed."""
        self.speaker = speaker
        if self.size < SAMPLE:
            self._sample += raw[: SAMPLE - self.size]
        self.size += len(raw)

    def secured(self, sock: Any) -> None:
        name, version, _ = sock.cipher() or ("", "", 0)
        self._sink(
            DataSecured(time.time(), self.number, sock.version() or version, name, bool(sock.session_reused))
        )

    def closed(self, by: Speaker, error: str = "") -> None:
        if not self._ended:
            self._ended = True
            sample = bytes(self._sample)
            self._sink(DataClosed(time.time(), self.number, by, self.size, self.speaker, sample, error))


def connect(control: socket.socket, port: int, meter: DataMeter, timeout: float) -> tap.TapSocket:
    """Passive mode: connect to ``port`` at the other end of ``control``; Unreachable(cause="data") where it fails."""
    peer = control.getpeername()
    sock = tap.TapSocket(control.family, socket.SOCK_STREAM)
    sock.meter = meter
    sock.settimeout(timeout)
    try:
        socket.socket.connect(sock, (peer[0], port))
    except OSError as error:
        socket.socket.close(sock)
        raise Unreachable("no data connection", cause="data", host=peer[0], port=port) from error
    meter.opened("C", sock.getsockname(), sock.getpeername())
    return sock


class Door:
    """Active mode: a port of ours that the server, and nobody else, connects to. A context manager."""

    def __init__(self, control: socket.socket) -> None:
        self._peer = control.getpeername()[0]
        self.host = str(control.getsockname()[0])
        self._listening = socket.create_server((self.host, 0), family=control.family, backlog=1)
        self.port = int(self._listening.getsockname()[1])

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *error: object) -> None:
        self._listening.close()

    def accept(self, meter: DataMeter, timeout: float) -> tap.TapSocket:
        """Wait for the server's connection; Unreachable(cause="data-waited") where none comes in time."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self._listening.settimeout(left)
            try:
                raw, where = self._listening.accept()
            except TimeoutError:
                break
            if where[0] != self._peer:
                raw.close()
                continue
            sock = tap.TapSocket(raw.family, socket.SOCK_STREAM, fileno=raw.detach())
            sock.meter = meter
            meter.opened("S", sock.getsockname(), sock.getpeername())
            return sock
        raise Unreachable("the server did not connect", cause="data-waited")


def start_tls(sock: tap.TapSocket, control: tap.TapTlsSocket, address: Address) -> tap.TapTlsSocket:
    """Turn a data connection into TLS under the control connection's context and session (RFC 4217, 10.2)."""
    meter = sock.meter
    sock.settimeout(meter.wait())
    try:
        wrapped = control.context.wrap_socket(sock, server_hostname=address.host, session=control.session)
    except (ssl.SSLError, OSError) as error:
        meter.closed("-", "tls")
        sock.close()
        raise tap.tls_failed(error, address) from error
    tls = cast(tap.TapTlsSocket, wrapped)
    try:
        tap.check_pin(tls.getpeercert(binary_form=True), address)
    except TlsFailed:
        meter.closed("-", "tls")
        tls.close()
        raise
    tls.meter = meter
    meter.secured(tls)
    return tls


def goodbye(sock: tap.TapSocket | tap.TapTlsSocket) -> None:
    """Close a data connection in order: what it had to say was said whole."""
    if isinstance(sock, tap.TapTlsSocket) and sock.meter is not None:
        sock.meter.closed("C")
        sock.meter = None
        # A server that is done with the file may be gone already: its 226 says whether all is well.
        with suppress(OSError, ValueError):
            sock.settimeout(UNWRAP)
            sock.unwrap()
    sock.close()

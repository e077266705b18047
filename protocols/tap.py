"""Sockets that report every byte: the one place (with ``stream``) where a connection is opened.

A TapSocket is a ``socket.socket`` and a TapTlsSocket an ``ssl.SSLSocket``, so smtplib, poplib and imaplib use
them unchanged. They also hold a session to its Limits: the standard clients' timeouts bound each read, not
the whole, and an endless reply would never end.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from protocols.errors import TlsFailed, TooMuch, Unreachable, WireError
from protocols.events import Closed, Crossed, Opened, Secured, Sink
from protocols.line import Speaker
from protocols.login import Address, Limits


def resolve(host: str) -> str:
    """Return the IP address of ``host``, IPv4 first; Unreachable if the name is unknown.

    Asked once, when an admin saves a server: whoever answers otherwise later is not listened to.
    """
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"unknown host {host}", cause="unknown-host", host=host) from error
    return str(min(found, key=lambda row: row[0] != socket.AF_INET)[4][0])


class Meter:
    """Holds one session to its bounds and tells its sink what crossed; both of its sockets share it."""

    def __init__(self, sink: Sink, limits: Limits) -> None:
        self._sink, self._limits = sink, limits
        self._ends = time.monotonic() + limits.total
        self._reply = 0
        self._ended = False
        self._cancelled = False

    def cancel(self) -> None:
        """Let every wait from here on end with Unreachable(cause="cancelled")."""
        self._cancelled = True
        self.closed("C")

    def renew(self) -> None:
        """Begin a new action on a connection that is kept: the total time runs from now."""
        self._ends = time.monotonic() + self._limits.total

    def reply_limit(self, size: int) -> None:
        """Let the next answer be up to ``size`` bytes (a body that was asked for), until the client speaks."""
        self._reply = self._limits.reply - size

    def wait(self) -> float:
        """Return the seconds that one call may block; TooMuch where the session's time is over."""
        if self._cancelled:
            raise Unreachable("cancelled", cause="cancelled")
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TooMuch("the session took too long", cause="total-time", seconds=int(self._limits.total))
        return min(left, self._limits.idle)

    def sent(self, raw: bytes) -> None:
        self._reply = 0
        self.crossed("C", raw)

    def received(self, raw: bytes) -> None:
        if not raw:
            if self._cancelled:
                raise Unreachable("cancelled", cause="cancelled")
            self.closed("S")
            return
        self._reply += len(raw)
        self.crossed("S", raw)
        if self._reply > self._limits.reply:
            raise TooMuch("the answer is too long", cause="reply-bytes", bytes=self._limits.reply)

    def crossed(self, speaker: Speaker, raw: bytes) -> None:
        self._sink(Crossed(time.time(), speaker, raw))

    def secured(self, sock: ssl.SSLSocket | ssl.SSLObject) -> None:
        """Tell that TLS is up; the certificate's names stand there only where a chain was verified."""
        name, version, _ = sock.cipher() or ("", "", 0)
        peer = sock.getpeercert() or {}
        self._sink(
            Secured(
                time.time(), sock.version() or version, name, _name(peer, "subject"), _name(peer, "issuer")
            )
        )

    def closed(self, by: Speaker, error: str = "") -> None:
        """Tell, once, that the connection ended."""
        if not self._ended:
            self._ended = True
            self._sink(Closed(time.time(), by, error))

    @contextmanager
    def watching(self, sock: socket.socket) -> Iterator[None]:
        """Bound one blocking call on ``sock`` and turn its failures into WireErrors."""
        sock.settimeout(self.wait())
        try:
            yield
        except TimeoutError as error:
            self.closed("-", "timeout")
            self.wait()
            raise TooMuch("the server is silent", cause="idle", seconds=int(self._limits.idle)) from error
        except WireError as error:
            self.closed("-", str(error.params.get("cause", "")))
            raise
        except OSError as error:
            if self._cancelled:
                raise Unreachable("cancelled", cause="cancelled") from error
            self.closed("-", "lost")
            raise Unreachable("the connection was lost", cause="lost") from error


class TapSocket(socket.socket):
    """A plain TCP socket whose every byte is reported."""

    meter: Meter

    def send(self, data: Any, flags: int = 0) -> int:
        with self.meter.watching(self):
            count = super().send(data, flags)
        self.meter.sent(bytes(memoryview(data)[:count]))
        return count

    def sendall(self, data: Any, flags: int = 0) -> None:
        view = memoryview(data)
        while view:
            view = view[self.send(view[:65536], flags) :]

    def recv(self, size: int, flags: int = 0) -> bytes:
        with self.meter.watching(self):
            raw = super().recv(size, flags)
            self.meter.received(raw)
        return raw

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        with self.meter.watching(self):
            count = super().recv_into(buffer, nbytes, flags)
            self.meter.received(bytes(memoryview(buffer)[:count]))
        return count

    def close(self) -> None:
        if self.fileno() >= 0:
            self.meter.closed("C")
        super().close()


class TapTlsSocket(ssl.SSLSocket):
    """A TLS socket whose every plain byte is reported. Only ``read`` and ``send`` see each byte once."""

    meter: Meter | None = None

    def read(self, size: int = 1024, buffer: Any = None) -> Any:
        meter = self.meter
        if meter is None:
            return super().read(size, buffer)
        with meter.watching(self):
            got = super().read(size, buffer)
            meter.received(bytes(memoryview(buffer)[: int(got)]) if buffer is not None else bytes(got))
        return got

    def send(self, data: Any, flags: int = 0) -> int:
        meter = self.meter
        if meter is None:
            return super().send(data, flags)
        with meter.watching(self):
            count = super().send(data, flags)
        meter.sent(bytes(memoryview(data)[:count]))
        return count

    def close(self) -> None:
        if self.meter is not None and self.fileno() >= 0:
            self.meter.closed("C")
        super().close()


def connect(address: Address, sink: Sink, limits: Limits | None = None) -> TapSocket | TapTlsSocket:
    """Open TCP to ``address`` (and TLS, where its security is ``tls``), every byte reported to ``sink``.

    Unreachable: refused, no route, no answer in time. TlsFailed: the certificate or the handshake.
    """
    limits = limits or Limits()
    sock = TapSocket(socket.AF_INET6 if ":" in address.ip else socket.AF_INET, socket.SOCK_STREAM)
    sock.meter = Meter(sink, limits)
    sock.settimeout(limits.connect)
    try:
        socket.socket.connect(sock, (address.ip, address.port))
    except OSError as error:
        socket.socket.close(sock)
        raise unreachable(error, address) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    local, remote = sock.getsockname(), sock.getpeername()
    sink(Opened(time.time(), address.host, f"{local[0]}:{local[1]}", f"{remote[0]}:{remote[1]}"))
    return start_tls(sock, address) if address.security == "tls" else sock


def start_tls(sock: socket.socket, address: Address) -> TapTlsSocket:
    """Turn ``sock`` (a TapSocket) into TLS, the certificate verified by pin, by the row's CA or by the system.

    TlsFailed with ``cause``: expired, hostname, unknown-ca, pin, handshake. The plain socket is closed then.
    """
    if not isinstance(sock, TapSocket):
        raise TypeError("only a tapped socket is turned into TLS")
    meter = sock.meter
    context = tls_context(address)
    sock.settimeout(meter.wait())
    try:
        tls = cast(TapTlsSocket, context.wrap_socket(sock, server_hostname=address.host))
    except (ssl.SSLError, OSError) as error:
        meter.closed("-", "tls")
        sock.close()
        raise tls_failed(error, address) from error
    try:
        check_pin(tls.getpeercert(binary_form=True), address)
    except TlsFailed:
        meter.closed("-", "tls")
        tls.close()
        raise
    tls.meter = meter
    meter.secured(tls)
    return tls


def check_pin(certificate: bytes | None, address: Address) -> None:
    """Compare a certificate (DER) with the address's pin; TlsFailed(cause="pin") where it is another."""
    found = hashlib.sha256(certificate or b"").hexdigest()
    if address.pin and found != address.pin.replace(":", "").lower():
        raise TlsFailed("the certificate is not the pinned one", cause="pin", host=address.host, found=found)


def cut(sock: socket.socket) -> None:
    """End the connection of ``sock`` (a tapped one) at once, from any thread; whoever waits on it is woken."""
    if isinstance(sock, TapSocket | TapTlsSocket) and sock.meter is not None and sock.fileno() >= 0:
        sock.meter.cancel()
        # SSLSocket.shutdown would drop its TLS state under a reader's feet; the plain one only wakes it.
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
    sock.close()


def tls_context(address: Address, *, asynchronous: bool = False) -> ssl.SSLContext:
    """A context that verifies by the address's CA or the system's store; with a pin alone, ``check_pin`` does."""
    context = ssl.create_default_context(cadata=address.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not asynchronous:
        context.sslsocket_class = TapTlsSocket
    if address.pin and not address.ca:
        # The pin names the one certificate there may be; it is compared before a byte of the session is said.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


_CAUSES = {9: "not-yet-valid", 10: "expired", 18: "self-signed", 62: "hostname", 64: "hostname"}
"""OpenSSL's X509_V_ERR numbers, by what a person is told; the rest is a chain that ends nowhere we know."""


def unreachable(error: OSError, address: Address) -> Unreachable:
    """Put a failed connect into words."""
    cause = "refused" if isinstance(error, ConnectionRefusedError) else "no-answer"
    cause = "no-answer" if isinstance(error, TimeoutError) else cause
    return Unreachable(
        f"{address.host}:{address.port} {cause}", cause=cause, host=address.host, port=address.port
    )


def tls_failed(error: Exception, address: Address) -> TlsFailed:
    """Put a failed handshake into one of the causes that are told to persons."""
    cause = "handshake"
    if isinstance(error, TimeoutError):
        cause = "silent"
    if isinstance(error, ssl.SSLCertVerificationError):
        cause = _CAUSES.get(error.verify_code, "unknown-ca")
    return TlsFailed(f"TLS with {address.host}: {cause}", cause=cause, host=address.host)


def _name(peer: Any, field: str) -> str:
    pairs = {key: value for part in peer.get(field, ()) for key, value in part}
    return str(pairs.get("commonName", ""))

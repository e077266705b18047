"""Debian's ngIRCd on free loopback ports, plain and with TLS, with a configuration of its own."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from pathlib import Path

from servers.tls import Authority

CONFIG = """
[Global]
Name = {name}
AdminInfo1 = the tests of netlab
AdminEMail = nobody@lab.test
Listen = 127.0.0.1
Ports = {port}
Network = ngircd
MotdPhrase = hello from ngircd
{password}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 120
PongTimeout = 20
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = {folder}/server.pem
KeyFile = {folder}/server.pem
DHFile = {folder}/dh.pem
Ports = {tls_port}
[Operator]
Name = oper
Password = oper-pass-1
[Channel]
Name = #lobby
Topic = a channel that is always there
{link}
"""
LINK = """[Server]
Name = {name}
Host = 127.0.0.1
Port = {port}
MyPassword = link-pass-1
PeerPassword = link-pass-1
Passive = {passive}
"""

FFDHE2048 = """-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""
"""RFC 7919's group: without one ngIRCd looks for its own at every start, which takes seconds or minutes."""


class Ngircd:
    """One server. ``port`` and ``tls_port`` stay the same over ``stop`` and ``start``; ``pem`` is its CA.

    ``peer`` is the name of a server that it lets in, or a server that it connects to: two make one network.
    """

    def __init__(
        self,
        folder: Path,
        program: str,
        password: str = "",
        name: str = "irc.ngircd.test",
        peer: Ngircd | str = "",
    ) -> None:
        self._program, self.name = program, name
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.tls_port = _free(2)
        authority = Authority(folder / "ca", ["localhost", "127.0.0.1"])
        self.pem = authority.pem
        (folder / "server.pem").write_bytes((folder / "ca" / "server.pem").read_bytes())
        (folder / "dh.pem").write_text(FFDHE2048)
        words = {"port": self.port, "tls_port": self.tls_port, "folder": folder, "name": name, "link": ""}
        if isinstance(peer, Ngircd):
            words["link"] = LINK.format(name=peer.name, port=peer.port, passive="no")
        elif peer:
            words["link"] = LINK.format(name=peer, port=6667, passive="yes")
        told = CONFIG.format(password=f"Password = {password}" if password else "", **words)
        (folder / "ngircd.conf").write_text(told)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def context(self) -> ssl.SSLContext:
        """A client's context that trusts this server's CA and nothing else."""
        return ssl.create_default_context(cadata=self.pem)

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        log = (self.folder / "log").open("ab")
        command = [self._program, "-n", "-f", str(self.folder / "ngircd.conf")]
        self._process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        for port in (self.port, self.tls_port):
            self._wait(port)

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise AssertionError("ngircd did not start:\n" + (self.folder / "log").read_text()[-2000:])


def _free(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports

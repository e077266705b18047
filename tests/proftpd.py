"""Debian's ProFTPD on free loopback ports, plain, AUTH TLS and implicit TLS, with people of its own."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

from servers.tls import Authority

CONFIG = """
ServerName "ProFTPD of the tests"
ServerType standalone
DefaultAddress 127.0.0.1
Port {port}
UseIPv6 off
UseReverseDNS off
{user}
LoadModule mod_tls.c
DelayEngine off
WtmpLog off
TransferLog none
SystemLog {folder}/log
PidFile {folder}/pid
ScoreboardFile {folder}/scoreboard
MaxInstances 60
<IfModule mod_ctrls.c>
  ControlsEngine off
</IfModule>
<Global>
  AuthOrder mod_auth_file.c
  AuthUserFile {folder}/passwd
  AuthGroupFile {folder}/group
  RequireValidShell off
  AuthPAM off
  AllowOverwrite on
  AllowStoreRestart on
  AllowRetrieveRestart on
  UseSendfile off
  PassivePorts 30000 34999
  {root}
  {more}
  TLSEngine on
  TLSProtocol TLSv1.2 TLSv1.3
  TLSECCertificateFile {folder}/server.pem
  TLSECCertificateKeyFile {folder}/server.pem
  TLSVerifyClient off
  TLSRequired off
  {reuse}
</Global>
<VirtualHost 127.0.0.1>
  Port {tls_port}
  TLSOptions UseImplicitSSL {no_reuse}
</VirtualHost>
"""


class Proftpd:
    """One server with ``ann`` (password ``ann's secret``) in the folder ``home``.

    ``port`` and ``tls_port`` (TLS from the first byte) stay the same over ``stop`` and ``start``; ``pem`` is its CA.
    Data connections must take up the control connection's TLS session, as is ProFTPD's default; ``reuse`` False
    lets others in as well. ``more`` are further lines of its configuration.
    """

    user, password = "ann", "ann's secret"

    def __init__(self, folder: Path, program: str, *, reuse: bool = True, more: str = "") -> None:
        self._program, self.folder, self.home = program, folder, folder / "home"
        self.home.mkdir(parents=True, exist_ok=True)
        self.port, self.tls_port = _free(2)
        authority = Authority(folder / "ca", ["localhost", "127.0.0.1"])
        self.pem = authority.pem
        (folder / "server.pem").write_bytes((folder / "ca" / "server.pem").read_bytes())
        words = {
            "port": self.port,
            "tls_port": self.tls_port,
            "folder": folder,
            # As root it would become nobody, who may not enter a test's folder.
            "user": "User root\nGroup root" if os.getuid() == 0 else "",
            "root": "RootLogin on" if os.getuid() == 0 else "",
            "more": more,
            "reuse": "" if reuse else "TLSOptions NoSessionReuseRequired",
            "no_reuse": "" if reuse else "NoSessionReuseRequired",
        }
        self._write("proftpd.conf", CONFIG.format(**words))
        self._write(
            "passwd", f"ann:{_crypt(self.password)}:{os.getuid()}:{os.getgid()}::{self.home}:/bin/false\n"
        )
        self._write("group", f"class:x:{os.getgid()}:ann\n")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def context(self) -> ssl.SSLContext:
        """A client's context that trusts this server's CA and nothing else."""
        return ssl.create_default_context(cadata=self.pem)

    @property
    def runs(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._process is not None

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command = [self._program, "--nodaemon", "--quiet", "--config", str(self.folder / "proftpd.conf")]
        with (self.folder / "out").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        for port in (self.port, self.tls_port):
            self._wait(port)

    def stop(self) -> None:
        """End it and its sessions at once, as a crash would."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)  # a process each for the sessions, in its group
            self._process.wait(10)
            self._process = None

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        told = [(self.folder / name) for name in ("out", "log")]
        raise AssertionError(
            "proftpd did not start:\n" + "".join(t.read_text()[-2000:] for t in told if t.exists())
        )


def _crypt(password: str) -> str:
    done = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True
    )
    return done.stdout.strip()


def _free(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports

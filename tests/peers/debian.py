"""Dovecot and Postfix together in the lab servers' place: what ``EmbeddedLab`` offers, by Debian's servers."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from dataclasses import replace
from pathlib import Path

from accounts.models import User
from accounts.provision import provision
from servers import rows
from servers.tls import Authority
from tests.peers.dovecot import Dovecot
from tests.peers.postfix import Postfix
from tests.servers.embedded import DOMAIN

PASSWORDS = {name: f"lab {name} secret" for name in ("ann", "ben", "tom", "root")}
"""Who can have a mailbox: both servers learn it when they start."""


class DebianLab:
    """Both servers while they run, for a whole run of tests; ``begin`` gives a test its own people."""

    def __init__(self) -> None:
        # Not below pytest's folder: Postfix's processes walk here, and that one is closed to them.
        self.root = Path(tempfile.mkdtemp(prefix="netlab-peers-"))
        self.root.chmod(0o755)
        self.passwords = PASSWORDS
        self._authority = Authority(self.root / "ca", ["localhost", "127.0.0.1"])
        certificate = self.root / "ca" / "server.pem"
        try:
            for name in ("dovecot", "postfix"):
                (self.root / name).mkdir()
            self._dovecot = Dovecot(self.root / "dovecot", certificate, PASSWORDS)
            self._postfix = Postfix(self.root / "postfix", self._dovecot, certificate, DOMAIN, PASSWORDS)
        except BaseException:
            self.stop()
            raise
        mail, post = self._dovecot.ports, self._postfix.ports
        self.ports = replace(mail, smtp=post.smtp, smtps=post.smtps)

    def begin(self) -> None:
        """A new test: the mailboxes are empty, and the servers stand in the lab's rows."""
        self.settle()
        self._dovecot.empty()
        rows.enter("127.0.0.1", self.ports, self.pem)

    def person(self, name: str, role: str = User.Role.STUDENT) -> User:
        """Make somebody with an empty mailbox; ``name`` is one of PASSWORDS."""
        person = User.objects.create_user(name, password="site", role=role)
        provision(person, PASSWORDS[name])
        return person

    @property
    def pem(self) -> str:
        return self._authority.pem

    @property
    def context(self) -> ssl.SSLContext:
        """A client's context that trusts these servers' CA and nothing else."""
        return ssl.create_default_context(cadata=self.pem)

    def settle(self) -> None:
        """Wait until the letters that were accepted are in their mailboxes."""
        self._postfix.settle()

    def inbox(self, name: str) -> list[bytes]:
        """The letters in somebody's INBOX, lines ended by CR LF."""
        self.settle()
        return [raw.replace(b"\n", b"\r\n") for raw in self._dovecot.inbox(name)]

    def stop(self) -> None:
        """End both and remove what they wrote."""
        for server in ("_postfix", "_dovecot"):
            if hasattr(self, server):
                getattr(self, server).stop()
        shutil.rmtree(self.root, ignore_errors=True)

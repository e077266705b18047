"""Debian's Postfix on free loopback ports, from a configuration of its own; it delivers to Dovecot by LMTP."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from collections.abc import Iterable
from pathlib import Path

from servers.lab import Ports
from tests.needs import left_out, need
from tests.peers.dovecot import Dovecot
from tests.peers.ground import ended, free_ports, listening
from tests.servers.embedded import wait_until

DAEMONS = "/usr/lib/postfix/sbin"
MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
daemon_directory = {daemons}
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.{domain}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
default_transport = error:5.7.1 this server sends nothing elsewhere
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{root}/people
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_sasl_security_options = noanonymous
smtpd_sender_login_maps = texthash:{root}/people
smtpd_sender_restrictions = reject_authenticated_sender_login_mismatch
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unlisted_recipient
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {certificate}
smtpd_tls_loglevel = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 100
message_size_limit = 60000000
virtual_mailbox_limit = 0
smtputf8_enable = yes
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A running Postfix below ``root``, which everybody must be able to walk through. Only root can start it."""

    def __init__(
        self, root: Path, dovecot: Dovecot, certificate: Path, domain: str, people: Iterable[str]
    ) -> None:
        postfix = need("postfix")
        if os.geteuid() != 0:
            left_out("Postfix is started by root alone")
        self.root = root
        smtp, smtps = free_ports(2)
        self.ports = Ports(smtp=smtp, smtps=smtps)
        for name in ("etc", "queue", "data"):
            (root / name).mkdir()
        os.chown(root / "data", pwd.getpwnam("postfix").pw_uid, grp.getgrnam("postfix").gr_gid)
        # The table is read when a process of Postfix begins: whoever comes later would be unknown to it.
        (root / "people").write_text("".join(f"{name}@{domain} {name}\n" for name in people))
        main = MAIN.format(
            root=root, daemons=DAEMONS, domain=domain, certificate=certificate, lmtp=dovecot.lmtp,
            sasl=dovecot.sasl,
        )  # fmt: skip
        (root / "etc" / "main.cf").write_text(main)
        (root / "etc" / "master.cf").write_text(MASTER.format(smtp=smtp, smtps=smtps))
        subprocess.run([postfix, "-c", str(root / "etc"), "check"], check=True, capture_output=True)
        self._process = subprocess.Popen([f"{DAEMONS}/master", "-c", str(root / "etc"), "-d"])
        try:
            for port in (smtp, smtps):
                listening(port, self._process, root / "postfix.log")
        except BaseException:
            self.stop()
            raise

    def settle(self) -> None:
        """Wait until no letter is on its way: delivered, or refused for good."""
        queues = [self.root / "queue" / name for name in ("maildrop", "incoming", "active", "deferred")]
        wait_until(lambda: not any(path.is_file() for queue in queues for path in queue.rglob("*")))

    def stop(self) -> None:
        """End it."""
        ended(self._process)

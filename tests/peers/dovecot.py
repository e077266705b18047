"""Debian's Dovecot on free loopback ports, from a configuration of its own: IMAP, POP3, LMTP and SASL."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from servers.lab import Ports
from tests.needs import need
from tests.peers.ground import ended, free_ports, listening, me

CONFIG = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
instance_name = {root}
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
auth_username_format = %Ln
mail_location = maildir:~/Maildir
mail_fsync = never
auth_failure_delay = 0 secs
pop3_uidl_format = %g
lmtp_save_to_detail_mailbox = no
{users}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/homes/%Ln
}}
namespace inbox {{
  inbox = yes
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Archive {{
    auto = subscribe
    special_use = \\Archive
  }}
  mailbox Junk {{
    auto = subscribe
    special_use = \\Junk
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
}}
service imap-login {{
{chroot}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
{chroot}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service auth {{
  inet_listener sasl {{
    port = {sasl}
  }}
}}
service anvil {{
{chroot}
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
{chroot}
}}
"""


class Dovecot:
    """A running Dovecot below ``root``. ``ports`` are for its clients, ``lmtp`` and ``sasl`` for Postfix."""

    def __init__(self, root: Path, certificate: Path, passwords: dict[str, str]) -> None:
        self.root, user = root, me()
        imap, imaps, pop3, pop3s, self.lmtp, self.sasl = free_ports(6)
        self.ports = Ports(imap=imap, imaps=imaps, pop3=pop3, pop3s=pop3s)
        (root / "homes").mkdir()
        (root / "homes").chmod(0o777)
        (root / "users").write_text("".join(f"{name}:{word}\n" for name, word in passwords.items()))
        own = f"default_internal_user = {user.name}\ndefault_login_user = {user.name}"
        config = CONFIG.format(
            root=root, certificate=certificate, imap=imap, imaps=imaps, pop3=pop3, pop3s=pop3s,
            lmtp=self.lmtp, sasl=self.sasl, uid=user.uid, gid=user.gid,
            users="" if user.root else own, chroot="" if user.root else "  chroot =",
        )  # fmt: skip
        (root / "dovecot.conf").write_text(config)
        self._process = subprocess.Popen([need("dovecot"), "-F", "-c", str(root / "dovecot.conf")])
        try:
            for port in (imap, imaps, pop3, pop3s, self.lmtp, self.sasl):
                listening(port, self._process, root / "dovecot.log")
        except BaseException:
            self.stop()
            raise

    def empty(self) -> None:
        """Remove every mailbox."""
        for home in (self.root / "homes").iterdir():
            shutil.rmtree(home, ignore_errors=True)

    def inbox(self, name: str) -> list[bytes]:
        """The letters in somebody's INBOX, as they lie on disk."""
        home = self.root / "homes" / name / "Maildir"
        files = sorted(path for part in ("new", "cur") for path in (home / part).glob("*"))
        return [path.read_bytes() for path in files]

    def stop(self) -> None:
        """End it."""
        ended(self._process)

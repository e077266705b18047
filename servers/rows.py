"""The lab's servers as rows: rooms and home find them there, as they would find any server."""

from __future__ import annotations

from accounts.models import Server
from protocols import tap
from servers.lab import Ports

ANYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104  (what listens there is reached here)


SECURITY = {"irc": Server.Security.TLS, "http": Server.Security.PLAIN}
"""How rooms speak to a lab server where it is not STARTTLS: IRC has none that clients use, a page is a lesson."""


COURSE = {
    "smtp": ["example.com", "www.example.com", "mail.myserver.com"],
    "ftp": ["ftp.vnd.net"],
    "http": ["www.example.com", "goccongnghe.net"],
}
"""Names by which the course's chapter calls its servers; the SMTP server's are mail domains as well, so that
``friend@example.com`` is a mailbox. A new row gets them, an admin may take them away."""


def enter(host: str, ports: Ports, ca: str) -> list[Server]:
    """Write a row for each server that was bound on ``host``, keeping what an admin set; return the rows."""
    address = ANYWHERE.get(host) or tap.resolve(host)
    rows = []
    for protocol in Server.Protocol.values:
        if not getattr(ports, protocol):
            continue
        values = {
            "host": "localhost",
            "address": address,
            "port": getattr(ports, protocol),
            "tls_port": getattr(ports, f"{protocol}s") or None,
            "security": SECURITY.get(protocol, Server.Security.STARTTLS),
            "ca": ca,
            "pin": "",
        }
        row, _ = Server.objects.update_or_create(
            protocol=protocol,
            lab=True,
            defaults=values,
            create_defaults={**values, "name": "netlab", "aliases": COURSE.get(protocol, [])},
        )
        rows.append(row)
    return rows

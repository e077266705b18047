"""What home tells a person: where the lab servers are, and what to type to reach them with a program."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http.request import split_domain_port
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Server, User
from accounts.provision import address_of

CARDS = ("mail-card", "files-card", "chat-card", "transcripts-card")
"""URL names of the rooms' cards; those of rooms that are not built yet are left out."""


@dataclass(frozen=True, slots=True)
class Place:
    """One lab server as a program is told of it; ``tls_port`` is 0 where there is none."""

    protocol: str
    title: str
    does: str
    host: str
    port: int
    tls_port: int


@dataclass(frozen=True, slots=True)
class Program:
    """A command line for a student's own program. It holds no password: each program asks for it."""

    name: str
    does: str
    line: str


DOES = {
    "smtp": _("sends letters"),
    "pop3": _("fetches letters"),
    "imap": _("reads and keeps letters"),
    "ftp": _("keeps files"),
    "irc": _("carries talk"),
    "http": _("shows web pages"),
}


def public_host(request) -> str:
    """Return the name for students' own programs: the setting, else the one in the browser's address."""
    return settings.PUBLIC_HOST or split_domain_port(request.get_host())[0]


def site_address(request) -> str:
    """Return the address of the site for a student's paper, which may be read far from this machine."""
    _, port = split_domain_port(request.get_host())
    where = _bracket(public_host(request)) + (f":{port}" if port else "")
    return f"{request.scheme}://{where}/"


def lab_servers(request) -> list[Place]:
    """Return the lab's servers in the order of a letter's way."""
    rows = {row.protocol: row for row in Server.objects.filter(lab=True, enabled=True)}
    host = public_host(request)
    return [
        Place(name, row.get_protocol_display(), DOES[name], host, row.port, row.tls_port or 0)
        for name in DOES
        if (row := rows.get(name))
    ]


def programs(request) -> list[Program]:
    """Return command lines to copy, for the servers that there are."""
    places = {place.protocol: place for place in lab_servers(request)}
    user, own = request.user.username, address_of(request.user)
    return [program for place in places.values() for program in _PROGRAMS[place.protocol](place, user, own)]


def cards() -> list[str]:
    """Return the URLs of the rooms' cards."""
    found = []
    for name in CARDS:
        try:
            found.append(reverse(name))
        except NoReverseMatch:
            continue
    return found


def is_newcomer(person: User) -> bool:
    """Whether ``person`` has sent no letter yet: they are invited to (the Mail room's rows, where it is built)."""
    sent = getattr(person, "outgoing", None)
    return sent is None or not sent.exists()


@cache
def zones() -> list[str]:
    """Return the names of the time zones people live in, sorted."""
    regions = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/")
    also = ("Indian/", "Pacific/", "UTC")
    return sorted(name for name in zoneinfo.available_timezones() if name.startswith(regions + also))


def _smtp(place: Place, user: str, own: str) -> list[Program]:
    where = f"{_bracket(place.host)}:{place.port}"
    return [
        Program("telnet", _("Speak SMTP by hand"), f"telnet {place.host} {place.port}"),
        Program(
            "swaks",
            _("Send yourself a letter"),
            f"swaks --server {where} --tls-optional --auth-user {user} --from {own} --to {own}",
        ),
        *_openssl(place, _("Speak SMTP by hand inside TLS")),
    ]


def _pop3(place: Place, user: str, own: str) -> list[Program]:
    where = f"{_bracket(place.host)}:{place.port}"
    return [
        Program(
            "curl",
            _("List your letters over POP3"),
            f"curl --ssl-reqd --cacert ca.pem --user {user} pop3://{where}/",
        ),
        *_openssl(place, _("Speak POP3 by hand inside TLS")),
    ]


def _imap(place: Place, user: str, own: str) -> list[Program]:
    where = f"{_bracket(place.host)}:{place.port}"
    look = f"curl --ssl-reqd --cacert ca.pem --user {user} 'imap://{where}/INBOX?ALL'"
    return [
        Program("curl", _("Search your Inbox over IMAP"), look),
        *_openssl(place, _("Speak IMAP by hand inside TLS")),
    ]


def _ftp(place: Place, user: str, own: str) -> list[Program]:
    where = f"{_bracket(place.host)}:{place.port}"
    return [
        Program("ftp", _("Fetch the course's samples as anonymous"), f"ftp {place.host} {place.port}"),
        Program(
            "curl",
            _("List your folder over FTP"),
            f"curl --ssl-reqd --cacert ca.pem --user {user} ftp://{where}/",
        ),
        Program("telnet", _("Speak FTP by hand"), f"telnet {place.host} {place.port}"),
    ]


def _irc(place: Place, user: str, own: str) -> list[Program]:
    return [
        Program("irssi", _("Chat from a terminal"), f"irssi -c {place.host} -p {place.port} -n {user}"),
        Program("telnet", _("Speak IRC by hand"), f"telnet {place.host} {place.port}"),
        *_openssl(place, _("Speak IRC by hand inside TLS")),
    ]


def _http(place: Place, user: str, own: str) -> list[Program]:
    where = f"{_bracket(place.host)}:{place.port}"
    return [
        Program("curl", _("Fetch a page and see what is said"), f"curl -v http://{where}/"),
        Program("telnet", _("Speak HTTP by hand"), f"telnet {place.host} {place.port}"),
    ]


def _openssl(place: Place, does: str) -> list[Program]:
    """-quiet: without it openssl takes a line that begins with R or Q (RCPT, QUIT) for its own."""
    if not place.tls_port:
        return []
    where = f"{_bracket(place.host)}:{place.tls_port}"
    return [Program("openssl", does, f"openssl s_client -quiet -crlf -CAfile ca.pem -connect {where}")]


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


_PROGRAMS = {"smtp": _smtp, "pop3": _pop3, "imap": _imap, "ftp": _ftp, "irc": _irc, "http": _http}

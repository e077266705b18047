"""The console's page, and the words it completes."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import numbers, reach
from accounts.models import Login, Server
from console.typed import MOST
from console.vocabulary import words
from protocols import catalog
from protocols.errors import Unreachable


@login_required
@require_safe
def console(request):
    """The page. ``?server=`` (number, protocol or name), ``?port=``, ``?url=telnet://...`` choose a server;
    ``?send=`` puts lines into the editor: they are sent by the person, never by the link."""
    servers = _servers(request.user)
    chosen, port, missing = _chosen(request.GET, servers)
    context = {
        "servers": servers,
        "chosen": chosen,
        "secure": any(row["id"] == chosen and port and port == row["tls_port"] for row in servers),
        "missing": missing,
        "send": request.GET.get("send", "").replace("\r\n", "\n")[:MOST],
        "autoconnect": False,
        "dock_shut": True,
    }
    return render(request, "console/console.html", context)


@login_required
@require_safe
def show_words(request, protocol):
    """The words of a protocol, for completion and hints."""
    if protocol not in catalog.NAMES:
        raise Http404
    language = (get_language() or "en")[:2]
    states = [[name, catalog.state(name, language)] for name in catalog.knowledge(protocol).states]
    response = JsonResponse({"words": words(protocol, language), "states": states})
    response["Cache-Control"] = "private, max-age=600"
    return response


def _servers(person):
    """The servers in use whose protocol is known here, each with the person's own login's name."""
    logins = dict(Login.objects.filter(person=person).values_list("server_id", "user_name"))
    rows = Server.objects.filter(enabled=True, protocol__in=catalog.NAMES).exclude(address=None)
    order = {name: at for at, name in enumerate(("smtp", "pop3", "imap", "ftp", "irc", "http"))}
    found = sorted(rows, key=lambda row: (not row.lab, order.get(row.protocol, 9), row.name))
    return [
        {
            "id": row.pk,
            "protocol": row.protocol,
            "title": row.get_protocol_display(),
            "name": row.name,
            "host": row.host,
            "known": sorted(reach.names(row)),
            "port": row.port,
            "tls_port": row.tls_port or (row.port if row.security == Server.Security.TLS else 0),
            "plain": row.security != Server.Security.TLS or bool(row.tls_port),
            "login": logins.get(row.pk, ""),
        }
        for row in found
    ]


def _chosen(asked, servers):
    """Return the number of the server that a link asks for (0: none), the port it named, and what it asked in vain."""
    word, port = asked.get("server", "").strip(), asked.get("port", "")
    if asked.get("url"):
        word, port = _of_url(asked["url"])
    if not word:
        return 0, 0, ""
    by_number = {str(row["id"]): row["id"] for row in servers}
    by_protocol = {row["protocol"]: row["id"] for row in reversed(servers)}
    if found := by_number.get(word) or by_protocol.get(word.lower()):
        return found, 0, ""
    number = numbers.number(port, digits=numbers.PORT)
    try:
        row = reach.find(word, "", number)
    except Unreachable as error:
        return 0, 0, catalog.phrase(error.key, error.params, (get_language() or "en")[:2])
    ids = {one["id"] for one in servers}
    return (
        (row.pk, number, "")
        if row.pk in ids
        else (0, 0, _("The console does not speak this server's protocol."))
    )


def _of_url(url):
    """Take ``telnet://host:port`` apart (RFC 4248); what is no such address names nobody."""
    try:
        parts = urlsplit(url)
        return parts.hostname or url[:200], str(parts.port or 23)
    except ValueError:
        return url[:200], ""

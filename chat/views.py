"""The page, the history, and the few things that are no words: connect, disconnect, close a window."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import asked
from chat import bus, commands, presence, rights, shown
from chat.forms import NickForm
from chat.models import Network, Talk, Window
from chat.words import WORDS
from protocols.irc.grammar import is_channel


@login_required
@never_cache
@require_safe
def chat(request: HttpRequest) -> HttpResponse:
    """The room. The first visit connects the person to the lab's server; ``?join=%23chan`` and ``?url=irc://...``
    open a channel."""
    if request.GET.get("url"):
        return _asked(request, request.GET["url"][:2000])
    servers = presence.servers(request.user)
    networks = Network.objects.filter(person=request.user)
    if servers and (servers[0].lab or not networks.exists()):
        network = presence.visit(request.user, servers[0])
        _take_up(network)
    wanted = _join(request, servers)
    state = shown.everything(request.user)
    known = {network["id"] for network in state["networks"]}
    ours = set(Network.objects.filter(pk__in=known).values_list("server_id", flat=True))
    context = {
        "state": state | {"join": wanted},
        "words": {key: str(text) for key, text in WORDS.items()},
        "commands": _commands(),
        "others": [server for server in servers if server.pk not in ours],
        "has_login": bool(servers),
        "zone": timezone.get_current_timezone_name(),
    }
    return render(request, "chat/chat.html", context)


@login_required
@require_safe
def card(request: HttpRequest) -> HttpResponse:
    """Home's card: what is unread, and who we are there."""
    rows = rights.windows(request.user).filter(open=True).select_related("talk__owner")
    counted = [(row, *shown.unread_of(request.user, row)) for row in rows]
    talks = [(row, unread, named) for row, unread, named in counted if unread]
    network = Network.objects.filter(person=request.user).select_related("server").first()
    mentions = sum(named for row, _, named in talks if row.talk.kind == Talk.Kind.CHANNEL)
    context = {
        "talks": talks[:5],
        "network": network,
        "mentions": mentions,
        "offered": presence.servers(request.user),
    }
    return render(request, "chat/card.html", context)


@login_required
@require_safe
def history(request: HttpRequest, pk: int) -> JsonResponse:
    """Messages of a talk that the person may read: the newest, or those ``before`` or ``after`` one."""
    talk = rights.talk(request.user, pk)
    if talk is None:
        raise Http404
    before, after = (_number(request.GET.get(name, "")) for name in ("before", "after"))
    return JsonResponse(shown.history(request.user, talk, before, after))


@login_required
@require_POST
def connect(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect, or connect again now; with ``nick`` under another name."""
    network = get_object_or_404(Network, pk=pk, person=request.user, server__enabled=True)
    form = NickForm(request.POST)
    if request.POST.get("nick") and not form.is_valid():
        return JsonResponse({"says": form.errors["nick"][0]}, status=422)
    if form.is_bound and request.POST.get("nick"):
        network.wanted_nick = form.cleaned_data["nick"]
    network.wanted = True
    network.save(update_fields=["wanted", "wanted_nick"])
    return _ordered(bus.order("hurry", network=network.pk))


@login_required
@require_POST
def disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the network, and stay away until told otherwise."""
    network = get_object_or_404(Network, pk=pk, person=request.user)
    Network.objects.filter(pk=network.pk).update(wanted=False)
    return _ordered(bus.order("hang", network=network.pk))


@login_required
@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect to another server that the person has a login at."""
    for server in presence.servers(request.user):
        if server.pk == pk:
            _take_up(presence.visit(request.user, server))
            return redirect("chat")
    raise Http404


@login_required
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a window; a channel is left."""
    window = rights.windows(request.user).filter(talk_id=pk).first()
    if window is None or window.talk.kind == "server":
        raise Http404
    if not bus.order("close", person=request.user.pk, c=pk) or not window.network.wanted:
        Window.objects.filter(pk=window.pk).update(open=False, joined=False)
        bus.tell([{"people": [request.user.pk], "window": window.pk}])
    return HttpResponse(status=204)


def _take_up(network: Network) -> None:
    """The gateway finds new rows by itself in a moment; told, it does at once."""
    bus.order("look")
    bus.order("windows", network=network.pk)


def _asked(request: HttpRequest, url: str) -> HttpResponse:
    """Open the channel that an ``irc:`` address names, on the network it names, and say where that fails."""
    wanted = asked.read(url, "irc")
    server = next((row for row in presence.servers(request.user) if row == wanted.server), None)
    if server is None:
        told = _("You have no login at the IRC server %(host)s.") % {"host": wanted.host}
        messages.warning(request, wanted.missing or told)
        return redirect("chat")
    name, _comma, how = (wanted.path or (wanted.fragment and f"#{wanted.fragment}")).partition(",")
    network = presence.visit(request.user, server)
    _take_up(network)
    if "isnick" in how:
        told = _("To talk with %(name)s alone, type /query %(name)s.") % {"name": name[:64]}
        messages.info(request, told)
        return redirect("chat")
    return redirect(
        f"{reverse('chat')}?{urlencode({'join': name, 'network': network.pk})}" if name else "chat"
    )


def _join(request: HttpRequest, servers: list[Any]) -> str:
    """``?join=`` (from irc:// links): the channel's window is made, and opened by the page."""
    name = request.GET.get("join", "")[:64]
    if not name or not servers:
        return ""
    name = name if name[0] in "#&+!" else f"#{name}"
    known = Network.objects.filter(person=request.user, server__in=servers)
    pk = _number(request.GET.get("network", ""))
    network = known.filter(pk=pk).first() if pk else known.filter(server=servers[0]).first()
    if network is None or not is_channel(name, network.rules.get("types", "#&")):
        return ""
    presence.join(network, name)
    bus.order("windows", network=network.pk, join=[name])
    return name


def _ordered(taken: bool) -> HttpResponse:
    if taken:
        return HttpResponse(status=204)
    says = _(
        "The part of netlab that keeps the connections is not running. It does this as soon as it is back."
    )
    return JsonResponse({"says": says}, status=202)


def _commands() -> list[dict[str, str]]:
    return [{"name": name, "usage": row.usage, "says": _(row.says)} for name, row in commands.TABLE.items()]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

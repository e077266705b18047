"""Who wants to be connected, as rows: what the gateway asks the database, and what a first visit makes."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.db.models import F, Q

from accounts import secrets
from accounts.models import Login, SchoolClass, Server, User
from chat import writer
from chat.models import NAME, Network, Talk, Window
from protocols.irc.grammar import fold
from protocols.irc.registration import nick_for

DEFAULT = "#lab"
"""The channel that everybody enters at their first visit to the lab's own server."""


def begin() -> None:
    """The gateway begins: nothing is connected, and nobody is in a channel."""
    writer.close_stays()
    Network.objects.exclude(state=Network.State.OFF).update(state=Network.State.OFF, next_try=None)


def wanted() -> dict[int, Network]:
    """The networks that the gateway keeps: wanted, of active people with a login, on servers in use."""
    rows = Network.objects.filter(wanted=True, person__is_active=True, server__enabled=True)
    rows = rows.filter(server__logins__person_id=F("person_id")).select_related("server")
    return {row.pk: row for row in rows.distinct()}


def unwanted(networks: list[int]) -> list[int]:
    """Those of ``networks`` whose people left them on purpose."""
    return list(Network.objects.filter(pk__in=networks, wanted=False).values_list("pk", flat=True))


def want(network: int, wanted: bool) -> None:
    """Whether the gateway keeps this network."""
    Network.objects.filter(pk=network).update(wanted=wanted)


def nick_wanted(network: int, nick: str) -> Callable[[], None]:
    """A change for the writer: the nick that is asked for when connecting."""

    def change() -> None:
        Network.objects.filter(pk=network).update(wanted_nick=nick[:64])

    return change


def windows_of(network: int) -> dict[int, Window]:
    """The windows of a network by talk."""
    rows = Window.objects.filter(network_id=network).select_related("talk")
    return {row.talk_id: row for row in rows}


def servers(person: User) -> list[Server]:
    """The IRC servers that ``person`` has a login at, the lab's own first."""
    logins = Login.objects.filter(person=person, server__protocol="irc", server__enabled=True)
    rows = [login.server for login in logins.select_related("server")]
    return sorted(rows, key=lambda server: (not server.lab, server.name))


@transaction.atomic
def visit(person: User, server: Server, nick: str = "") -> Network:
    """Return a person's network, made at the first visit; on the lab's own server with its default channels.

    A channel that the person once closed stays closed; the channel of a class that they have joined since is added.
    """
    network, new = Network.objects.get_or_create(
        person=person, server=server, defaults={"wanted_nick": nick or nick_for(person.username)}
    )
    if new:
        talk = Talk.objects.create(server=server, owner=network, kind=Talk.Kind.SERVER, name=server.name)
        Window.objects.create(network=network, talk=talk)
    for name, school_class in _channels(person) if server.lab else ():
        known = Window.objects.filter(network=network, talk__owner=None, talk__folded=folded(network, name))
        if not known.exists():
            join(network, name, school_class)
    return network


def join(network: Network, name: str, school_class: SchoolClass | None = None) -> Window:
    """Make the window of a channel that the gateway is to enter."""
    talk, _ = Talk.objects.get_or_create(
        server_id=network.server_id,
        owner=None,
        folded=folded(network, name),
        defaults={"name": name, "kind": Talk.Kind.CHANNEL},
    )
    if school_class is not None and talk.school_class_id is None:
        # What was said before the channel was a class's stays with those who were in it.
        Talk.objects.filter(pk=talk.pk).update(school_class=school_class, open_from=writer.newest() + 1)
    window, _ = Window.objects.update_or_create(
        network=network, talk=talk, defaults={"joined": True, "open": True}
    )
    return window


def channel_window(network: int, server: int, name: str, folded: str, password: str) -> Window:
    """The window of a channel that a connection is in now; its key is kept, sealed."""
    talk, _ = Talk.objects.get_or_create(
        server_id=server,
        owner=None,
        folded=folded[:NAME],
        defaults={"name": name[:NAME], "kind": Talk.Kind.CHANNEL},
    )
    window = _window(network, talk)
    if password:
        window.sealed = secrets.seal(password)
        window.save(update_fields=["sealed"])
    return window


def query_window(network: int, server: int, partner: str, folded: str, opened: bool = True) -> Window:
    """The window of a talk with ``partner``, open; made closed where ``opened`` is False."""
    talk, _ = Talk.objects.get_or_create(
        server_id=server,
        owner_id=network,
        kind=Talk.Kind.QUERY,
        folded=folded[:NAME],
        defaults={"name": partner[:NAME]},
    )
    window = _window(network, talk, opened)
    if opened and not window.open:
        window.open = True
        window.save(update_fields=["open"])
    return window


def folded(network: Network, name: str) -> str:
    """``name`` as the network's server compares it; RFC 1459's way where it has not said yet."""
    return fold(name, network.rules.get("casemapping", "rfc1459"))[:200]


def _channels(person: User) -> list[tuple[str, SchoolClass | None]]:
    classes = SchoolClass.objects.filter(Q(students=person) | Q(teachers=person)).distinct()
    return [(DEFAULT, None), *((one.channel, one) for one in classes)]


def _window(network: int, talk: Talk, opened: bool = True) -> Window:
    window, _ = Window.objects.get_or_create(network_id=network, talk=talk, defaults={"open": opened})
    window.talk = talk
    return window

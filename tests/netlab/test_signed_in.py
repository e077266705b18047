"""A socket ends with the session that opened it, whichever room it is of; a page signed in anew gets another."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.sessions.models import Session

from accounts.models import User
from chat.hub import hub
from netlab import asgi, signed_in
from netlab.routing import sockets
from netlab.straight import SEND, Straight
from tests.chat.conftest import bus_settings, redis_url  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bus_settings")]
PLACES = [str(one.pattern) for one in sockets]


@pytest.fixture
def ann(client, monkeypatch):
    monkeypatch.setattr(signed_in, "LOOK", 0.05)
    person = User.objects.create_user("ann", password="blue house 1")
    client.force_login(person)
    return person


async def opened(client, place):
    cookie = client.cookies["sessionid"].value.encode()
    headers = [(b"host", b"lab"), (b"origin", b"http://lab"), (b"cookie", b"sessionid=" + cookie)]
    scope = {
        "type": "websocket",
        "path": f"/{place}",
        "headers": headers,
        "query_string": b"",
        "subprotocols": [],
    }
    tab = ApplicationCommunicator(asgi.application, scope)
    await tab.send_input({"type": "websocket.connect"})
    assert (await tab.receive_output(10))["type"] == "websocket.accept"
    return tab


async def closed(tab):
    while True:
        told = await tab.receive_output(10)
        if told["type"] == "websocket.close":
            # As a server tells its application of every socket that was closed, whoever closed it.
            await tab.send_input({"type": "websocket.disconnect", "code": told["code"]})
            await tab.wait(10)
            return told["code"]


@pytest.mark.parametrize("place", PLACES)
async def test_a_socket_ends_when_its_person_signs_out(client, ann, place):
    tab = await opened(client, place)
    await sync_to_async(client.logout)()
    assert await closed(tab) == 4401


async def test_what_a_class_is_told_goes_by_the_servers_own_send(client, ann):
    scopes = []

    async def app(scope, receive, send):
        scopes.append((scope, send))

    await Straight(app)({"type": "websocket"}, None, "the server's")
    assert scopes == [({"type": "websocket", SEND: "the server's"}, "the server's")]
    tab = await opened(client, "ws/chat/")
    told = json.loads((await tab.receive_output(10))["text"])
    assert told[0]["told"] == "state"
    (socket,) = [one for one in hub()._sockets.values() if one.person == ann.pk]
    assert "Session" not in type(getattr(socket._send, "__self__", None)).__name__
    await tab.send_input({"type": "websocket.disconnect", "code": 1000})
    await tab.wait(10)


async def test_a_socket_ends_with_a_new_password_and_lives_on_without(client, ann):
    tab = await opened(client, "ws/mail/")
    await tab.send_input({"type": "websocket.receive", "text": '"beat"'})
    assert await tab.receive_nothing(0.3)

    def change():
        ann.set_password("green house 2")
        ann.save()

    await sync_to_async(change)()
    assert await closed(tab) == 4401


def test_a_disabled_persons_sessions_do_not_come_back_when_the_person_is_enabled(client, ann):
    other = User.objects.create_user("ben", password="blue house 1")
    assert client.get("/transcripts/").status_code == 200
    for active in (False, True):
        ann.is_active = active
        ann.save()
    assert client.get("/transcripts/").status_code == 302
    client.force_login(other)
    ann.is_active = False
    ann.save()
    assert client.get("/transcripts/").status_code == 200 and Session.objects.exists()


async def test_a_socket_that_reads_nothing_does_nothing_more_and_holds_up_no_other(client, ann):
    begun, tab = asyncio.Event(), await opened(client, "ws/mail/")
    came, taken = asyncio.Queue(), []

    async def never(message):
        begun.set()
        await asyncio.Event().wait()

    async def app(scope, receive, send):
        while not taken or taken[-1]["type"] != "websocket.disconnect":
            taken.append(await receive())

    scope = {"type": "websocket", "session": SimpleNamespace(session_key="gone")}
    deaf = asyncio.create_task(signed_in.SignedIn(app)(scope, came.get, never))
    await asyncio.wait_for(begun.wait(), 10)
    await came.put({"type": "websocket.receive", "text": "one more word"})
    await asyncio.wait_for(deaf, 10)
    assert [one["type"] for one in taken] == ["websocket.disconnect"]
    await sync_to_async(client.logout)()
    assert await closed(tab) == 4401

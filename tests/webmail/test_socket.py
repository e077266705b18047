"""The Mail tab's socket: told of news, closed when its person is disabled."""

from __future__ import annotations

import json

import pytest
from channels.db import database_sync_to_async

from accounts.models import User
from tests.transcripts.test_socket import WebsocketCommunicator
from webmail import live
from webmail.consumers import MailConsumer
from webmail.models import MailTab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    return User.objects.create_user("ann", password="x")


async def join(person):
    socket = WebsocketCommunicator(MailConsumer.as_asgi(), "/ws/mail/")
    socket.scope |= {"user": person}
    connected, _ = await socket.connect()
    assert connected
    return socket


async def test_a_tab_is_told_what_changed_and_its_presence_ends_with_it(ann):
    socket = await join(ann)
    assert await database_sync_to_async(MailTab.objects.count)() == 1
    await database_sync_to_async(live.tell, thread_sensitive=True)(ann.pk, "folder", 7)
    assert json.loads(await socket.receive_from(timeout=10)) == {"what": "folder", "number": 7}
    await socket.disconnect()
    assert await database_sync_to_async(MailTab.objects.count)() == 0


async def test_a_person_who_is_disabled_loses_the_tabs_socket_at_the_next_word(ann):
    socket = await join(ann)
    await database_sync_to_async(User.objects.filter(pk=ann.pk).update)(is_active=False)
    await socket.send_to('"here"')
    assert (await socket.receive_output(10)) == {"type": "websocket.close", "code": 4403}


async def test_disabling_a_person_closes_the_tabs_socket_at_once(ann):
    socket = await join(ann)

    def disable():
        ann.is_active = False
        ann.save()

    await database_sync_to_async(disable)()
    told = await socket.receive_output(10)
    assert (told["type"], told["code"]) == ("websocket.close", 4403)

"""The dock's socket: live lines, a late viewer, a reconnect, a disabled person, no secret."""

from __future__ import annotations

import asyncio
import itertools
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async

from tests.transcripts.conftest import SECRET
from transcripts.consumers import TranscriptConsumer

TAB = "0123456789abcdef"


class WebsocketCommunicator(ApplicationCommunicator):
    """The four words of ``channels.testing``'s, which cannot be imported without daphne."""

    def __init__(self, application, path):
        super().__init__(application, {"type": "websocket", "path": path, "query_string": b"", "headers": []})

    async def connect(self):
        await self.send_input({"type": "websocket.connect"})
        told = await self.receive_output(10)
        return told["type"] == "websocket.accept", told.get("code")

    async def send_to(self, text):
        await self.send_input({"type": "websocket.receive", "text": text})

    async def receive_from(self, timeout):
        return (await self.receive_output(timeout))["text"]

    async def disconnect(self):
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(5)


@pytest.fixture(autouse=True)
def memory_layer(settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


async def join(person, tab=TAB):
    socket = WebsocketCommunicator(TranscriptConsumer.as_asgi(), "/ws/wire/")
    socket.scope |= {"user": person, "headers": [], "cookies": {}}
    connected, _ = await socket.connect()
    assert connected
    await socket.send_to(json.dumps({"type": "hello", "tab": tab}))
    return socket


async def until_ended(socket, after=0):
    """Follow what is told until a transcript has ended and its lines are here; return html and line spans."""
    html, spans, ended, last = "", [], False, None
    follows = set()
    while not ended or not spans or spans[-1][1] < last:
        told = json.loads(await socket.receive_from(timeout=10))
        if told["type"] == "transcript":
            ended, last = told["ended"], told["last"]
            if told["transcript"] not in follows:
                follows.add(told["transcript"])
                order = {"type": "follow", "transcript": told["transcript"], "after": after}
                await socket.send_to(json.dumps(order))
        if told["type"] == "lines" and told["last"]:
            html += told["html"]
            spans.append((told["first"], told["last"]))
    return html, spans


async def test_lines_come_in_order_without_gaps_while_a_letter_is_sent(ann, send):
    socket = await join(ann)
    sending = asyncio.create_task(database_sync_to_async(send, thread_sensitive=False)(tab=TAB))
    html, spans = await until_ended(socket)
    await sending
    assert spans[0][0] == 1
    assert all(later[0] == earlier[1] + 1 for earlier, later in itertools.pairwise(spans))
    assert "hidden, " in html and SECRET not in html
    await socket.disconnect()


async def test_a_late_viewer_sees_line_1_and_one_who_comes_back_only_what_was_missed(ann, send):
    await database_sync_to_async(send)(tab=TAB)
    late = await join(ann)
    _, spans = await until_ended(late)
    assert spans[0][0] == 1
    await late.disconnect()
    again = await join(ann)
    _, spans = await until_ended(again, after=5)
    assert spans[0][0] == 6
    await again.disconnect()


async def test_no_tab_is_told_twice_as_it_stands(ann, send):
    await database_sync_to_async(send)(tab=TAB)
    socket, told = await join(ann), []
    told.append(await socket.receive_from(timeout=10))
    await socket.send_to(json.dumps({"type": "follow", "transcript": json.loads(told[0])["transcript"]}))
    told.append(await socket.receive_from(timeout=10))
    assert [json.loads(text)["type"] for text in told] == ["transcript", "lines"]
    assert await socket.receive_nothing(timeout=1.5)
    await socket.disconnect()


async def test_a_disabled_persons_socket_closes(ann):
    socket = await join(ann)
    ann.is_active = False
    await database_sync_to_async(ann.save)()
    told = await socket.receive_output(timeout=10)
    assert told == {"type": "websocket.close", "code": 4403}


async def test_who_is_not_signed_in_gets_no_socket(transactional_db):
    socket = WebsocketCommunicator(TranscriptConsumer.as_asgi(), "/ws/wire/")
    connected, code = await socket.connect()
    assert not connected and code == 4401


async def test_anything_else_than_the_sockets_words_is_answered_not_obeyed(ann):
    socket = await join(ann)
    for text in ("", "[]", "{}", '{"type": "follow", "transcript": "x"}'):
        await socket.send_to(text)
        assert json.loads(await socket.receive_from(timeout=10)) == {"type": "error"}
    await socket.send_to('{"type": "follow", "transcript": 999999}')
    assert json.loads(await socket.receive_from(timeout=10))["type"] == "gone"
    await socket.disconnect()

"""A WebSocket is opened only by pages of the site itself."""

from __future__ import annotations

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.generic.websocket import AsyncWebsocketConsumer

from netlab import asgi
from netlab.origin import SameOrigin


def headers(origin: str | None, host: str = "lab.school.vn:8000") -> list[tuple[bytes, bytes]]:
    found = [(b"host", host.encode())]
    return found if origin is None else [*found, (b"origin", origin.encode())]


async def lets_in(given: list[tuple[bytes, bytes]]) -> bool:
    scope = {"type": "websocket", "path": "/ws/", "headers": given, "query_string": b"", "subprotocols": []}
    door = ApplicationCommunicator(SameOrigin(AsyncWebsocketConsumer.as_asgi()), scope)
    await door.send_input({"type": "websocket.connect"})
    answer = await door.receive_output(5)
    await door.send_input({"type": "websocket.disconnect", "code": 1000})
    return answer["type"] == "websocket.accept"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://lab.school.vn:8000", "lab.school.vn:8000"),
        ("http://LAB.school.vn:8000", "lab.school.vn:8000"),
        ("https://lab.school.vn", "lab.school.vn"),
        ("http://192.168.1.20:8000", "192.168.1.20:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
async def test_a_page_of_the_site_opens_a_socket(origin, host):
    assert await lets_in(headers(origin, host))


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://evil.example",
        "http://lab.school.vn",
        "http://lab.school.vn:8001",
        "http://lab.school.vn:8000.evil.example",
        "http://lab.school.vn:8000@evil.example",
        "file://lab.school.vn:8000",
        "http://[::1",
        "http://lab.school.vn:8000\u00e9",
    ],
)
async def test_a_page_of_another_site_is_refused(origin):
    assert not await lets_in(headers(origin))


async def test_two_origins_are_none():
    assert not await lets_in([*headers("http://lab.school.vn:8000"), (b"origin", b"http://evil.example")])


def test_the_sites_sockets_stand_behind_this_door():
    assert isinstance(asgi.application.application_mapping["websocket"], SameOrigin)

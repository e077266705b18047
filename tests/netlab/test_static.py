"""Style sheets and scripts come through Django's ASGI handler as they lie on the disk, and without a warning."""

from __future__ import annotations

import warnings

import pytest
from django.test import AsyncClient


@pytest.fixture
def shelf(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "a.css").write_text("p { color: red }")
    return tmp_path


async def ask(path: str, method: str = "get", **fields):
    with warnings.catch_warnings():
        # Django warns of a synchronous stream, for under ASGI it has to be read whole first.
        warnings.simplefilter("error")
        return await getattr(AsyncClient(), method)(path, headers=fields)


async def test_a_file_is_answered_whole_and_never_as_a_synchronous_stream(shelf):
    answer = await ask("/static/a.css")
    assert (answer.status_code, answer.content) == (200, b"p { color: red }") and not answer.streaming
    assert answer["Content-Type"].startswith("text/css") and answer["Content-Length"] == "16"


async def test_what_a_browser_has_is_not_sent_again_and_a_part_is_a_part(shelf):
    first = await ask("/static/a.css")
    again = await ask("/static/a.css", **{"If-Modified-Since": first["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")
    part = await ask("/static/a.css", Range="bytes=0-2")
    assert (part.status_code, part.content) == (206, b"p {")
    head = await ask("/static/a.css", "head")
    assert (head.status_code, head.content) == (200, b"")

"""Back, forward and stop: presses that come faster than their answers."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection
from django.test import Client

from browser import tasks, views
from browser.models import Exchange, Visit, Window
from protocols.errors import Unreachable  # noqa: F401  (its sentence is what is looked for)
from tests.webmail.hostile import hang
from transcripts.models import Transcript


def test_three_presses_of_back_at_once_are_three_steps(web):
    for page in ("/", "/about.html", "/forms.html", "/links.html"):
        web.open(page)
    start = threading.Barrier(3)
    answers = []

    def press() -> None:
        own = Client()
        own.force_login(web.person)
        start.wait()
        answers.append(own.post("/web/go/", {"verb": "back"}).status_code)
        connection.close()

    presses = [threading.Thread(target=press) for _ in range(3)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert answers == [200] * 3 and Window.objects.get().at == 0


def test_a_step_is_taken_from_where_the_window_stands_now_not_from_what_was_read_before(web):
    for page in ("/", "/about.html", "/forms.html"):
        web.open(page)
    read_before = Window.objects.get()
    views._step(Window.objects.get(), -1)
    views._step(read_before, -1)
    assert Window.objects.get().at == 0


@pytest.mark.unexplained("the server says nothing")
def test_stop_ends_a_wait_at_once_and_the_address_stays(web, bad, monkeypatch):
    monkeypatch.setattr(tasks, "LOOK", 0.05)
    url = bad(hang)

    def stop() -> None:
        own = Client()
        own.force_login(web.person)
        ends = time.monotonic() + 10
        while time.monotonic() < ends and not Transcript.objects.exists():
            time.sleep(0.02)
        own.post("/web/stop/")
        connection.close()

    pressed, began = threading.Thread(target=stop), time.monotonic()
    pressed.start()
    web.open(url)
    pressed.join()
    assert time.monotonic() - began < 20
    assert Visit.objects.get().stopped and web.last.trouble["key"] == "error.unreachable.cancelled"
    assert "Stopped" in web.show("page") and url in web.client.get("/web/").content.decode()
    assert Transcript.objects.get().ended and not Exchange.objects.filter(state="asking").exists()

"""The check that nothing outlives a test sees threads and database connections that do."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from tests.quiet import end_all, noise
from transcripts import live
from transcripts.writer import writer


@pytest.mark.django_db(transaction=True)
def test_a_thread_and_a_connection_that_outlive_a_test_are_named():
    before, done, open_ = set(threading.enumerate()), threading.Event(), threading.Event()

    def forgotten():
        connection.ensure_connection()
        open_.set()
        done.wait(10)
        connection.close()

    forgotten.__module__ = "chat.writer"
    thread = threading.Thread(target=forgotten, name="forgotten")
    thread.start()
    open_.wait(10)
    assert noise(before) == ["thread forgotten", "the database connection of forgotten"]
    done.set()
    thread.join()
    assert noise(before) == []


@pytest.mark.django_db(transaction=True)
def test_the_products_own_threads_end_when_told():
    before = set(threading.enumerate())
    writer().flush()
    live.person_gone(type("Person", (), {"pk": 1}))
    assert {"thread transcripts", "thread live"} <= set(noise(before))
    end_all()
    assert noise(before) == []

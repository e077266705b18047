"""The queue of a process' writer: gathers while much comes, and comes at once where somebody waits."""

from __future__ import annotations

import threading
import time

from transcripts.orders import MOST_AT_ONCE, Orders


def test_what_comes_together_is_taken_together_and_in_order():
    orders: Orders[int] = Orders()
    begun = threading.Event()

    def put() -> None:
        begun.wait(5)
        for number in range(50):
            orders.put(number)

    thread = threading.Thread(target=put)
    thread.start()
    begun.set()
    taken: list[list[int]] = []
    while sum(map(len, taken)) < 50:
        taken.append(orders.take(5))
    thread.join()
    assert [one for batch in taken for one in batch] == list(range(50))
    assert len(taken) < 10


def test_an_urgent_order_is_taken_at_once_with_all_before_it():
    orders: Orders[str] = Orders()
    orders.put("one")
    orders.put("two", urgent=True)
    assert orders.take(5) == ["one", "two"]
    threading.Timer(0.05, orders.put, ["three", True]).start()
    began = time.monotonic()
    assert orders.take(30) == ["three"]
    assert time.monotonic() - began < 10


def test_a_batch_has_an_end_and_nothing_is_left_behind():
    orders: Orders[int] = Orders()
    for number in range(MOST_AT_ONCE + 10):
        orders.put(number)
    assert [len(orders.take(5)), len(orders.take(5)), len(orders.take(0))] == [MOST_AT_ONCE, 10, 0]

"""Clients that say all at once and hang up, as ``printf ... | nc`` does, and what is said behind the last word."""

from __future__ import annotations

import logging
import socket

import pytest

from tests.servers.embedded import wait_until


def answers(one) -> list[str]:
    """The codes of all that comes until the server closes."""
    codes = []
    while said := one.hear():
        codes.append(said[:3])
    return codes


@pytest.mark.parametrize("hang_up", [False, True])
@pytest.mark.parametrize("tls", [False, True])
def test_what_is_said_behind_quit_is_not_heard_and_disturbs_nothing(talk, mail_lab, caplog, tls, hang_up):
    before = len(mail_lab.running.service.sessions)
    one = talk("ann", tls)
    one.send(b"QUIT\r\nNOOP\r\nLIST\r\n")
    if hang_up:
        socket.socket.shutdown(one.socket, socket.SHUT_WR)
    assert answers(one) == ["221"]
    wait_until(lambda: len(mail_lab.running.service.sessions) == before)
    assert not [row for row in caplog.records if row.levelno >= logging.ERROR]


def test_whoever_says_all_at_once_and_hangs_up_hears_every_answer(talk, mail_lab):
    before = len(mail_lab.running.service.sessions)
    for lines, codes in (
        (b"USER anonymous\r\nPASS a@example.com\r\nPWD\r\nSYST\r\n", ["331", "230", "257", "215"]),
        (b"USER ann\r\nPASS wrong\r\nPWD\r\n", ["331", "530", "530"]),
        (b"USER anonymous\r\nPASS a@example.com\r\nQUIT\r\nNOOP\r\n", ["331", "230", "221"]),
        (b"USER anonymous\r\nPASS a@example.com", ["331"]),
        (b"NOOP\r\n", ["200"]),
    ):
        one = talk()
        one.send(lines)
        one.socket.shutdown(socket.SHUT_WR)
        assert answers(one) == codes
    wait_until(lambda: len(mail_lab.running.service.sessions) == before)


def test_a_transfer_that_nobody_fetches_is_not_waited_for_once_the_client_hung_up(talk, mail_lab):
    before = len(mail_lab.running.service.sessions)
    one = talk()
    one.send(b"USER anonymous\r\nPASS a@example.com\r\nEPSV\r\nLIST\r\nPWD\r\n")
    one.socket.shutdown(socket.SHUT_WR)
    assert answers(one) == ["331", "230", "229", "150"]
    wait_until(lambda: len(mail_lab.running.service.sessions) == before)

"""Letters at the lab's SMTP server: every byte arrives, once, or the sender is told."""

from __future__ import annotations

import smtplib
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.models import User
from servers import smtp
from tests.servers.embedded import wait_until
from tests.servers.smtp.talk import LETTER, greeted, ready_for_data, signed_in


def test_one_letter_reaches_each_of_its_recipients_once(mail_lab):
    with signed_in(mail_lab) as client:
        client.sendmail("ann@lab.test", ["ben@lab.test", "BEN@lab.test", "root@lab.test"], LETTER)
    assert len(mail_lab.inbox("ben")) == len(mail_lab.inbox("root")) == 1
    assert b"\tfor <" not in mail_lab.inbox("ben")[0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b".",
        b"..",
        b".\r\n..\r\n...\r\n",
        b"a\r\n.\r\nb",
        b"\r\n\r\n.x\r\n",
        b"x" * 3000,
        bytes(range(128, 256)),
    ],
)
def test_every_body_arrives_byte_for_byte(mail_lab, body):
    letter = b"Subject: x\r\n\r\n" + body
    with smtplib.SMTP("localhost", mail_lab.ports.smtp) as client:
        client.sendmail("out@elsewhere.example", ["ben@lab.test"], letter)
    (held,) = mail_lab.inbox("ben")
    whole = letter if letter.endswith(b"\r\n") else letter + b"\r\n"
    assert held.partition(b"Subject: x")[2] == whole.partition(b"Subject: x")[2]


def test_an_empty_letter_and_one_without_a_header_are_taken(mail_lab, wire):
    line = ready_for_data(mail_lab, wire)
    assert line.say(".").startswith("250")
    line.say("MAIL FROM:<>")
    line.say("RCPT TO:<ben@lab.test>")
    line.say("DATA")
    assert line.say("Hello\r\n.").startswith("250")
    assert mail_lab.inbox("ben")[1].endswith(b"\r\n\r\nHello\r\n")


def test_a_letter_fed_byte_by_byte_is_the_same(mail_lab, wire):
    line = ready_for_data(mail_lab, wire)
    for byte in b"Subject: slow\r\n\r\n..dot\r\n.\r\n":
        line.send(bytes([byte]))
    assert line.reply().startswith("250")
    assert mail_lab.inbox("ben")[0].endswith(b"\r\n\r\n.dot\r\n")


@pytest.mark.parametrize(
    "trick",
    [b"\n.\r\n", b"\n.\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r", b"a\nb", b"a\rb", b"\r\r\n.\r\n"],
)
def test_a_line_that_ends_in_cr_or_lf_alone_cannot_smuggle_a_letter(mail_lab, wire, trick):
    line = ready_for_data(mail_lab, wire)
    line.send(
        b"Subject: x\r\n\r\nhello" + trick + b"MAIL FROM:<ann@lab.test>\r\nRCPT TO:<ben@lab.test>\r\nDATA\r\n"
    )
    assert line.reply().startswith("521 5.5.2")
    assert line.line() == ""
    assert mail_lab.inbox("ben") == []


def test_nul_in_a_letter_is_refused(mail_lab, wire):
    line = ready_for_data(mail_lab, wire)
    assert line.say(b"Subject: x\r\n\r\na\0b\r\n.").startswith("554 5.6.0")
    assert line.say("NOOP").startswith("250")


def test_a_letter_of_25_mib_is_taken_and_one_byte_more_is_not(mail_lab, wire):
    line = ready_for_data(mail_lab, wire)
    head = b"Subject: big\r\n\r\n"
    filling = (b"x" * 998 + b"\r\n") * (smtp.SIZE // 1000 + 1)
    exact = (head + filling)[: smtp.SIZE - 2] + b"\r\n"
    line.send(exact + b".\r\n")
    assert line.reply().startswith("250 2.0.0")
    line.say("MAIL FROM:<out@elsewhere.example>")
    line.say("RCPT TO:<ben@lab.test>")
    line.say("DATA")
    line.send(b"x" + exact + b".\r\n")
    assert line.reply().startswith("552 5.3.4")
    assert line.say("NOOP").startswith("250")
    assert len(mail_lab.inbox("ben")) == 1


def test_a_size_announced_too_large_is_refused_at_once(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say(f"MAIL FROM:<a@b.example> SIZE={smtp.SIZE + 1}").startswith("552 5.3.4")
    assert line.say(f"MAIL FROM:<a@b.example> SIZE={smtp.SIZE} BODY=8BITMIME AUTH=<>").startswith("250")


def test_a_letter_that_goes_in_circles_is_stopped(mail_lab, wire):
    line = ready_for_data(mail_lab, wire)
    assert line.say("Received: by x\r\n" * 51 + "\r\n.").startswith("554 5.4.6")


def test_a_delivery_that_fails_is_told_with_451_and_tried_again_without_a_second_copy(mail_lab, wire):
    store = mail_lab.running.service.store
    ben = str(User.objects.get(username="ben").pk)
    store.home(ben)
    root = store.root / str(User.objects.get(username="root").pk)
    root.write_text("a file stands where the home should be")
    line = greeted(mail_lab, wire)

    def send():
        line.say("MAIL FROM:<a@b.example>")
        line.say("RCPT TO:<ben@lab.test>")
        line.say("RCPT TO:<root@lab.test>")
        line.say("DATA")
        return line.say("Subject: x\r\n\r\nonce\r\n.")

    assert send().startswith("451 4.3.0")
    root.unlink()
    assert send().startswith("250")
    assert len(mail_lab.inbox("ben")) == len(mail_lab.inbox("root")) == 1


def test_a_deleted_persons_mail_is_removed_and_a_namesake_finds_nothing(mail_lab):
    with signed_in(mail_lab) as client:  # somebody is there, so the logins are looked at every second
        client.sendmail("ann@lab.test", ["ben@lab.test"], LETTER)
        ben = User.objects.get(username="ben")
        home = mail_lab.mail / str(ben.pk)
        assert home.is_dir()
        ben.delete()
        wait_until(lambda: not home.exists(), 5)
    mail_lab.person("ben")
    assert mail_lab.inbox("ben") == []


def test_many_write_at_once_and_every_letter_arrives(mail_lab):
    def write(number):
        with smtplib.SMTP("127.0.0.1", mail_lab.ports.smtp, timeout=30) as client:
            for _ in range(4):
                client.sendmail("out@elsewhere.example", ["ann@lab.test", "ben@lab.test"], LETTER)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(40)))
    assert len(mail_lab.inbox("ann")) == len(mail_lab.inbox("ben")) == 160

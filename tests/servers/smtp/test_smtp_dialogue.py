"""Dialogues with the lab's SMTP server: the course's, hasty, hostile and endless ones."""

from __future__ import annotations

import re
import smtplib

import pytest

from servers import smtp
from tests.servers.embedded import wait_until
from tests.servers.smtp.talk import greeted


def test_the_courses_dialogue_runs_as_it_is_printed(mail_lab, wire):
    line = wire(mail_lab.ports.smtp)
    assert line.reply() == "220 lab.test ESMTP netlab"
    assert line.say("HELO mydomain.com") == "250 lab.test Hello mydomain.com"
    assert line.say("MAIL FROM:<sender@mydomain.com>") == "250 2.1.0 Ok"
    assert line.say("RCPT TO:<ben@lab.test>") == "250 2.1.5 Ok"
    assert line.say("DATA") == "354 End data with <CR><LF>.<CR><LF>"
    answer = line.say("Subject: test message\r\nFrom: sender@mydomain.com\r\nHello,\r\nThis is a test.\r\n.")
    assert re.fullmatch(r"250 2\.0\.0 Ok: queued as [0-9A-F]{10}", answer)
    assert line.say("QUIT") == "221 2.0.0 Bye"
    assert line.line() == ""
    (letter,) = mail_lab.inbox("ben")
    assert letter.startswith(
        b"Return-Path: <sender@mydomain.com>\r\nReceived: from mydomain.com ([127.0.0.1])\r\n"
    )
    assert b"with SMTP id" in letter and b"\tfor <ben@lab.test>;\r\n" in letter
    assert letter.endswith(b"Hello,\r\nThis is a test.\r\n")


def test_ehlo_offers_what_the_server_can_do(mail_lab):
    with smtplib.SMTP("localhost", mail_lab.ports.smtp) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(32 * 1024 * 1024)
        assert {"starttls", "8bitmime", "smtputf8", "enhancedstatuscodes", "pipelining", "help"} <= set(
            client.esmtp_features
        )
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN", "CRAM-MD5"]
        client.starttls(context=mail_lab.context)
        client.ehlo()
        assert "starttls" not in client.esmtp_features


def test_a_whole_session_may_be_sent_at_once(mail_lab, wire):
    line = wire(mail_lab.ports.smtp)
    letter = "DATA\r\nSubject: {}\r\n\r\n.\r\n"
    start = "MAIL FROM:<a@b.example>\r\nRCPT TO:<ben@lab.test>\r\nRCPT TO:<nobody@lab.test>\r\n"
    line.send("EHLO x\r\n" + start + letter.format(1) + start + letter.format(2) + "QUIT\r\n")
    line.socket.shutdown(1)
    codes = []
    while reply := line.reply():
        codes.append(reply[:3])
    assert codes == ["220", "250", *["250", "250", "550", "354", "250"] * 2, "221"]
    assert len(mail_lab.inbox("ben")) == 2


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("MAIL FROM:<a@b.example>", "503"),
        ("RCPT TO:<ben@lab.test>", "503"),
        ("DATA", "503"),
        ("AUTH PLAIN", "503"),
        ("EXPN list", "502"),
        ("VRFY <ann@lab.test>", "252"),
        ("HELP", "214"),
        ("HELP MAIL", "214"),
        ("RSET", "250"),
        ("NOOP", "250"),
        ("FLY", "500"),
        ("", "500"),
        ("EHLO", "501"),
    ],
)
def test_every_command_has_an_answer_before_the_greeting(mail_lab, wire, command, code):
    line = wire(mail_lab.ports.smtp)
    line.reply()
    answer = line.say(command)
    assert answer.startswith(code)
    assert re.match(r"\d{3} [245]\.\d{1,3}\.\d{1,3} ", answer)


def test_http_is_shown_the_door(mail_lab, wire):
    line = wire(mail_lab.ports.smtp)
    line.reply()
    assert line.say("GET / HTTP/1.1").startswith("421")
    assert line.line() == ""


def test_lines_errors_and_recipients_are_bounded(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say("NOOP " + "x" * 600).startswith("500 5.5.6")
    assert line.say("NOOP " + "x" * 100_000).startswith("500 5.5.6")
    assert line.say("NOOP").startswith("250")
    answers = [line.say("FLY") for _ in range(18)]
    assert answers[0].startswith("500 5.5.2")
    assert line.reply().startswith("421 4.7.0")
    assert line.line() == ""


def test_connections_are_bounded(mail_lab, wire):
    mail_lab.running.service.sessions._most = 3
    lines = [wire(mail_lab.ports.smtp) for _ in range(4)]
    answers = [line.reply() for line in lines]
    assert sorted(answer[:3] for answer in answers) == ["220", "220", "220", "421"]
    for line in lines:
        line.close()
    wait_until(lambda: len(mail_lab.running.service.sessions) == 0)
    assert wire(mail_lab.ports.smtp).reply().startswith("220")


def test_a_silent_client_is_told_and_sent_away(mail_lab, wire, monkeypatch):
    monkeypatch.setattr(smtp, "IDLE", 0.2)
    line = wire(mail_lab.ports.smtp)
    line.reply()
    assert line.line().startswith("421 4.3.2")
    assert line.line() == ""

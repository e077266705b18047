"""Who may write as whom at the lab's SMTP server, and whom a letter reaches."""

from __future__ import annotations

import base64
import smtplib

import pytest

from accounts import reach
from accounts.models import Server
from tests.servers.smtp.talk import greeted, ready_for_data, signed_in


def test_a_letter_to_an_unknown_user_is_refused_with_550(mail_lab, wire):
    line = greeted(mail_lab, wire)
    line.say("MAIL FROM:<out@elsewhere.example>")
    assert line.say("RCPT TO:<bem@lab.test>").startswith("550 5.1.1 <bem@lab.test>")


@pytest.mark.parametrize(
    "to",
    [
        "<friend@example.net>",
        "<friend@sub.lab.test>",
        "<ben%lab.test@example.net>",
        "<@lab.test:friend@example.net>",
        '<"friend@example.com"@example.org>',
        "<friend@[127.0.0.1]>",
        "<friend@lab.test.example.net>",
    ],
)
@pytest.mark.parametrize("someone", [False, True])
def test_the_server_relays_for_nobody(mail_lab, wire, to, someone):
    line = greeted(mail_lab, wire)
    if someone:
        line.say("AUTH PLAIN " + base64.b64encode(b"\0ann\0lab ann secret").decode())
    assert line.say(f"MAIL FROM:<{'ann@lab.test' if someone else 'out@elsewhere.example'}>").startswith("250")
    assert line.say(f"RCPT TO:{to}").startswith("550 5.7.1")
    assert line.say("DATA").startswith("503 5.5.1")


@pytest.mark.parametrize(
    "to", ["<ben%example.com@lab.test>", "<example.com!ben@lab.test>", '<"ben@example.com"@lab.test>']
)
def test_old_ways_of_routing_are_no_user_here(mail_lab, wire, to):
    line = greeted(mail_lab, wire)
    line.say("MAIL FROM:<>")
    assert line.say(f"RCPT TO:{to}").startswith("550 5.1.1")


@pytest.mark.parametrize(
    "path",
    [
        "friend",
        "<friend@>",
        "<@lab.test>",
        "<a b@lab.test>",
        "<ben@lab.test>x",
        "<ben@lab.test",
        "",
        "<\x01@lab.test>",
    ],
)
def test_what_is_no_path_is_told_as_such(mail_lab, wire, path):
    line = greeted(mail_lab, wire)
    assert line.say(f"MAIL FROM:{path}")[:3] in ("501", "553")
    assert line.say("MAIL FROM:<>").startswith("250")
    assert line.say(f"RCPT TO:{path}")[:3] in ("501", "553")


def test_bytes_that_are_no_utf8_do_not_break_the_server(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say(b"MAIL FROM:<\xff\xfe@lab.test>").startswith("553")
    assert line.say(b"\xff\xfe").startswith("500")
    assert line.say(b"EHLO \xff").startswith("250")
    assert line.say("NOOP").startswith("250")


def test_a_signed_in_person_writes_only_from_own_addresses(mail_lab):
    with signed_in(mail_lab) as client:
        client.ehlo()
        code, text = client.mail("ben@lab.test")
        assert (code, text[:5]) == (553, b"5.7.1")
        assert client.mail("stranger@example.net")[0] == 553
        assert client.mail("ANN@lab.test")[0] == 250


@pytest.mark.parametrize(
    "field",
    [
        "From: ben@lab.test", "from : Ben <BEN@lab.test>", "From: Ann <ann@lab.test>, ben@lab.test",
        "From: ann@lab.test\r\nFrom: ben@lab.test", "From:\r\n Ben\r\n\t<ben@lab.test>", "From: ben",
        "From: =?utf-8?q?Ann?= <sender@mydomain.com>", "Sender: ann@lab.test\r\nFrom: ben@lab.test",
        'From: "ann@lab.test" <ben@lab.test>', "From: ann@lab.test" + "," * 20_000 + "ben@lab.test",
    ],
)  # fmt: skip
def test_nobody_who_signed_in_writes_a_letter_as_another_author(mail_lab, field):
    with signed_in(mail_lab) as client:
        with pytest.raises(smtplib.SMTPDataError) as told:
            client.sendmail("ann@lab.test", ["ann@lab.test"], f"Subject: x\r\n{field}\r\n\r\nhello\r\n")
        assert told.value.smtp_code == 550 and told.value.smtp_error.startswith(b"5.7.1 From: <")
        assert b"ann may not write a letter as this author" in told.value.smtp_error
        assert client.noop()[0] == 250
    assert mail_lab.inbox("ann") == []


@pytest.mark.parametrize(
    "letter",
    [
        "From: Ann <ANN@lab.test>\r\n\r\nhello", "Subject: no author\r\n\r\nFrom: ben@lab.test", "no header",
        'From: "ben@lab.test" <ann@lab.test>\r\n\r\nhello', "Subject: x\r\nHello,\r\nFrom: ben@lab.test\r\n",
        "Reply-To: ben@lab.test\r\nFrom: ann@lab.test\r\n\r\nhello", "From:\r\n\r\nhello", "",
        "From: ann@lab.test " + "(" * 5000 + "ben@lab.test\r\n\r\na comment names nobody",
    ],
)  # fmt: skip
def test_an_own_author_or_none_is_taken(mail_lab, letter):
    with signed_in(mail_lab) as client:
        client.sendmail("ann@lab.test", ["ann@lab.test"], letter)
    assert len(mail_lab.inbox("ann")) == 1


def test_a_stranger_and_a_lesson_write_as_whom_they_like(mail_lab, wire):
    letter = "From: Tom <tom@lab.test>\r\n\r\nhello\r\n."
    assert ready_for_data(mail_lab, wire).say(letter).startswith("250")  # a server cannot know strangers
    Server.objects.filter(protocol="smtp").update(any_sender=True)
    with signed_in(mail_lab) as client:
        client.sendmail("ann@lab.test", ["ben@lab.test"], letter.removesuffix("."))
    assert len(mail_lab.inbox("ben")) == 2


def test_an_address_of_the_lab_needs_a_sign_in(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say("MAIL FROM:<ann@lab.test>").startswith("530 5.7.1")
    assert line.say("MAIL FROM:<ghost@LAB.test>").startswith("530 5.7.1")


def test_an_admin_can_open_forged_senders_for_a_lesson(mail_lab, wire):
    Server.objects.filter(protocol="smtp").update(any_sender=True)
    line = greeted(mail_lab, wire)

    assert line.say("MAIL FROM:<ann@lab.test>").startswith("250")
    assert line.say("RCPT TO:<friend@example.net>").startswith("550 5.7.1")


def test_postmaster_is_an_admin(mail_lab, wire):
    line = greeted(mail_lab, wire)
    line.say("MAIL FROM:<>")
    assert line.say("RCPT TO:<Postmaster>").startswith("250")
    assert line.say("RCPT TO:<postmaster@lab.test>").startswith("250")
    line.say("DATA")
    assert line.say("Subject: x\r\n\r\n.").startswith("250")
    (letter,) = mail_lab.inbox("root")
    assert letter.startswith(b"Return-Path: <>\r\n")


def test_smtputf8_carries_addresses_beyond_ascii(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say("MAIL FROM:<ngọc@ví-dụ.example>").startswith("553 5.6.7")
    assert line.say("MAIL FROM:<ngọc@ví-dụ.example> SMTPUTF8").startswith("250")
    line.say("RCPT TO:<ben@lab.test>")
    line.say("DATA")
    assert line.say("Subject: chào\r\n\r\n.").startswith("250")
    assert "Return-Path: <ngọc@ví-dụ.example>".encode() in mail_lab.inbox("ben")[0]


def test_the_courses_addresses_are_at_home_in_the_lab(mail_lab, wire):
    mail_lab.person("friend")
    line = greeted(mail_lab, wire)
    assert line.say("MAIL FROM:<sender@mydomain.com>").startswith("250")
    assert line.say("RCPT TO:<friend@example.com>").startswith("250")
    assert line.say("DATA").startswith("354")
    assert line.say("Subject: test message\r\n\r\nHello,\r\n.").startswith("250")
    [letter] = mail_lab.inbox("friend")
    assert b"Return-Path: <sender@mydomain.com>" in letter
    for protocol, name in (("smtp", "www.example.com"), ("smtp", "example.com")):
        assert reach.find(name, protocol).lab

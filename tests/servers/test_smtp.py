"""Conversations with the lab's SMTP server."""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts import reach
from accounts.models import Server, User
from servers import smtp
from tests.servers.embedded import wait_until

LETTER = b"Subject: test message\r\nFrom: ann@lab.test\r\nTo: ben@lab.test\r\n\r\nHello,\r\n.dot\r\n"


def signed_in(lab, name="ann"):
    client = smtplib.SMTP("localhost", lab.ports.smtp, timeout=10)
    client.starttls(context=lab.context)
    client.login(name, lab.passwords[name])
    return client


def greeted(lab, wire, name="EHLO me.example"):
    line = wire(lab.ports.smtp)
    assert line.reply().startswith("220")
    assert line.say(name).startswith("250")
    return line


def ready_for_data(lab, wire):
    line = greeted(lab, wire)
    assert line.say("MAIL FROM:<out@elsewhere.example>").startswith("250")
    assert line.say("RCPT TO:<ben@lab.test>").startswith("250")
    assert line.say("DATA").startswith("354")
    return line


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


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM_MD5"])
@pytest.mark.parametrize("user", ["ann", "ann@lab.test", "Ann@Lab.Test"])
def test_every_mechanism_signs_in_by_name_or_address(mail_lab, mechanism, user):
    with smtplib.SMTP("localhost", mail_lab.ports.smtp) as client:
        client.ehlo()
        client.user, client.password = user, mail_lab.passwords["ann"]
        method = getattr(client, f"auth_{mechanism.lower()}")
        code, text = client.auth(mechanism.replace("_", "-"), method)
        assert code == 235
        assert b"without TLS" in text


def test_implicit_tls_shows_a_certificate_that_the_ca_signed(mail_lab):
    with smtplib.SMTP_SSL("localhost", mail_lab.ports.smtps, context=mail_lab.context) as client:
        client.ehlo()
        assert "starttls" not in client.esmtp_features
        client.login("ann", mail_lab.passwords["ann"])
        client.sendmail("ann@lab.test", ["ben@lab.test"], LETTER)
    assert b"with ESMTPSA id" in mail_lab.inbox("ben")[0]


@pytest.mark.parametrize("password", ["wrong", "", "\0", "ü" * 100])
def test_a_wrong_password_is_refused_with_535(mail_lab, wire, password):
    line = greeted(mail_lab, wire)
    secret = base64.b64encode(b"\0ann\0" + password.encode()).decode()
    answer = line.say(f"AUTH PLAIN {secret}")
    assert answer.startswith("501 5.5.2" if password == "\0" else "535 5.7.8")
    assert line.say("NOOP").startswith("250")


def test_sign_in_can_be_given_up_and_garbage_is_told(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say("AUTH LOGIN") == "334 VXNlcm5hbWU6"
    assert line.say("*").startswith("501 5.5.2")
    assert line.say("AUTH PLAIN !!!").startswith("501 5.5.2")
    assert line.say("AUTH GSSAPI").startswith("504 5.5.4")
    assert line.say("auth plain " + base64.b64encode(b"\0ann\0lab ann secret").decode()).startswith("235")
    assert line.say("AUTH PLAIN").startswith("503 5.5.1")


def test_nobody_signs_in_as_somebody_else(mail_lab, wire):
    line = greeted(mail_lab, wire)
    secret = base64.b64encode(b"ben\0ann\0lab ann secret").decode()
    assert line.say(f"AUTH PLAIN {secret}").startswith("535")


def test_a_disabled_person_is_refused_and_gets_no_mail(mail_lab, wire):
    ann = User.objects.get(username="ann")
    ann.is_active = False
    ann.save()
    line = greeted(mail_lab, wire)
    secret = base64.b64encode(b"\0ann\0lab ann secret").decode()

    def refused():
        return line.say(f"AUTH PLAIN {secret}").startswith("535")

    wait_until(refused, 3)
    line.say("MAIL FROM:<>")
    assert line.say("RCPT TO:<ann@lab.test>").startswith("550 5.2.1")


def test_an_open_session_of_a_disabled_person_is_closed_within_two_seconds(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say("AUTH PLAIN " + base64.b64encode(b"\0ann\0lab ann secret").decode()).startswith("235")
    began = time.monotonic()
    User.objects.filter(username="ann").update(is_active=False)
    assert line.line().startswith("421 4.3.2")
    assert time.monotonic() - began < 2
    assert line.line() == ""


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


def test_smtputf8_carries_addresses_beyond_ascii(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say("MAIL FROM:<ngọc@ví-dụ.example>").startswith("553 5.6.7")
    assert line.say("MAIL FROM:<ngọc@ví-dụ.example> SMTPUTF8").startswith("250")
    line.say("RCPT TO:<ben@lab.test>")
    line.say("DATA")
    assert line.say("Subject: chào\r\n\r\n.").startswith("250")
    assert "Return-Path: <ngọc@ví-dụ.example>".encode() in mail_lab.inbox("ben")[0]


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


def test_what_was_said_before_starttls_is_forgotten(mail_lab, wire):
    line = greeted(mail_lab, wire)
    line.say("AUTH PLAIN " + base64.b64encode(b"\0ann\0lab ann secret").decode())
    line.send("STARTTLS\r\nMAIL FROM:<evil@injected.example>\r\n")
    assert line.reply().startswith("220")
    line.secure(mail_lab.context)
    assert line.say("MAIL FROM:<a@b.example>").startswith("503")
    assert line.say("EHLO x").startswith("250")
    assert line.say("STARTTLS").startswith("503")
    assert line.say("MAIL FROM:<ann@lab.test>").startswith("530")


def test_a_tls_handshake_that_is_none_ends_only_that_connection(mail_lab, wire):
    line = greeted(mail_lab, wire)
    assert line.say("STARTTLS").startswith("220")
    line.send(b"this is no handshake\r\n" * 10)
    assert line.socket.recv(1000)[:1] in (b"", b"\x15")
    assert greeted(mail_lab, wire).say("NOOP").startswith("250")


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


def test_the_database_being_away_is_told_with_454(mail_lab, wire):
    line = greeted(mail_lab, wire)
    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE accounts_login RENAME TO accounts_login_away")
    try:
        secret = base64.b64encode(b"\0ann\0wrong").decode()
        wait_until(lambda: line.say(f"AUTH PLAIN {secret}").startswith("454 4.7.0"), 5)
    finally:
        with connection.schema_editor() as editor:
            editor.execute("ALTER TABLE accounts_login_away RENAME TO accounts_login")


def test_a_silent_client_is_told_and_sent_away(mail_lab, wire, monkeypatch):
    monkeypatch.setattr(smtp, "IDLE", 0.2)
    line = wire(mail_lab.ports.smtp)
    line.reply()
    assert line.line().startswith("421 4.3.2")
    assert line.line() == ""


def test_many_write_at_once_and_every_letter_arrives(mail_lab):
    def write(number):
        with smtplib.SMTP("127.0.0.1", mail_lab.ports.smtp, timeout=30) as client:
            for _ in range(4):
                client.sendmail("out@elsewhere.example", ["ann@lab.test", "ben@lab.test"], LETTER)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(40)))
    assert len(mail_lab.inbox("ann")) == len(mail_lab.inbox("ben")) == 160


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


def test_the_certificate_names_the_labs_other_names(mail_lab):
    mail_lab.do(mail_lab.running.renew())
    with (
        socket.create_connection(("127.0.0.1", mail_lab.ports.smtps), timeout=10) as plain,
        mail_lab.context.wrap_socket(plain, server_hostname="www.example.com") as secured,
    ):
        assert secured.version()

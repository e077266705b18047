"""Signing in at the lab's SMTP server, and TLS on the way there."""

from __future__ import annotations

import base64
import smtplib
import socket
import time

import pytest
from django.db import connection

from accounts.models import User
from tests.servers.embedded import wait_until
from tests.servers.smtp.talk import LETTER, greeted


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


def test_the_certificate_names_the_labs_other_names(mail_lab):
    mail_lab.do(mail_lab.running.renew())
    with (
        socket.create_connection(("127.0.0.1", mail_lab.ports.smtps), timeout=10) as plain,
        mail_lab.context.wrap_socket(plain, server_hostname="www.example.com") as secured,
    ):
        assert secured.version()

"""Signing in at the lab's IMAP server, by raw lines and by imaplib, and TLS on the way there."""

import base64
import hashlib
import hmac
import imaplib

import pytest

from accounts.models import User


def test_the_greeting_says_what_the_server_can_do(talk):
    for word in (
        "IMAP4rev1",
        "LITERAL+",
        "IDLE",
        "UIDPLUS",
        "MOVE",
        "STARTTLS",
        "SPECIAL-USE",
        "AUTH=CRAM-MD5",
    ):
        assert word in talk.greeting
    assert talk.ask("LOGOUT")[0].startswith("* BYE")
    assert talk.line() == ""


def test_a_wrong_password_is_refused_and_says_where_the_right_one_stands(talk):
    assert talk.ask("LOGIN ann wrong")[-1].startswith("a NO [AUTHENTICATIONFAILED]")
    assert "home page" in talk.ask("LOGIN ann wrong")[-1]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_every_mechanism_signs_in(talk, mail_lab, mechanism):
    password = mail_lab.passwords["ann"]

    def b64(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    talk.send(f"a AUTHENTICATE {mechanism}\r\n")
    challenge = base64.b64decode(talk.line()[2:])
    if mechanism == "PLAIN":
        talk.send(b64(f"\0ann\0{password}") + "\r\n")
    elif mechanism == "LOGIN":
        talk.send(b64("ann") + "\r\n")
        talk.line()
        talk.send(b64(password) + "\r\n")
    else:
        talk.send(b64("ann " + hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()) + "\r\n")
    assert talk.until()[-1].startswith("a OK")


def test_starttls_begins_a_new_conversation_and_forgets_what_was_slipped_in(talk, mail_lab):
    talk.send("a STARTTLS\r\nb LOGIN ann stolen\r\n")
    assert talk.until()[-1].startswith("a OK")
    talk.secure(mail_lab.context)
    lines = talk.ok("CAPABILITY")
    assert "STARTTLS" not in lines[0]
    assert not any(line.startswith("b ") for line in lines)
    talk.ok(f'LOGIN ann "{mail_lab.passwords["ann"]}"')


def test_implicit_tls_works(mail_lab):
    client = imaplib.IMAP4_SSL("localhost", mail_lab.ports.imaps, ssl_context=mail_lab.context)
    assert client.login("ann", mail_lab.passwords["ann"])[0] == "OK"
    client.logout()


def test_a_disabled_person_is_shown_out(ann, mail_lab):
    talk = ann()
    person = User.objects.get(username="ann")
    person.is_active = False
    person.save()
    talk.socket.settimeout(15)
    assert talk.line().startswith("* BYE")

"""SMTP, POP3 and IMAP over one store, one list of logins and one certificate."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import time

from accounts.models import User
from tests.servers.embedded import wait_until

LETTER = b"From: ann@lab.test\r\nSubject: news\r\n\r\nhello\r\n"


def imap(lab, name):
    client = imaplib.IMAP4("localhost", lab.ports.imap, timeout=10)
    client.starttls(lab.context)
    client.login(name, lab.passwords[name])
    return client


def send(lab, raw=LETTER):
    with smtplib.SMTP("localhost", lab.ports.smtp, timeout=10) as client:
        client.starttls(context=lab.context)
        client.login("ann", lab.passwords["ann"])
        client.sendmail("ann@lab.test", ["ben@lab.test"], raw)


def test_a_letter_by_smtp_is_told_to_an_idle_imap_client_and_counted_by_pop3(mail_lab):
    client = imap(mail_lab, "ben")
    client.select()
    client.send(b"X1 IDLE\r\n")
    assert client.readline().startswith(b"+")
    send(mail_lab)
    assert client.readline() == b"* 1 EXISTS\r\n"
    client.send(b"DONE\r\n")
    while not client.readline().startswith(b"X1 OK"):
        pass
    assert client.fetch("1", "(BODY[TEXT])")[1][0][1] == b"hello\r\n"
    pop = poplib.POP3_SSL("localhost", mail_lab.ports.pop3s, context=mail_lab.context)
    pop.user("ben")
    pop.pass_(mail_lab.passwords["ben"])
    assert pop.stat()[0] == 1
    pop.dele(1)
    pop.quit()
    wait_until(lambda: client.noop() and client.response("EXPUNGE")[1] != [None])
    client.logout()


def test_an_imap_session_of_a_disabled_person_is_closed_within_two_seconds(mail_lab):
    client = imap(mail_lab, "ben")
    began = time.monotonic()
    User.objects.filter(username="ben").update(is_active=False)
    assert client.readline().startswith(b"* BYE")
    assert time.monotonic() - began < 2
    client.shutdown()


def test_25_mib_go_the_whole_way(mail_lab):
    raw = b"Subject: big\r\n\r\n" + (b"x" * 76 + b"\r\n") * 336_000
    send(mail_lab, raw)
    client = imap(mail_lab, "ben")
    client.select()
    assert client.fetch("1", "(BODY.PEEK[TEXT])")[1][0][1] == raw.partition(b"\r\n\r\n")[2]
    client.logout()

"""SMTP by hand and by smtplib: how far a dialogue has come when a test begins."""

from __future__ import annotations

import smtplib

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

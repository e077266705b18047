"""Conversations with the lab's POP3 server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import poplib
import time

import pytest

from accounts.models import User
from servers import pop3
from servers.pop3 import stuffed, top
from tests.servers.embedded import wait_until

ONE = b"Subject: one\r\n\r\nfirst\r\n.dotted\r\n..\r\nlast\r\n"
TWO = b"Subject: two\r\n\r\nx\r\n"


def put(lab, name, *letters):
    folder = lab.running.service.store.home(str(User.objects.get(username=name).pk)).folder("INBOX")
    return [folder.deliver(raw) for raw in letters]


def entered(lab, name="ann", secure=True):
    client = poplib.POP3("localhost", lab.ports.pop3, timeout=10)
    if secure:
        client.stls(lab.context)
    client.user(name)
    client.pass_(lab.passwords[name])
    return client


def test_the_courses_commands_run(mail_lab, wire):
    put(mail_lab, "ann", ONE, TWO)
    line = wire(mail_lab.ports.pop3)
    assert line.line().startswith("+OK netlab POP3 server ready <")
    assert line.say("USER ann").startswith("+OK")
    assert line.say("PASS lab ann secret") == (
        "+OK ann has 2 messages, 61 octets (without TLS: the password could be read on the way)"
    )
    assert line.say("STAT") == "+OK 2 61"
    line.send("LIST\r\n")
    assert line.listing() == ["+OK 2 messages, 61 octets", "1 42", "2 19"]
    assert line.say("LIST 2") == "+OK 2 19"
    line.send("RETR 2\r\n")
    assert line.listing() == ["+OK 19 octets", "Subject: two", "", "x"]
    assert line.say("DELE 1").startswith("+OK")
    assert line.say("NOOP") == "+OK"
    assert line.say("RSET") == "+OK 2 messages, 61 octets"
    assert line.say("DELE 2").startswith("+OK")
    assert line.say("QUIT") == "+OK goodbye (1 deleted)"
    assert line.line() == ""
    assert mail_lab.inbox("ann") == [ONE]


def test_what_dele_marks_stays_when_the_line_is_lost(mail_lab):
    put(mail_lab, "ann", ONE)
    client = entered(mail_lab)
    client.dele(1)
    client.close()
    wait_until(lambda: len(mail_lab.running.service.sessions) == 0)
    assert mail_lab.inbox("ann") == [ONE]


def test_dots_come_back_as_they_were(mail_lab):
    put(mail_lab, "ann", ONE)
    client = entered(mail_lab)
    _, lines, _ = client.retr(1)
    assert b"\r\n".join(lines) + b"\r\n" == ONE
    client.quit()


def test_apop_signs_in_with_the_digest_of_the_greetings_word(mail_lab, wire):
    client = poplib.POP3("localhost", mail_lab.ports.pop3)
    assert client.apop("ann", mail_lab.passwords["ann"]).startswith(b"+OK ann has 0 messages")
    client.quit()
    line = wire(mail_lab.ports.pop3)
    line.line()
    wrong = hashlib.md5(b"<another@word>lab ann secret").hexdigest()
    assert line.say(f"APOP ann {wrong}").startswith("-ERR [AUTH]")


@pytest.mark.parametrize("user", ["ann", "ann@lab.test"])
def test_auth_signs_in_by_every_mechanism(mail_lab, wire, user):
    secret = base64.b64encode(f"\0{user}\0lab ann secret".encode()).decode()
    line = wire(mail_lab.ports.pop3)
    line.line()
    assert line.say(f"AUTH PLAIN {secret}").startswith("+OK")
    line.say("QUIT")
    line = wire(mail_lab.ports.pop3)
    line.line()
    assert line.say("AUTH PLAIN") == "+ "
    assert line.say(secret).startswith("+OK")
    line.say("QUIT")
    line = wire(mail_lab.ports.pop3)
    line.line()
    challenge = base64.b64decode(line.say("AUTH CRAM-MD5").removeprefix("+ "))
    digest = hmac.digest(b"lab ann secret", challenge, "md5").hex()
    assert line.say(base64.b64encode(f"{user} {digest}".encode())).startswith("+OK")
    line.say("QUIT")


def test_capa_tells_what_there_is_before_and_in_tls(mail_lab):
    client = poplib.POP3("localhost", mail_lab.ports.pop3)
    capabilities = client.capa()
    assert capabilities["SASL"] == ["PLAIN", "LOGIN", "CRAM-MD5"]
    assert {"TOP", "USER", "UIDL", "STLS", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"} <= set(capabilities)
    client.stls(mail_lab.context)
    assert "STLS" not in client.capa()
    client.quit()


def test_implicit_tls_works(mail_lab):
    client = poplib.POP3_SSL("localhost", mail_lab.ports.pop3s, context=mail_lab.context)
    client.user("ann")
    assert b"without TLS" not in client.pass_(mail_lab.passwords["ann"])
    client.quit()


def test_a_mailbox_is_held_by_one_connection(mail_lab):
    first = entered(mail_lab)
    second = poplib.POP3("localhost", mail_lab.ports.pop3, timeout=10)
    second.user("ann")
    with pytest.raises(poplib.error_proto, match="IN-USE"):
        second.pass_(mail_lab.passwords["ann"])
    second.quit()
    first.quit()
    wait_until(lambda: len(mail_lab.running.service.sessions) <= 1)
    entered(mail_lab).quit()


def test_a_wrong_password_is_refused_after_a_while_and_another_try_is_free(mail_lab):
    client = poplib.POP3("localhost", mail_lab.ports.pop3)
    client.user("ann")
    began = time.monotonic()
    with pytest.raises(poplib.error_proto, match="AUTH"):
        client.pass_("wrong")
    assert time.monotonic() - began >= 0.5
    client.user("ann")
    assert client.pass_(mail_lab.passwords["ann"])
    client.quit()


def test_a_unique_id_stays_with_its_message(mail_lab):
    put(mail_lab, "ann", ONE, TWO)
    client = entered(mail_lab)
    _, before, _ = client.uidl()
    client.dele(1)
    client.quit()
    wait_until(lambda: len(mail_lab.running.service.sessions) == 0)
    client = entered(mail_lab)
    _, after, _ = client.uidl()
    assert after == [b"1 " + before[1].split()[1]]
    client.quit()


def test_top_gives_the_header_and_some_lines(mail_lab, wire):
    put(mail_lab, "ann", ONE)
    client = entered(mail_lab)
    assert client.top(1, 0)[1] == [b"Subject: one", b""]
    assert client.top(1, 2)[1] == [b"Subject: one", b"", b"first", b".dotted"]
    assert client.top(1, 99)[1] == ONE.removesuffix(b"\r\n").split(b"\r\n")
    client.quit()


def test_a_message_that_another_program_removed_is_told(mail_lab):
    (uid, _) = put(mail_lab, "ann", ONE, TWO)
    client = entered(mail_lab)
    mail_lab.running.service.store.home(str(User.objects.get(username="ann").pk)).folder("INBOX").expunge(
        [uid]
    )
    with pytest.raises(poplib.error_proto, match="removed meanwhile"):
        client.retr(1)
    assert client.retr(2)[1][0] == b"Subject: two"
    client.dele(1)
    client.quit()


@pytest.mark.parametrize(
    "command",
    [
        "STAT",
        "LIST",
        "RETR 1",
        "DELE 1",
        "UIDL",
        "TOP 1 1",
        "RSET",
        "NOOP",
        "FLY",
        "",
        "PASS x",
        "USER",
        "USER a b",
        "APOP x",
    ],
)
def test_before_signing_in_these_are_refused(mail_lab, wire, command):
    line = wire(mail_lab.ports.pop3)
    line.line()
    assert line.say(command).startswith("-ERR")
    assert line.say("QUIT").startswith("+OK")


@pytest.mark.parametrize(
    "command",
    [
        "RETR",
        "RETR 0",
        "RETR 3",
        "RETR -1",
        "RETR x",
        "RETR ١",
        "DELE 99999999999",
        "TOP 1",
        "TOP 1 -1",
        "USER ann",
        "STLS x",
    ],
)
def test_signed_in_these_are_refused_and_the_session_goes_on(mail_lab, wire, command):
    put(mail_lab, "ann", ONE)
    line = wire(mail_lab.ports.pop3)
    line.line()
    line.say("USER ann")
    line.say("PASS lab ann secret")
    assert line.say(command).startswith("-ERR")
    assert line.say("STAT") == "+OK 1 42"
    assert line.say("DELE 1").startswith("+OK")
    assert line.say("RETR 1").startswith("-ERR")
    assert line.say("DELE 1").startswith("-ERR")
    assert line.say("STAT") == "+OK 0 0"


def test_a_whole_session_may_be_sent_at_once(mail_lab, wire):
    put(mail_lab, "ann", TWO)
    line = wire(mail_lab.ports.pop3)
    line.send("CAPA\r\nUSER ann\r\nPASS lab ann secret\r\nSTAT\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n")
    heard = []
    while answer := line.line() or line.line():
        heard.append(answer)
    assert heard[-1] == "+OK goodbye (1 deleted)"
    assert mail_lab.inbox("ann") == []


def test_what_was_said_before_stls_is_forgotten(mail_lab, wire):
    line = wire(mail_lab.ports.pop3)
    line.line()
    line.say("USER ann")
    line.send("STLS\r\nPASS lab ann secret\r\n")
    assert line.line().startswith("+OK")
    line.secure(mail_lab.context)
    assert line.say("PASS lab ann secret") == "-ERR USER comes first"


def test_long_and_binary_lines_end_in_an_error_not_in_a_crash(mail_lab, wire):
    line = wire(mail_lab.ports.pop3)
    line.line()
    assert line.say("USER " + "x" * 300).startswith("-ERR")
    assert line.say(b"\xff\x00\xfe").startswith("-ERR")
    assert line.say(b"USER \xff\xfe").startswith("+OK")
    assert line.say(b"PASS \xff\xfe").startswith("-ERR [AUTH]")
    line.send(b"x" * 100_000)
    assert line.line().startswith("-ERR")


def test_an_open_session_of_a_disabled_person_is_closed_within_two_seconds(mail_lab):
    client = entered(mail_lab)
    began = time.monotonic()
    User.objects.filter(username="ann").update(is_active=False)
    assert client.file.readline().startswith(b"-ERR [SYS/TEMP]")
    assert time.monotonic() - began < 2
    client.close()


def test_stuffing_and_top_at_their_edges():
    assert stuffed(b"") == b".\r\n"
    assert stuffed(b".") == b"..\r\n.\r\n"
    assert stuffed(b"a\r\n.\r\n") == b"a\r\n..\r\n.\r\n"
    assert top(b"A: b\r\n", 5) == b"A: b\r\n"
    assert top(b"A: b\r\n\r\nx\r\ny", 1) == b"A: b\r\n\r\nx\r\n"
    assert top(b"A: b\r\n\r\nx\r\ny", 2) == b"A: b\r\n\r\nx\r\ny"
    assert top(b"A: b\r\n\r\nx\r\n", 0) == b"A: b\r\n\r\n"


def test_a_silent_client_is_sent_away_and_nothing_is_deleted(mail_lab, monkeypatch):
    put(mail_lab, "ann", ONE)
    client = entered(mail_lab)
    monkeypatch.setattr(pop3, "IDLE", 0.2)
    client.dele(1)
    assert client.file.readline().startswith(b"-ERR [SYS/TEMP] nothing was said")
    client.close()
    wait_until(lambda: len(mail_lab.running.service.sessions) == 0)
    assert mail_lab.inbox("ann") == [ONE]

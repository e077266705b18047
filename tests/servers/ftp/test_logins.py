"""Who is let in, by what certificate, and when it ends: guests, TLS, wrong passwords, persons disabled and deleted."""

from __future__ import annotations

import socket
import ssl
import time

from accounts.models import Server, User
from tests.servers.embedded import wait_until
from tests.servers.ftp.talk import Talk


def test_guests_go_when_the_server_is_taken_out_of_use_and_come_back_with_it(talk):
    one = talk("anonymous")
    Server.objects.filter(protocol="ftp").update(enabled=False)
    assert one.hear() == "421 This server was taken out of use."
    later = talk()
    assert later.sign_in("anonymous", "x@example.com") == "530 This server was taken out of use."
    Server.objects.filter(protocol="ftp").update(enabled=True)
    wait_until(lambda: later.sign_in("anonymous", "x@example.com").startswith("230"))
    assert later.say("PWD").startswith("257")


def test_tls_begins_anew_and_words_behind_auth_are_not_taken_for_words_inside(talk, mail_lab):
    one = talk("ann")
    one.send(b"AUTH TLS\r\nMKD smuggled\r\n")
    assert one.hear().startswith("234")
    one._file.close()
    one._wrap(mail_lab.context)
    one._file = one.socket.makefile("rb")
    assert one.say("PWD").startswith("530")
    assert one.sign_in("ann", mail_lab.passwords["ann"]) == "230 User ann logged in."
    assert one.say("PROT P").startswith("503") and one.say("PBSZ 0")[0] == one.say("PROT P")[0] == "2"
    assert one.fetch("NLST")[1].startswith("226")
    assert one.say("PROT S").startswith("5") and one.say("AUTH TLS").startswith("503")


def test_implicit_tls_greets_inside(mail_lab):
    one = Talk(mail_lab.ports.ftps, mail_lab.context)
    assert one.greeting.startswith("220") and one.sign_in("ann", mail_lab.passwords["ann"]).startswith("230")
    one.say("PBSZ 0"), one.say("PROT P")
    assert one.fetch("MLSD")[1].startswith("226") and one.reused
    one.close()


def test_a_renewed_certificate_is_shown_to_the_next_one_and_the_open_one_goes_on(talk, mail_lab):
    def shown() -> bytes:
        raw = ssl.create_default_context(cadata=mail_lab.running.authority.pem)
        plain = socket.create_connection(("127.0.0.1", mail_lab.ports.ftps), timeout=10)
        with raw.wrap_socket(plain, server_hostname="localhost") as tls:
            return tls.getpeercert(binary_form=True)

    one, before = talk("ann", tls=True), shown()
    assert mail_lab.running.authority.renew(["localhost", "127.0.0.1", "ftp.vnd.net"])
    assert shown() != before
    assert one.fetch("MLSD")[1].startswith("226") and one.reused


def test_a_wrong_password_is_slow_and_the_third_ends_it(talk, mail_lab):
    one, began = talk(), time.monotonic()
    assert one.sign_in("ann", "wrong") == "530 The user name or the password is wrong."
    assert one.sign_in("nobody", "wrong").startswith("530")
    assert one.sign_in("ann", "wrong").endswith("Goodbye.") and one.hear() == ""
    assert time.monotonic() - began > 1.5
    other = talk("ann")
    assert other.say("PASS x").startswith("503") and other.say("USER ben").startswith("331")
    assert other.say("PWD").startswith("530")


def test_a_disabled_persons_session_ends_within_two_seconds_with_its_transfer(talk, home):
    idle, busy = talk("ann"), talk("ann")
    busy.say("TYPE I")
    (home("ann") / "big").write_bytes(bytes(50_000_000))
    data = busy.passive()
    busy.say("RETR big")
    data.recv(1000)
    began = time.monotonic()
    User.objects.filter(username="ann").update(is_active=False)
    assert idle.hear() == "421 Your login was closed."
    assert busy.hear().startswith("421") and time.monotonic() - began < 2
    data.settimeout(5)
    got = 0
    try:
        while piece := data.recv(1 << 20):
            got += len(piece)
    except ConnectionError:
        pass
    data.close()
    assert got < 50_000_000
    again = talk()
    assert again.sign_in("ann", "whatever").startswith("530")


def test_a_deleted_persons_files_go(talk, home, mail_lab):
    one = talk("ben")
    folder = home("ben")
    one.say("TYPE I")
    one.store("STOR a", b"x")
    User.objects.filter(username="ben").delete()
    assert one.hear().startswith("421")
    wait_until(lambda: not folder.exists())

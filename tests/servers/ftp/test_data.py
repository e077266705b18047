"""Data connections: passive and active, stopped, broken, never agreed on, and with strangers at the door."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.servers.embedded import wait_until
from tests.servers.ftp.talk import space


def test_what_is_said_during_a_transfer_waits_for_its_end(talk, home):
    one = talk("ann")
    one.say("TYPE I")
    data = one.passive()
    one.send(b"STOR a\r\nPWD\r\n")
    assert one.hear()[0] == "1"
    data.sendall(b"x" * 10)
    data.close()
    assert one.hear().startswith("226") and one.hear().startswith("257")


def test_abor_stops_a_transfer_and_the_session_goes_on(talk, home):
    one = talk("ann")
    one.say("TYPE I")
    (home("ann") / "big").write_bytes(bytes(30_000_000))
    data = one.passive()
    one.say("RETR big")
    data.recv(1000)
    one.send(b"\xff\xf4\xff\xf2ABOR\r\n")
    assert one.hear().startswith("426") and one.hear().startswith("226")
    data.close()
    assert one.say("ABOR").startswith("225") and one.say("PWD").startswith("257")
    data = one.passive()
    assert one.say("STOR new").startswith("1")
    assert one.say("ABOR").startswith("426") and one.hear().startswith("226")
    data.close()
    assert not (home("ann") / "new").exists()


@pytest.mark.parametrize("tls", [False, True])
def test_an_upload_that_breaks_is_told_and_what_came_is_counted(talk, home, mail_lab, tls):
    one = talk("ann", tls)
    one.say("TYPE I")
    data = one.passive()
    one.say("STOR half")
    data = one._secured(data)
    data.sendall(b"x" * 5000)
    wait_until(lambda: (home("ann") / "half").stat().st_size == 5000)
    data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    data.close()
    assert one.hear().startswith("426 The data connection broke after 5000 bytes")
    assert space(mail_lab, home("ann")).used == 5000


def test_without_an_agreement_on_the_data_connection_nothing_begins(talk, home):
    one = talk("ann")
    (home("ann") / "a").write_text("kept")
    for command in ("LIST", "NLST", "MLSD", "RETR a", "STOR a"):
        assert one.say(command).startswith("425")
    assert (home("ann") / "a").read_text() == "kept"


def test_active_mode_brings_data_to_the_client_only(talk):
    one = talk("anonymous")
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        assert one.say(f"PORT 127,0,0,1,{port // 256},{port % 256}").startswith("200")
        assert one.say("NLST").startswith("150")
        data, _ = door.accept()
        assert b"project.dat" in data.makefile("rb").read() and one.hear().startswith("226")
        assert one.say(f"EPRT |1|127.0.0.1|{port}|").startswith("200")
        assert one.say("NLST").startswith("150")
        door.accept()[0].close()
    assert one.hear()[:3] in ("226", "426")
    assert one.say(f"PORT 127,0,0,1,{port // 256},{port % 256}").startswith("200")
    assert one.say("NLST").startswith("150") and one.hear().startswith("425 Nobody answers")
    for bounce in (
        "PORT 10,0,0,1,200,1",
        "EPRT |1|192.0.2.1|2000|",
        "PORT 127,0,0,2,200,1",
        "PORT 127,0,0,1,0,25",
    ):
        assert one.say(bounce).startswith("501"), bounce
    for wrong in ("PORT 1,2,3", "EPRT |9|x|y|", "PORT 300,0,0,1,2,3"):
        assert one.say(wrong)[0] == "5"


def test_a_stranger_at_the_data_port_is_turned_away(talk):
    one = talk("anonymous")
    said = one.say("EPSV")
    port = int(said.split("|||")[1].split("|")[0])
    with socket.create_connection(
        ("127.0.0.1", port), source_address=("127.0.0.9", 0), timeout=5
    ) as stranger:
        assert stranger.recv(1) == b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as data:
        assert one.say("NLST")[0] == "1"
        assert b"project.dat" in data.makefile("rb").read()
    assert one.hear().startswith("226")


def test_passive_ports_are_those_that_were_set(talk):
    one = talk("anonymous")
    for _ in range(5):
        assert int(one.say("EPSV").split("|||")[1].split("|")[0]) in range(40_000, 42_000)


def test_with_every_passive_port_taken_the_client_hears_so_and_the_session_goes_on(
    talk, mail_lab, monkeypatch
):
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = [door.getsockname()[1] for door in taken]
    monkeypatch.setattr(mail_lab.running.ftp._handler, "passive_ports", ports)
    one = talk("anonymous")
    for how in ("EPSV", "PASV"):
        assert one.say(how).startswith("425 All ports")
    assert one.say("NLST").startswith("425 Where")
    free = taken.pop()
    free.close()
    data = one.passive()
    assert one.say("NLST").startswith("1") and b"project.dat" in data.makefile("rb").read()
    assert one.hear().startswith("226")
    for door in taken:
        door.close()


def test_a_client_that_vanishes_in_the_midst_leaves_nothing_open(talk, home, mail_lab):
    before = len(mail_lab.running.service.sessions)
    for tls in (False, True):
        one = talk("ann", tls)
        data = one.passive()
        one.say("STOR x")
        one.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
        data.close()
    wait_until(lambda: len(mail_lab.running.service.sessions) == before)
    wait_until(lambda: not mail_lab.running.ftp.spaces._spaces)

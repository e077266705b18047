"""Conversations with the lab's FTP server, line by line."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import ssl
import struct
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import Server, User
from protocols.ftp.commands import commands
from protocols.ftp.listing import Listing, parse_facts
from servers.ftp import samples
from tests.servers.embedded import wait_until
from tests.servers.ftp.talk import Talk


def names(raw: bytes, how: str = "MLSD") -> list[str]:
    listing = Listing(how)
    return sorted(entry.name for entry in listing.feed(raw) + listing.close())


def test_the_courses_session_word_for_word(talk):
    one = talk()
    assert one.greeting == "220 FTP Server ready."
    assert one.say("USER anonymous") == "331 Send your e-mail as password"
    assert one.say("PASS guest@example.com") == "230 User guest logged in. Access restrictions apply."
    listed, end = one.fetch("LIST", "PASV")
    assert {"sendmail-7.5", "tcp-wrapper", "innd", "project.dat"} <= set(names(listed, "LIST"))
    assert end == "226 Transfer complete."
    one.say("TYPE I")
    assert one.fetch("RETR project.dat", "PASV")[0] == samples.contents()["project.dat"]
    assert one.say("QUIT") == "221 Goodbye."


def test_the_guest_reads_and_nothing_else(talk, mail_lab):
    one = talk("ftp")
    before = sorted(path.name for path in (mail_lab.root / "files" / "public").rglob("*"))
    data = one.passive()
    for command in ("STOR x", "APPE README", "STOU", "DELE README", "MKD x", "RMD lessons", "RNFR README",
                    "SITE CHMOD 777 README", "MFMT 20200101000000 README"):  # fmt: skip
        assert one.say(command).startswith("550 You may not"), command
    data.close()
    assert sorted(path.name for path in (mail_lab.root / "files" / "public").rglob("*")) == before


def test_every_sample_comes_as_its_checksum_says(talk):
    one = talk("anonymous")
    one.say("TYPE I")
    sums = dict(
        reversed(line.split("  ", 1)) for line in one.fetch("RETR SHA256SUMS")[0].decode().splitlines()
    )
    assert len([name for name in sums if name.endswith(".dat")]) >= 5
    for name, digest in sums.items():
        assert hashlib.sha256(one.fetch(f"RETR {name}")[0]).hexdigest() == digest


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "name", ["report", "notes.txt", "Bài tập số 1 & 2.dat", 'it\'s "100%".bin', "-la", "*.dat"]
)
def test_a_file_goes_up_and_comes_down_unchanged(talk, home, name, tls):
    one, raw = talk("ann", tls), os.urandom(300_000)
    one.say("TYPE I")
    assert one.store(f"STOR {name}", raw) == "226 Transfer complete (300000 bytes)."
    assert (home("ann") / name).read_bytes() == raw
    assert one.say(f"SIZE {name}") == "213 300000"
    assert one.fetch(f"RETR {name}") == (raw, "226 Transfer complete (300000 bytes).")
    assert one.reused if tls else True
    assert names(one.fetch("MLSD")[0]) == [name]
    assert names(one.fetch("LIST")[0], "LIST") == [name]
    assert names(one.fetch("NLST")[0], "NLST") == [name]


def test_a_name_that_is_no_utf8_stays_as_it_is(talk, home):
    one = talk("ann")
    one.say("TYPE I")
    data = one.passive()
    assert one.say(b"STOR caf\xe9").startswith("1")
    data.sendall(b"x")
    data.close()
    assert one.hear().startswith("226")
    assert [os.fsencode(path.name) for path in home("ann").iterdir()] == [b"caf\xe9"]
    assert one.fetch("NLST")[0] == b"caf\xe9\r\n"
    assert one.say(b"DELE caf\xe9").startswith("250")


def test_folders_are_made_entered_renamed_and_removed(talk):
    one = talk("ann")
    said = [one.say(line) for line in (
        'MKD a "b" c', 'CWD a "b" c', "PWD", "MKD d", "CDUP", 'RNFR a "b" c', "RNTO e", "RMD e", "RMD e/d", "RMD e",
        "CWD e", "RNTO x", "XMKD old", "XCWD old", "XPWD", "XCUP", "XRMD old",
    )]  # fmt: skip
    assert [reply[:3] for reply in said] == [
        "257", "250", "257", "257", "250", "350", "250", "550", "250", "250", "550", "503", "257", "250", "257", "250",
        "250",
    ]  # fmt: skip
    assert said[2] == '257 "/a ""b"" c" is the current directory.'


def test_times_modes_and_facts(talk, home):
    one = talk("ann")
    one.say("TYPE I")
    one.store("STOR a.txt", b"12345")
    assert one.say("MFMT 20200102030405 a.txt").startswith("213")
    assert one.say("MDTM a.txt") == "213 20200102030405"
    assert one.say("SITE CHMOD 444 a.txt").startswith("200")
    one.send(b"MLST a.txt\r\n")
    entry = parse_facts(one.hear_all().lines[1].removeprefix(" ").encode())
    assert (entry.name, entry.size, entry.mode, entry.perm) == ("/a.txt", 5, "rw-r--r--", "adfrw")
    assert f"{entry.modified:%Y%m%d%H%M%S}" == "20200102030405"
    assert one.say("OPTS MLST size;type;").startswith("200")
    assert one.fetch("MLSD")[0] == b"size=5;type=file; a.txt\r\n"
    assert one.fetch("LIST -la")[0].decode().split()[2:5] == ["ann", "lab", "5"]


def test_patterns_are_for_the_server_to_match(talk):
    one = talk("anonymous")
    whole = ["primes.dat", "project.dat", "random.dat", "squares.dat", "temperature.dat"]
    assert names(one.fetch("NLST *.dat")[0], "NLST") == whole
    assert names(one.fetch("LIST p*.dat")[0], "LIST") == ["primes.dat", "project.dat"]
    assert one.fetch("NLST lessons/*.txt")[0].startswith(b"lessons/")
    assert one.fetch("NLST *.none")[1].startswith("550 Nothing is called")


def test_a_transfer_goes_on_where_it_broke_off(talk, home):
    one, raw = talk("ann"), os.urandom(100_000)
    one.say("TYPE I")
    one.store("STOR a", raw[:40_000])
    assert one.say("REST 40000").startswith("350")
    assert one.store("STOR a", raw[40_000:]).startswith("226")
    assert (home("ann") / "a").read_bytes() == raw
    assert one.say("REST 99000").startswith("350")
    assert one.fetch("RETR a")[0] == raw[99_000:]
    assert one.store("APPE a", b"end").startswith("226") and (home("ann") / "a").read_bytes() == raw + b"end"
    one.say("REST 200000")
    assert one.fetch("RETR a")[1].startswith("554")


def test_text_is_translated_and_binary_is_not(talk, home):
    one = talk("ann")
    one.say("TYPE A")
    one.store("STOR a.txt", b"one\r\ntwo\r")
    assert (home("ann") / "a.txt").read_bytes() == b"one\ntwo\r"
    assert one.fetch("RETR a.txt")[0] == b"one\r\ntwo\r"
    assert one.say("SIZE a.txt").startswith("550 SIZE is told in binary mode only")


WAYS_OUT = [
    "../ben",
    "/../../etc/passwd",
    "..",
    "../../../../../etc",
    "/etc/passwd",
    "a/../../x",
    "out",
    "out/passwd",
]


@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_way_leads_out_of_the_home(talk, home, path):
    one = talk("ann")
    (home("ann") / "out").symlink_to("/etc")
    secret = home("ann").parent / "x"
    secret.write_text("not for ann")
    data = one.passive()
    for verb in ("RETR", "STOR", "APPE", "STOU", "DELE", "MKD", "RNFR", "SIZE", "MLST", "SITE CHMOD 777"):
        if one.say(f"{verb} {path}").startswith("1"):  # then it was a place inside
            data.close()
            one.hear()
            data = one.passive()
    data.close()
    assert secret.read_text() == "not for ann"
    one.say(f"CWD {path}")
    where = one.say("PWD").split('"')[1]
    assert (home("ann") / where.lstrip("/")).resolve().is_relative_to(home("ann").resolve())
    listed = one.fetch("MLSD /")[0] + one.fetch("LIST /")[0]
    assert b"root:" not in listed and b"/etc" not in listed


@pytest.mark.parametrize("line", [b"MKD a\0b", b"MKD a\rb", b"DELE \0", b"\0", b"USER a\rPASS b"])
def test_no_line_break_and_no_nul_gets_into_a_path(talk, home, line):
    one = talk("ann")
    assert one.say(line).startswith("501")
    assert list(home("ann").iterdir()) == []
    assert one.say("MKD tab\there").startswith("553") and one.say("NOOP").startswith("200")


def test_a_long_line_is_refused_whole(talk):
    one = talk("ann")
    assert one.say("MKD " + "x" * 100_000).startswith("500") and one.say("PWD").startswith("257")
    assert one.say("MKD " + "x" * 300).startswith("55")


def test_lines_without_cr_are_understood(talk):
    one = talk()
    one.send(b"NOOP\nSYST\n")
    assert one.hear() == "200 Still here." and one.hear().startswith("215 UNIX")


def test_commands_sent_ahead_are_answered_in_their_order(talk, mail_lab):
    one = talk()
    one.send(f"USER ann\r\nPASS {mail_lab.passwords['ann']}\r\nPWD\r\nMKD x\r\nCWD x\r\nPWD\r\n".encode())
    said = [one.hear() for _ in range(6)]
    assert [reply[:3] for reply in said] == ["331", "230", "257", "257", "250", "257"] and '"/x"' in said[-1]


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


def space(lab, home):
    return lab.running.ftp.spaces._spaces[home]


def test_the_quota_counts_truly_whatever_is_done(talk, home, mail_lab):
    one = talk("ann")
    one.say("TYPE I")
    held = space(mail_lab, home("ann"))
    held.limit = 100_000

    def true() -> int:
        return sum(path.stat().st_size for path in home("ann").rglob("*") if path.is_file())

    steps = [
        ("STOR a", 60_000, "226"), ("STOR b", 50_000, "552"), ("STOR b", 40_000, "226"), ("APPE a", 1, "552"),
        ("STOR a", 10_000, "226"), ("APPE a", 30_000, "226"), ("STOR a", 70_000, "552"), ("STOR c", 60_000, "226"),
        ("STOR d", 1, "552"), ("STOR e", 0, "226"),
    ]  # fmt: skip
    for command, size, code in steps:
        assert one.store(command, b"x" * size).startswith(code), (command, size)
        assert held.used == true(), (command, size)
    one.say("REST 30000")
    assert one.store("STOR b", b"y" * 20_000).startswith("552") and held.used == true() == 100_000
    one.say("REST 30000")
    assert one.store("STOR b", b"y" * 5_000).startswith("226") and held.used == true() == 100_000
    for line in ("RNFR c", "RNTO b", "MKD f", "RNFR b", "RNTO f/b", "DELE f/b", "RMD f", "DELE e"):
        assert one.say(line)[0] in "23", line
        assert held.used == true()
    assert held.used == 0 and held.entries == 0 and list(home("ann").iterdir()) == []
    assert one.store("STOR a", b"x" * 100_001) == "552 Your 0 MiB are used up; a was not stored."


def test_the_quota_is_measured_anew_for_the_first_session(talk, home, mail_lab):
    home("ben").mkdir(parents=True)
    (home("ben") / "a").write_bytes(b"x" * 1234)
    one = talk("ben")
    assert space(mail_lab, home("ben")).used == 1234 and space(mail_lab, home("ben")).entries == 1
    two = talk("ben")
    assert space(mail_lab, home("ben")).sessions == 2
    one.say("QUIT"), two.say("REIN")
    wait_until(lambda: home("ben") not in mail_lab.running.ftp.spaces._spaces)


def test_a_quota_that_ends_inside_tls_is_told_too(talk, home, mail_lab):
    one = talk("ann", tls=True)
    space(mail_lab, home("ann")).limit = 100_000
    one.say("TYPE I")
    assert one.store("STOR a", b"x" * 400_000).startswith("552")
    assert one.store("STOR a", b"x" * 4_000).startswith("226")


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


def test_guests_go_when_the_server_is_taken_out_of_use_and_come_back_with_it(talk):
    one = talk("anonymous")
    Server.objects.filter(protocol="ftp").update(enabled=False)
    assert one.hear() == "421 This server was taken out of use."
    later = talk()
    assert later.sign_in("anonymous", "x@example.com") == "530 This server was taken out of use."
    Server.objects.filter(protocol="ftp").update(enabled=True)
    wait_until(lambda: later.sign_in("anonymous", "x@example.com").startswith("230"))
    assert later.say("PWD").startswith("257")


WAITING = {"PASV", "EPSV", "PORT", "EPRT", "AUTH"}
"""After these a server rightly waits for somebody: their own tests are above and below."""

ANYTHING = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(sorted(set(commands()) - WAITING)).flatmap(
        lambda verb: st.binary(max_size=60).map(lambda raw: verb.encode() + b" " + raw)
    ),
    st.integers(8000, 30_000).map(lambda size: b"A" * size),
    st.sampled_from(
        [b"\0", b"\xff\xf4\xff\xf2ABOR", b"\xff\xff\xfe", b"%s%n", b"CWD " + b"../" * 500, b"\r\r", b""]
    ),
)


def test_whatever_comes_over_the_control_connection_is_answered_or_ends_with_a_word(talk, mail_lab, caplog):
    """Random bytes, long lines, NUL and telnet's signs: each session goes on or is ended in words, and no other is
    touched by it."""
    witness = talk("anonymous")

    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(ANYTHING, min_size=1, max_size=6), st.booleans())
    def throw(lines, signed_in):
        one = Talk(mail_lab.ports.ftp)
        try:
            if signed_in:
                assert one.sign_in("anonymous", "x@example.com").startswith("230")
            one.send(b"".join(line + b"\r\n" for line in lines) + b"NOOP\r\n")
            last = said = one.hear()
            while said and not said.startswith("200 Still here"):
                assert re.match("[1-5][0-9][0-9] ", said), said
                last, said = said, one.hear()
            if not said:
                assert last.startswith(("221", "421", "234", "530")), (lines, last)
        finally:
            one.close()

    throw()
    assert witness.say("NOOP").startswith("200")
    assert not [row for row in caplog.records if row.name.startswith("netlab") and row.levelname == "ERROR"]


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


def test_what_is_known_and_not_offered_is_told_apart_from_what_is_unknown(talk):
    one = talk("ann")
    assert one.say("CCC").startswith("502") and one.say("SMNT x").startswith("502")
    assert one.say("XYZZY").startswith("500") and one.say("").startswith("500")
    assert one.say("HELP RETR").startswith("214 Syntax: RETR path") and one.say("HELP").startswith("214")
    for said in ("TYPE E", "MODE B", "STRU P"):
        assert one.say(said).startswith("504")
    assert one.say("REIN").startswith("220") and one.say("PWD").startswith("530")


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


def test_ten_thousand_entries_are_listed_without_strain(talk, home):
    one = talk("ann")
    for number in range(10_000):
        (home("ann") / f"file {number}").touch()
    for how in ("MLSD", "LIST", "NLST"):
        began = time.process_time()  # of work, not of waiting for a machine that is busy
        assert len(names(one.fetch(how)[0], how)) == 10_000
        assert time.process_time() - began < 4

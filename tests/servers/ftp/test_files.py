"""Files and folders by hand: the course's session, its samples, names, times, patterns, where a transfer goes on."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from protocols.ftp.listing import parse_facts
from servers.ftp import samples
from tests.servers.ftp.talk import listed


def test_the_courses_session_word_for_word(talk):
    one = talk()
    assert one.greeting == "220 FTP Server ready."
    assert one.say("USER anonymous") == "331 Send your e-mail as password"
    assert one.say("PASS guest@example.com") == "230 User guest logged in. Access restrictions apply."
    told, end = one.fetch("LIST", "PASV")
    assert {"sendmail-7.5", "tcp-wrapper", "innd", "project.dat"} <= set(listed(told, "LIST"))
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
    assert listed(one.fetch("MLSD")[0]) == [name]
    assert listed(one.fetch("LIST")[0], "LIST") == [name]
    assert listed(one.fetch("NLST")[0], "NLST") == [name]


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
    assert listed(one.fetch("NLST *.dat")[0], "NLST") == whole
    assert listed(one.fetch("LIST p*.dat")[0], "LIST") == ["primes.dat", "project.dat"]
    assert one.fetch("NLST lessons/*.txt")[0].startswith(b"lessons/")
    assert one.fetch("NLST *.none")[1].startswith("550 Nothing is called")


def test_what_is_not_there_is_told_apart_from_what_is_no_folder(talk):
    one = talk("anonymous")
    data = one.passive()
    assert one.say("MLSD nothing") == "550 No such file or directory."
    assert one.say("MLSD README") == "501 That is no directory."
    data.close()


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


def test_ten_thousand_entries_are_listed_without_strain(talk, home):
    one = talk("ann")
    for number in range(10_000):
        (home("ann") / f"file {number}").touch()
    for how in ("MLSD", "LIST", "NLST"):
        began = time.process_time()  # of work, not of waiting for a machine that is busy
        assert len(listed(one.fetch(how)[0], how)) == 10_000
        assert time.process_time() - began < 4

"""The quota of a person's files: counted truly, measured anew, told inside TLS too."""

from __future__ import annotations

from tests.servers.embedded import wait_until
from tests.servers.ftp.talk import space


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

"""What the FTP server does not let anybody do: talk without end, count the quota twice, open a home to the machine."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.servers.embedded import wait_until
from tests.servers.ftp.talk import space


def test_three_million_bytes_without_a_line_end_get_an_answer_and_the_end(talk):
    one = talk("ann")
    one.send(b"A" * 3_000_000)
    assert one.hear().startswith("500 ") and one.hear() == ""


@pytest.mark.parametrize("path", ["/", ".", "../..", ""])
def test_nobody_changes_the_permissions_of_a_root(talk, home, path):
    one = talk("ann")
    before = home("ann").stat().st_mode
    assert one.say(f"SITE CHMOD 777 {path}")[0] == "5"
    assert home("ann").stat().st_mode == before and before & 0o077 == 0
    one.say("MKD f")
    assert one.say("SITE CHMOD 7777 f").startswith("200") and (home("ann") / "f").stat().st_mode & 0o7000 == 0


def test_a_home_that_stood_open_is_closed_when_its_owner_comes(talk, home):
    home("ben").mkdir(parents=True)
    home("ben").chmod(0o777)
    talk("ben")
    assert home("ben").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("meanwhile", [["DELE big"], ["RNFR small", "RNTO big"], ["RNFR f", "RNTO g"]])
def test_what_happens_to_a_file_while_it_is_stored_changes_no_quota(talk, home, mail_lab, meanwhile):
    one, two = talk("ann"), talk("ann")
    held = space(mail_lab, home("ann"))
    held.limit = 1_000_000
    one.say("TYPE I"), two.say("TYPE I"), two.say("MKD f")
    assert two.store("STOR small", b"y" * 100_000).startswith("226")
    name = "f/big" if "RNFR f" in meanwhile else "big"
    data = one.passive()
    one.say(f"STOR {name}")
    data.sendall(b"x" * 500_000)
    wait_until(lambda: (home("ann") / name).stat().st_size == 500_000)
    for line in meanwhile:
        assert two.say(line)[0] in "23", line
    with suppress(OSError):  # it may have enough
        data.sendall(b"x" * 700_000)
    data.close()
    assert one.hear()[0] in "45"
    left = list(home("ann").rglob("*"))
    assert held.used == sum(path.stat().st_size for path in left if path.is_file())
    assert held.entries == len(left)
    assert not (home("ann") / "big").exists() or (home("ann") / "big").read_bytes() == b"y" * 100_000

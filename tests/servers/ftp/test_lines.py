"""What comes over the control connection: in order, ahead, too long, without CR, leading out, or no FTP at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from protocols.ftp.commands import commands
from tests.servers.ftp.talk import Talk

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


def test_what_is_known_and_not_offered_is_told_apart_from_what_is_unknown(talk):
    one = talk("ann")
    assert one.say("CCC").startswith("502") and one.say("SMNT x").startswith("502")
    assert one.say("XYZZY").startswith("500") and one.say("").startswith("500")
    assert one.say("HELP RETR").startswith("214 Syntax: RETR path") and one.say("HELP").startswith("214")
    for said in ("TYPE E", "MODE B", "STRU P"):
        assert one.say(said).startswith("504")
    assert one.say("REIN").startswith("220") and one.say("PWD").startswith("530")


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

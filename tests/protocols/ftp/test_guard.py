"""No password survives the guard, however it is said; names, paths and commands stay."""

from __future__ import annotations

import pytest

from tests.protocols.dialogue import Turn, digest
from tests.protocols.ftp.dialogue import SIGN_IN, guarded, turns_of

SECRET = b"pa55 w\xc3\xb6rd"
NAMED: list[Turn] = turns_of("S: 220 hi\nC: USER ann\nS: 331 go")

WAYS: dict[str, list[Turn]] = {
    "pass": [("C", b"PASS " + SECRET + b"\r\n")],
    "pass, mixed case, spaces": [("C", b"  pAsS   " + SECRET + b"  \r\n")],
    "pass, cut": [("C", b"PASS " + SECRET)],
    "pass with a colon": [("C", b"PASS:" + SECRET + b"\r\n")],
    "pass behind Telnet's signs": [("C", b"\xff\xf4\xff\xf2PASS " + SECRET + b"\r\n")],
    "pass behind a bare CR": [("C", b"NOOP\rPASS " + SECRET + b"\r\n")],
    "bare, asked": [("C", SECRET + b"\r\n")],
    "bare, refused": [("C", b"PASS x\r\n"), ("S", b"530 no\r\n"), ("C", SECRET + b"\r\n")],
    "account": [("C", b"PASS x\r\n"), ("S", b"332 more\r\n"), ("C", b"ACCT " + SECRET + b"\r\n")],
    "echoed": [("C", b"PASS " + SECRET + b"\r\n"), ("S", b"530 not " + SECRET + b"\r\n")],
    "echoed in the midst": [("C", b"PASS " + SECRET + b"\r\n"), ("S", b"230-said\r\n " + SECRET + b"\r\n")],
    "site": [("C", b"SITE PSWD old " + SECRET + b"\r\n")],
}  # fmt: skip


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden(way: str, step: int):
    lines = guarded([*NAMED, *WAYS[way]], step)
    assert SECRET not in b"\n".join(line.raw for line in lines)
    spans = [span for line in lines for span in line.hidden]
    assert spans and all(span.user == "ann" for span in spans)


def test_the_same_password_has_the_same_fingerprint():
    lines = guarded(
        [
            *NAMED,
            ("C", b"PASS " + SECRET + b"\r\n"),
            ("S", b"530 no\r\n"),
            ("C", b"pass  " + SECRET + b"\r\n"),
        ]
    )
    assert {span.fingerprint for line in lines for span in line.hidden} == {digest(SECRET)}


@pytest.mark.parametrize(
    "said",
    ["CWD Bài 1", "PASV", "TYPE I", "PORT 127,0,0,1,4,1", "EPRT |2|::1|40001|", "AUTH TLS", "QUIT", "RETR a b.dat",
     "MFMT 20260101000000 x", "PASSIVE", "XYZZY"],
)  # fmt: skip
def test_what_is_no_secret_stays(said: str):
    assert guarded([*SIGN_IN, ("C", f"{said}\r\n".encode())])[-1].raw == said.encode()
    if said not in ("PASSIVE", "XYZZY"):
        assert guarded([*NAMED, ("C", f"{said}\r\n".encode())])[-1].raw == said.encode()


def test_the_user_name_stays_and_after_sign_in_a_wrong_word_shows():
    lines = guarded([*SIGN_IN, ("C", b"hello\r\n")])
    assert [line.raw for line in lines] == [
        b"220 ready",
        b"USER ann",
        b"331 password",
        b"PASS ",
        b"230 in",
        b"hello",
    ]

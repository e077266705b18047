"""No password of AUTH survives the guard, however it is said."""

from __future__ import annotations

import base64

import pytest

from tests.protocols.dialogue import Turn, digest
from tests.protocols.smtp.dialogue import guarded

SECRET = b"pa55 w\xc3\xb6rd"
LOGIN = base64.b64encode(SECRET)
PLAIN = base64.b64encode(b"\0ann\0" + SECRET)
CRAM = base64.b64encode(b"ann 0123456789abcdef0123456789abcdef")
XOAUTH2 = base64.b64encode(b"user=ann\x01auth=Bearer " + SECRET + b"\x01\x01")
ASK = b"334 UGFzc3dvcmQ6\r\n"
HELLO: list[Turn] = [("S", b"220 hi\r\n"), ("C", b"EHLO x\r\n"), ("S", b"250 hi\r\n")]
END: list[Turn] = [("S", b"235 ok\r\n"), ("C", b"MAIL FROM:<ann@lab.test>\r\n")]
USER: Turn = ("C", base64.b64encode(b"ann") + b"\r\n")

WAYS: dict[str, list[Turn]] = {
    "plain, initial": [("C", b"AUTH PLAIN " + PLAIN + b"\r\n")],
    "plain, lower case, spaces": [("C", b"auth  plain   " + PLAIN + b" \r\n")],
    "plain, asked": [("C", b"AUTH PLAIN\r\n"), ("S", b"334 \r\n"), ("C", PLAIN + b"\r\n")],
    "login": [
        ("C", b"AUTH LOGIN\r\n"),
        ("S", b"334 VXNlcm5hbWU6\r\n"),
        USER,
        ("S", ASK),
        ("C", LOGIN + b"\r\n"),
    ],
    "login, user first": [("C", b"AUTH LOGIN YW5u\r\n"), ("S", ASK), ("C", LOGIN + b"\r\n")],
    "login, pipelined": [("C", b"AUTH LOGIN\r\nYW5u\r\n" + LOGIN + b"\r\n")],
    "cram-md5": [("C", b"AUTH CRAM-MD5\r\n"), ("S", b"334 PDE+\r\n"), ("C", CRAM + b"\r\n")],
    "xoauth2": [("C", b"AUTH XOAUTH2 " + XOAUTH2 + b"\r\n")],
    "cut in the line": [("C", b"AUTH PLAIN " + PLAIN)],
}


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden(way: str, step: int):
    end = [] if way == "cut in the line" else END
    lines = guarded([*HELLO, *WAYS[way], *end], step)
    kept = b"\n".join(line.raw for line in lines)
    for secret in (SECRET, LOGIN, PLAIN, CRAM, XOAUTH2):
        assert secret not in kept
    [span] = [span for line in lines for span in line.hidden if span.kind != "response"][-1:]
    if way != "login, pipelined":
        assert span.user == "ann"
    if end:
        assert lines[-1].raw == b"MAIL FROM:<ann@lab.test>"


def test_the_same_password_has_the_same_fingerprint_in_plain_and_login():
    for way in ("plain, initial", "login"):
        lines = guarded([*HELLO, *WAYS[way]])
        assert [span.fingerprint for line in lines for span in line.hidden] == [digest(SECRET)]


def test_a_failed_and_a_cancelled_auth_end_the_hiding():
    turns = [*HELLO, ("C", b"AUTH LOGIN\r\n"), ("S", ASK), ("C", b"*\r\n"), ("S", b"501 cancelled\r\n")]
    lines = guarded([*turns, ("C", b"NOOP\r\n")])
    assert [line.raw for line in lines[-3:]] == [b"*", b"501 cancelled", b"NOOP"]


MORE: dict[str, list[Turn]] = {
    "refused, said all the same": [
        ("C", b"AUTH LOGIN\r\n"), ("S", b"504 no\r\n"), USER, ("S", b"500 what\r\n"), ("C", LOGIN + b"\r\n"),
    ],
    "echoed by the server": [("C", b"AUTH PLAIN " + PLAIN + b"\r\n"), ("S", b"535 wrong: " + SECRET + b"\r\n")],
    "echoed in base64": [("C", b"AUTH PLAIN " + PLAIN + b"\r\n"), ("S", b"500 " + PLAIN + b"?\r\n")],
    "typed again after the refusal": [
        ("C", b"AUTH PLAIN " + PLAIN + b"\r\n"), ("S", b"535 wrong\r\n"), ("C", SECRET + b"\r\n"),
    ],
    "the mechanism forgotten": [("C", b"AUTH " + PLAIN + b"\r\n")],
    "password in the user's place": [("C", b"AUTH LOGIN\r\n"), ("S", ASK), ("C", SECRET + b"\r\n")],
    "behind a bare CR": [("C", b"NOOP\rAUTH PLAIN " + PLAIN + b"\r\n")],
    "as POP3 would": [("C", b"PASS " + SECRET + b"\r\n")],
    "one word more": [("C", b"AUTH LOGIN ann " + SECRET + b"\r\n")],
}  # fmt: skip


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("way", MORE)
def test_what_is_in_doubt_is_hidden(way: str, step: int):
    lines = guarded([*HELLO, *MORE[way]], step)
    kept = b"\n".join(line.raw for line in lines)
    assert not [secret for secret in (SECRET, LOGIN, PLAIN) if secret in kept]


def test_a_command_after_a_failed_auth_shows():
    turns = [
        *HELLO,
        ("C", b"AUTH PLAIN " + PLAIN + b"\r\n"),
        ("S", b"535 no\r\n"),
        ("C", b"MAIL FROM:<a@b>\r\n"),
    ]
    assert guarded(turns)[-1].raw == b"MAIL FROM:<a@b>"

"""No password of LOGIN or AUTHENTICATE survives the guard, however it is said."""

from __future__ import annotations

import base64

import pytest

from tests.protocols.dialogue import Turn, digest
from tests.protocols.imap.dialogue import guarded

SECRET = b"pa55w\xc3\xb6rd"
LOGIN = base64.b64encode(SECRET)
PLAIN = base64.b64encode(b"\0ann\0" + SECRET)
CRAM = base64.b64encode(b"ann 0123456789abcdef0123456789abcdef")
XOAUTH2 = base64.b64encode(b"user=ann\x01auth=Bearer " + SECRET + b"\x01\x01")
SIZE = len(SECRET)
ASK: Turn = ("S", b"+ UGFzc3dvcmQ6\r\n")
GO: Turn = ("S", b"+ \r\n")
USER: Turn = ("C", base64.b64encode(b"ann") + b"\r\n")
HELLO: list[Turn] = [("S", b"* OK hi\r\n")]
END: list[Turn] = [("S", b"a1 OK in\r\n"), ("C", b"a2 SELECT INBOX\r\n")]

WAYS: dict[str, list[Turn]] = {
    "atom": [("C", b"a1 LOGIN ann " + SECRET + b"\r\n")],
    "quoted": [("C", b'a1 LOGIN "ann" "' + SECRET + b'"\r\n')],
    "lower case, spaces": [("C", b"a1  login  ann   " + SECRET + b" \r\n")],
    "words without quotes": [("C", b"a1 LOGIN ann x " + SECRET + b" y\r\n")],
    "no closing quote": [("C", b'a1 LOGIN ann "' + SECRET + b"\r\n")],
    "literal password": [("C", b"a1 LOGIN ann {%d}\r\n" % SIZE), GO, ("C", SECRET + b"\r\n")],
    "both literals": [("C", b"a1 LOGIN {3}\r\n"), GO, ("C", b"ann {%d}\r\n" % SIZE), GO, ("C", SECRET + b"\r\n")],
    "literal user": [("C", b"a1 LOGIN {3}\r\n"), GO, ("C", b"ann " + SECRET + b"\r\n")],
    "literal+": [("C", b"a1 LOGIN {3+}\r\nann {%d+}\r\n%b\r\n" % (SIZE, SECRET))],
    "another command answered between": [
        ("C", b"a0 NOOP\r\na1 LOGIN ann {%d}\r\n" % SIZE), ("S", b"a0 OK x\r\n+ go\r\n"), ("C", SECRET + b"\r\n"),
    ],
    "plain, initial": [("C", b"a1 AUTHENTICATE PLAIN " + PLAIN + b"\r\n")],
    "plain, lower case": [("C", b"a1 authenticate  plain " + PLAIN + b"\r\n")],
    "plain, asked": [("C", b"a1 AUTHENTICATE PLAIN\r\n"), GO, ("C", PLAIN + b"\r\n")],
    "plain, pipelined": [("C", b"a0 NOOP\r\na1 AUTHENTICATE PLAIN\r\n" + PLAIN + b"\r\n"), ("S", b"a0 OK x\r\n+ \r\n")],
    "login": [("C", b"a1 AUTHENTICATE LOGIN\r\n"), ASK, USER, ASK, ("C", LOGIN + b"\r\n")],
    "login, user first": [("C", b"a1 AUTHENTICATE LOGIN YW5u\r\n"), ASK, ("C", LOGIN + b"\r\n")],
    "cram-md5": [("C", b"a1 AUTHENTICATE CRAM-MD5\r\n"), ("S", b"+ PDE+\r\n"), ("C", CRAM + b"\r\n")],
    "xoauth2, initial": [("C", b"a1 AUTHENTICATE XOAUTH2 " + XOAUTH2 + b"\r\n")],
    "xoauth2, asked": [("C", b"a1 AUTHENTICATE XOAUTH2\r\n"), GO, ("C", XOAUTH2 + b"\r\n")],
}  # fmt: skip


def leaks(lines) -> list[bytes]:
    kept = b"\n".join(line.raw for line in lines)
    return [secret for secret in (SECRET, LOGIN, PLAIN, CRAM, XOAUTH2) if secret in kept]


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden_and_its_user_known(way: str, step: int):
    lines = guarded([*HELLO, *WAYS[way], *END], step)
    assert not leaks(lines)
    spans = [span for line in lines for span in line.hidden]
    assert spans and spans[-1].user == "ann" and spans[-1].length
    assert lines[-1].raw == b"a2 SELECT INBOX" and not lines[-1].hidden


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden_where_the_connection_ends_in_it(way: str):
    speaker, raw = WAYS[way][-1]
    if speaker == "C":
        assert not leaks(guarded([*HELLO, *WAYS[way][:-1], (speaker, raw[:-2])]))


def test_the_same_password_has_the_same_fingerprint_however_it_was_said():
    for way in ("atom", "quoted", "literal password", "literal+", "plain, initial", "login"):
        lines = guarded([*HELLO, *WAYS[way], *END])
        assert [span.fingerprint for line in lines for span in line.hidden] == [digest(SECRET)], way


def test_a_login_without_a_tag_is_hidden_too():
    assert not leaks(guarded([*HELLO, ("C", b"LOGIN ann " + SECRET + b"\r\n")]))
    assert not leaks(guarded([*HELLO, ("C", b"AUTHENTICATE PLAIN " + PLAIN + b"\r\n")]))


def test_an_answer_with_a_wrong_tag_does_not_end_the_hiding():
    turns: list[Turn] = [
        ("C", b"a1 AUTHENTICATE LOGIN\r\n"),
        ASK,
        USER,
        ("S", b"zz NO x\r\n"),
        ("C", LOGIN + b"\r\n"),
    ]
    assert not leaks(guarded([*HELLO, *turns]))


def test_a_cancelled_authenticate_ends_the_hiding():
    turns: list[Turn] = [
        ("C", b"a1 AUTHENTICATE LOGIN\r\n"),
        ASK,
        ("C", b"*\r\n"),
        ("S", b"a1 BAD cancelled\r\n"),
    ]
    lines = guarded([*HELLO, *turns, ("C", b"a2 NOOP\r\n")])
    assert [line.raw for line in lines[-3:]] == [b"*", b"a1 BAD cancelled", b"a2 NOOP"]


def test_a_password_that_the_server_repeats_is_hidden_in_its_answer():
    lines = guarded([*HELLO, *WAYS["atom"], ("S", b"a1 BAD what is " + SECRET + b" ?\r\n")])
    assert lines[-1].raw == b"a1 BAD what is  ?" and lines[-1].hidden[0].start == 15


def test_a_password_sent_after_its_literal_was_refused_is_hidden():
    turns: list[Turn] = [
        ("C", b"a1 LOGIN ann {%d}\r\n" % SIZE),
        ("S", b"a1 NO no\r\n"),
        ("C", SECRET + b"\r\n"),
    ]
    assert not leaks(guarded([*HELLO, *turns]))


def test_a_line_that_is_too_long_hides_its_password_too():
    long = b"x" * 200_000
    [_, line] = guarded([*HELLO, ("C", b"a1 LOGIN ann " + long + b"\r\n")])
    assert line.raw == b"a1 LOGIN ann " and line.hidden[0].length == 200_000 and line.cut == 0

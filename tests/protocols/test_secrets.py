"""However a password is said, in whatever pieces and with whatever around it, none of it is left."""

from __future__ import annotations

import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocols import catalog
from protocols.line import Line
from protocols.wire import explain_event

PASSWORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=6, max_size=40)
ALPHABET = "abcXYZ0189-_."


def base(text: bytes) -> bytes:
    return base64.b64encode(text)


def ways(name: str, secret: bytes, user: bytes) -> list[list[tuple[str, bytes]]]:
    asks, no = (b"334 ", b"504 no") if name == "smtp" else (b"+ ", b"-ERR no")
    login = [("C", b"AUTH LOGIN"), ("S", asks + base(b"Username:")), ("C", base(user)), ("S", asks)]
    return [
        [("C", b"PASS " + secret)],
        [("C", b"aUtH  plain  " + base(b"\0" + user + b"\0" + secret))],
        [("C", b"AUTH PLAIN"), ("S", asks), ("C", base(b"\0" + user + b"\0" + secret))],
        [*login, ("C", base(secret))],
        [*login, ("C", secret)],
        [("C", b"AUTH LOGIN"), ("C", base(user)), ("C", base(secret))],
        [("C", b"AUTH LOGIN"), ("S", no), ("C", base(user)), ("S", no), ("C", base(secret))],
        [("C", b"AUTH XOAUTH2 " + base(b"user=" + user + b"\1auth=Bearer " + secret + b"\1\1"))],
    ]


@pytest.mark.parametrize("name", ["smtp", "pop3"])
@given(
    secret=PASSWORDS, user=st.text(ALPHABET, min_size=1, max_size=9), way=st.integers(0, 7), step=st.integers(1, 50),
    end=st.sampled_from([b"\r\n", b"\n", b" \r\n", b""]), tail=st.booleans(),
)  # fmt: skip
def test_no_secret_survives(name: str, secret: str, user: str, way: int, step: int, end: bytes, tail: bool):
    assume(secret.strip() not in user)  # whose name is the password has told it
    hello = b"220 hi" if name == "smtp" else b"+OK hi"
    kept = guarded(name, [("S", hello), *ways(name, secret.encode(), user.encode())[way]], step, end, tail)
    raw = secret.encode()
    whole = raw.strip()
    for form in (base(raw), base(b"\0" + user.encode() + b"\0" + raw)):
        assert form not in kept
    # A password may be part of a word that everybody says; then nothing of it shows.
    if len(whole) >= 6 and whole not in b"AUTH LOGIN PLAIN XOAUTH2 plain PASS Username hi no" + user.encode():
        assert whole not in kept


def ftp_ways(secret: bytes, user: bytes) -> list[list[tuple[str, bytes]]]:
    named = [("C", b"USER " + user), ("S", b"331 go on")]
    return [
        [*named, ("C", b"PASS " + secret)],
        [*named, ("C", b"\xff\xf4\xff\xf2 pAsS\t" + secret)],
        [("C", b"USER " + user), ("C", b"PASS " + secret)],
        [*named, ("C", b"NOOP\rPASS " + secret)],
        [*named, ("C", b"PASS x"), ("S", b"332 account"), ("C", b"ACCT " + secret)],
        [*named, ("C", b"PASS " + secret), ("S", b"530 not " + secret), ("C", b"RETR " + secret)],
        [("S", b"230 in"), ("C", b"SITE PSWD old " + secret)],
        [("C", b"AUTH GSSAPI"), ("S", b"334 go on"), ("C", b"ADAT " + base(secret))],
    ]


@given(
    secret=PASSWORDS, user=st.text(ALPHABET, min_size=1, max_size=9), way=st.integers(0, 7), step=st.integers(1, 50),
    end=st.sampled_from([b"\r\n", b"\n", b" \r\n", b""]), tail=st.booleans(),
)  # fmt: skip
def test_no_secret_survives_ftp(secret: str, user: str, way: int, step: int, end: bytes, tail: bool):
    assume(secret.strip() not in user)
    kept = guarded("ftp", [("S", b"220 hi"), *ftp_ways(secret.encode(), user.encode())[way]], step, end, tail)
    whole = secret.encode().strip()
    assert base(secret.encode()) not in kept
    said = (
        b"USER PASS ACCT SITE PSWD AUTH GSSAPI NOOP 331 go on RETR 332 account 530 not 230 in old"
        + user.encode()
    )
    if len(whole) >= 6 and whole not in said:
        assert whole not in kept


def guarded(name: str, said: list[tuple[str, bytes]], step: int, end: bytes, tail: bool) -> bytes:
    known = catalog.knowledge(name)
    framer, guard, lines = known.framer(), known.guard(lambda raw: "mark"), []
    for at, (speaker, raw) in enumerate(said):
        last = at == len(said) - 1
        whole = raw + (end if last else b"\r\n") + (b"NOOP\r\n" if last and tail and end else b"")
        for begin in range(0, len(whole), step):
            lines += framer.feed(speaker, whole[begin : begin + step])
    return b"\n".join(guard.feed(line).raw for line in lines + framer.close())


def test_an_event_line_that_is_none_is_told_as_unknown():
    note = explain_event(Line("C", b"hello"))
    assert not note.known and catalog.say(note, "vi")

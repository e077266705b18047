"""POP3 told to framer, guard and explainer: no password survives, and every line has its meaning."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import catalog
from protocols.line import Line, Note, Speaker
from protocols.pop3.commands import capabilities, commands
from protocols.pop3.explain import Explainer
from protocols.pop3.grammar import Framer
from protocols.pop3.guard import Guard
from protocols.pop3.replies import codes

Turn = tuple[Speaker, bytes]
SECRET = b"pa55 w0rd!"
PLAIN = base64.b64encode(b"\0ann\0" + SECRET)
LOGIN = base64.b64encode(SECRET)
HELLO: list[Turn] = [("S", b"+OK ready <1.2@lab.test>\r\n")]
SIGN_IN: list[Turn] = [
    *HELLO, ("C", b"USER ann\r\n"), ("S", b"+OK\r\n"), ("C", b"PASS " + SECRET + b"\r\n"), ("S", b"+OK in\r\n"),
]  # fmt: skip


def digest(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()[:8]


def lines_of(turns: list[Turn], step: int = 0) -> list[Line]:
    framer, guard, lines = Framer(), Guard(digest), []
    for speaker, raw in turns:
        for at in range(0, len(raw), step or len(raw) or 1):
            lines += framer.feed(speaker, raw[at : at + (step or len(raw))])
    return [guard.feed(line) for line in lines + framer.close()]


def explained(turns: list[Turn]) -> list[Note]:
    explainer = Explainer()
    return [explainer.feed(line) for line in lines_of(turns)]


WAYS: dict[str, list[Turn]] = {
    "pass": [("C", b"USER ann\r\nPASS " + SECRET + b"\r\n")],
    "pass, mixed case and spaces": [("C", b"USER ann\r\n  pAsS   " + SECRET + b"  \r\n")],
    "pass, cut": [("C", b"USER ann\r\nPASS " + SECRET)],
    "plain, initial": [("C", b"auth plain " + PLAIN + b"\r\n")],
    "plain, asked": [("C", b"AUTH PLAIN\r\n"), ("S", b"+ \r\n"), ("C", PLAIN + b"\r\n")],
    "login": [("C", b"AUTH LOGIN\r\n"), ("S", b"+ VXNlcm5hbWU6\r\n"), ("C", b"YW5u\r\n"),
              ("S", b"+ UGFzc3dvcmQ6\r\n"), ("C", LOGIN + b"\r\n")],
    "login, pipelined": [("C", b"AUTH LOGIN\r\nYW5u\r\n" + LOGIN + b"\r\n")],
    "login refused, said all the same": [("C", b"AUTH LOGIN\r\n"), ("S", b"-ERR no\r\n"), ("C", b"YW5u\r\n"),
                                         ("S", b"-ERR what\r\n"), ("C", LOGIN + b"\r\n")],
    "echoed by the server": [("C", b"PASS " + SECRET + b"\r\n"), ("S", b"-ERR wrong: " + SECRET + b"\r\n")],
    "a mechanism forgotten": [("C", b"AUTH " + PLAIN + b"\r\n")],
}  # fmt: skip


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden(way: str, step: int):
    lines = lines_of([*HELLO, *WAYS[way]], step)
    kept = b"\n".join(line.raw for line in lines)
    assert not [secret for secret in (SECRET, PLAIN, LOGIN) if secret in kept]
    assert any(line.hidden for line in lines)


def test_the_user_name_and_apops_digest_stay():
    raws = [line.raw for line in lines_of([*HELLO, ("C", b"USER ann\r\nAPOP ann 0123abcd\r\n")])]
    assert raws[1:] == [b"USER ann", b"APOP ann 0123abcd"]


def test_after_a_refused_auth_a_command_shows_again():
    turns: list[Turn] = [
        *HELLO,
        ("C", b"AUTH PLAIN\r\n"),
        ("S", b"+ \r\n"),
        ("C", b"*\r\n"),
        ("S", b"-ERR\r\n"),
    ]
    assert lines_of([*turns, ("C", b"STAT\r\n")])[-1].raw == b"STAT"


@given(st.lists(st.tuples(st.sampled_from("CS"), st.binary(max_size=60)), max_size=12), st.integers(1, 9))
def test_the_framer_loses_no_byte_and_pieces_make_no_difference(turns: list, step: int):
    def framed(size: int) -> list[Line]:
        framer, lines = Framer(), []
        for speaker, raw in turns:
            for at in range(0, len(raw), size):
                lines += framer.feed(speaker, raw[at : at + size])
        return lines + framer.close()

    assert framed(step) == framed(10**6)
    for speaker in "CS":
        sent = b"".join(raw for who, raw in turns if who == speaker)
        assert b"".join(line.raw + line.end for line in framed(step) if line.speaker == speaker) == sent


def test_a_letter_is_one_body_and_its_dot_a_line():
    letter = b"Subject: x\r\n\r\n..dot\r\n" + b"y" * 100_000 + b"\r\n"
    turns: list[Turn] = [
        *SIGN_IN,
        ("C", b"RETR 1\r\nSTAT\r\n"),
        ("S", b"+OK\r\n" + letter + b".\r\n+OK 1 9\r\n"),
    ]
    body, dot, stat = lines_of(turns)[-3:]
    assert (body.kind, body.size, dot.raw, stat.raw) == ("body", len(letter), b".", b"+OK 1 9")


def test_the_state_goes_from_authorization_to_update():
    notes = explained(
        [*SIGN_IN, ("C", b"DELE 1\r\n"), ("S", b"+OK\r\n"), ("C", b"QUIT\r\n"), ("S", b"+OK bye\r\n")]
    )
    states = [note.state for note in notes]
    assert states == ["authorization"] * 2 + ["user"] * 2 + ["transaction"] * 4 + ["update"]
    assert "1 letter marked" in catalog.say(notes[-2])


def test_a_command_in_the_wrong_state_is_told_so():
    note = explained([*HELLO, ("C", b"STAT\r\n"), ("S", b"-ERR log in first\r\n")])[1]
    assert [detail.key for detail in note.details] == ["pop3.misplaced"]


def test_every_command_has_a_meaning_asked_granted_and_refused():
    for verb in commands():
        for argument in ("", " 1", " 1 2"):
            turns: list[Turn] = [*SIGN_IN, ("C", verb.encode() + argument.encode() + b"\r\n")]
            for answer in (b"+OK\r\n.\r\n", b"+OK 1 2\r\n", b"-ERR no\r\n"):
                for note in explained([*turns, ("S", answer)]):
                    for language in ("en", "vi"):
                        assert note.known and catalog.say(note, language)


def test_every_capability_and_response_code_is_told():
    listed = b"".join(name.encode() + b" x\r\n" for name in capabilities())
    notes = explained([*HELLO, ("C", b"CAPA\r\n"), ("S", b"+OK\r\n" + listed + b".\r\n")])
    assert [note.key for note in notes[3:-1]] == [f"pop3.capabilities.{name}" for name in capabilities()]
    for code in codes():
        note = explained([*HELLO, ("C", b"STAT\r\n"), ("S", b"-ERR " + code.encode() + b" no\r\n")])[-1]
        assert [detail.key for detail in note.details] == [f"pop3.response_codes.{code}"]


def test_a_saved_state_goes_on_as_if_nothing_had_happened():
    turns: list[Turn] = [*SIGN_IN, ("C", b"LIST\r\n"), ("S", b"+OK\r\n1 20\r\n2 30\r\n.\r\n")]
    whole = explained(turns)
    for at in range(len(whole)):
        first, second = Explainer(), Explainer()
        for line in lines_of(turns)[:at]:
            first.feed(line)
        second.restore(first.state())
        assert [second.feed(line) for line in lines_of(turns)[at:]] == whole[at:]

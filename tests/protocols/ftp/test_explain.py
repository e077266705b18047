"""Every line of FTP is explained, in both languages, with the session's state in mind."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from protocols import catalog
from protocols.ftp.commands import client_commands, commands, facts, features, site_commands
from protocols.ftp.explain import Explainer
from protocols.ftp.replies import codes
from protocols.line import Line, Note
from tests.protocols.ftp.dialogue import COURSE, LONG, SIGN_IN, explained, guarded, turns_of


def notes_of(turns) -> list[Note]:
    return [note for _, note in explained(turns)]


def told(note: Note) -> None:
    """Both languages have words of their own for the note and each of its details, and no place is left open."""
    for one in (note, *note.details):
        english, vietnamese = catalog.say(one, "en"), catalog.say(one, "vi")
        assert english and vietnamese and english != vietnamese, one
        assert "…" not in english, (one.key, english)


def test_the_courses_session_is_explained_line_by_line():
    notes = notes_of(COURSE)
    assert all(note.known for note in notes)
    assert [note.state for note in notes] == [
        "greeted", "greeted", "user", "user", "signed-in", "signed-in", "signed-in", "signed-in", "transfer",
        "signed-in", "signed-in", "signed-in", "signed-in", "signed-in", "signed-in", "transfer", "signed-in",
        "signed-in", "bye",
    ]  # fmt: skip
    for note in notes:
        told(note)
    says = [catalog.say(note) for note in notes]
    assert (
        "e-mail" in says[2] and "156 × 256 + 65 = 40001" in says[5] and "156 × 256 + 66 = 40002" in says[13]
    )
    assert [detail.key for detail in notes[15].details][:2] == ["ftp.reply.size", "ftp.transfer.passive"]


def test_lines_inside_long_replies_are_explained():
    notes = notes_of(LONG)
    assert all(note.known for note in notes)
    for note in notes:
        told(note)
    keys = [note.key for note in notes[6:24]]
    assert keys == [
        "ftp.open.FEAT", "ftp.features.MDTM", "ftp.features.MLST", "ftp.features.AUTH", "ftp.feature.other",
        "ftp.reply.211.end", "ftp.command.MLST", "ftp.open.MLST", "ftp.entry.file", "ftp.reply.250.end",
        "ftp.command.STAT", "ftp.open.STAT.path", "ftp.row.STAT.path", "ftp.entry.file", "ftp.reply.213.end",
        "ftp.commands.HELP", "ftp.open.HELP", "ftp.row.HELP.verbs",
    ]  # fmt: skip
    assert "RNTO" in notes[27].next or notes[26].next == ("RNTO",)
    assert notes[-1].key == "ftp.reply.257.PWD" and notes[-1].params["path"] == '/a "b" c'
    assert notes[-3].key == "ftp.reply.226.ABOR" and notes[-4].outcome == "later"


@pytest.mark.parametrize("code", sorted(codes()))
def test_each_reply_of_the_table_is_explained(code: int):
    for turns in ([("S", b"220 hi\r\n"), ("S", b"%d text\r\n" % code)], [("S", b"%d text\r\n" % code)]):
        note = notes_of(turns)[-1]
        assert note.known and note.refs and note.badge == str(code)
        told(note)


@pytest.mark.parametrize("verb", sorted(commands()))
def test_each_command_is_explained_with_whatever_is_answered(verb: str):
    for argument in ("", " x", " 1", " -la x", " A", " 20260102030405 x", " TLS"):
        for state in ([("S", b"220 hi\r\n")], SIGN_IN):
            for code in (*codes(), 299, 399, 499, 599) if argument == " x" else (200, 226, 250, 550):
                turns = [*state, ("C", f"{verb}{argument}\r\n".encode()), ("S", b"%d text\r\n" % code)]
                command, answer = notes_of(turns)[-2:]
                assert command.known and command.refs and answer.known
                told(answer)
                if code in (200, 250):
                    told(command)


def test_features_facts_site_and_client_commands_are_told():
    listed = b"".join(b" %s x\r\n" % name.encode() for name in features())
    turns = [*SIGN_IN, ("C", b"FEAT\r\n"), ("S", b"211-Features\r\n" + listed + b"211 End\r\n")]
    assert [note.key for note in notes_of(turns)[7:-1]] == [f"ftp.features.{name}" for name in features()]
    for name in site_commands():
        note = notes_of([*SIGN_IN, ("C", b"SITE %s x\r\n" % name.encode())])[-1]
        told(note)
    for table, rows in (("facts", facts()), ("client_commands", client_commands())):
        for entry in rows.values():
            told(Note(f"ftp.{table}.{entry.key}"))


def test_the_tables_hold_all_that_the_reference_names():
    assert len(client_commands()) == 24 and len(commands()) >= 59 and len(codes()) >= 48
    for entry in (*commands().values(), *codes().values()):
        assert entry.meaning["en"] and entry.meaning["vi"] and entry.refs


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("PASS x", "no-user"),
        ("LIST", "not-signed-in"),
        ("RETR x", "not-signed-in"),
        ("FEAT", ""),
        ("AUTH TLS", ""),
    ],
)
def test_a_command_in_the_wrong_place_is_told_so(said: str, wrong: str):
    note = notes_of(turns_of(f"S: 220 hi\nC: {said}"))[-1]
    assert [detail.key for detail in note.details] == ([f"ftp.misplaced.{wrong}"] if wrong else [])


def test_what_lacks_after_signing_in_is_told():
    for said, wrong in (("RNTO x", "no-rnfr"), ("LIST", "no-data")):
        note = notes_of([*SIGN_IN, *turns_of(f"C: {said}")])[-1]
        assert [detail.key for detail in note.details] == [f"ftp.misplaced.{wrong}"]
        told(note)


def test_tls_begins_anew_and_a_password_inside_it_is_told_as_safe():
    turns = turns_of("S: 220 hi\nC: AUTH TLS\nS: 234 go\nC: USER ann\nS: 331 go\nC: PASS secret-1\nS: 230 in")
    explainer = Explainer()
    notes = [explainer.feed(replace(line, tls=at > 2)) for at, line in enumerate(guarded(turns))]
    assert notes[2].key == "ftp.reply.234.AUTH" and notes[5].key == "ftp.command.PASS.tls"
    assert notes_of(SIGN_IN)[3].key == "ftp.command.PASS.clear"


def test_telnets_signs_before_abor_are_told():
    note = notes_of([*SIGN_IN, ("C", b"\xff\xf4\xff\xf2ABOR\r\n")])[-1]
    assert note.known and [detail.key for detail in note.details] == ["ftp.telnet"]


def test_status_in_the_midst_of_a_transfer_is_not_taken_for_its_end():
    turns = [
        *SIGN_IN,
        *turns_of("C: PASV\nS: 227 (127,0,0,1,9,9)\nC: RETR x\nS: 150 go\nC: STAT\nS: 211 half\nS: 226 ok"),
    ]
    notes = notes_of(turns)
    assert (notes[-2].key, notes[-2].state) == ("ftp.reply.211.STAT", "transfer")
    assert (notes[-1].key, notes[-1].state) == ("ftp.reply.226.down", "signed-in")


def test_the_server_closes_in_silence():
    notes = notes_of([*SIGN_IN, ("S", b"421 Timeout\r\n")])
    assert (notes[-1].key, notes[-1].state, notes[-1].outcome) == ("ftp.reply.421", "bye", "later")


def test_what_is_no_ftp_is_told_as_unknown():
    notes = notes_of([("S", b"SSH-2.0-OpenSSH\r\n"), ("C", b"XYZZY\r\n"), ("C", b"\x00\x01\x02\r\n")])
    assert [note.known for note in notes] == [False] * 3


def test_the_state_survives_a_blocks_border():
    for turns in (COURSE, LONG):
        lines, whole = guarded(turns), notes_of(turns)
        for at in range(len(lines)):
            first, second = Explainer(), Explainer()
            for line in lines[:at]:
                first.feed(line)
            second.restore(json.loads(json.dumps(first.state())))
            assert [second.feed(line) for line in lines[at:]] == whole[at:]


def test_a_hostile_line_is_only_text():
    note = Explainer().feed(Line("S", b"220 {text} {0.__class__} %s"))
    assert note.known and catalog.say(note)
    for raw in (b"CWD {user.x}", b"SITE {0}", b"PORT {1}"):
        assert catalog.say(Explainer().feed(Line("C", raw)))

"""Commands to the lab's IMAP server: wrong, hostile, in pieces, endless, and a real client's."""

import time

import pytest
from imapclient import IMAPClient

from tests.servers.imap.talk import LETTER


@pytest.mark.parametrize(
    ("command", "lesson"),
    [
        ("", "command"),
        ("FROB", "unknown command FROB"),
        ("SELECT", "expected a mailbox name"),
        ("SELECT INBOX more", "ends here"),
        ("FETCH 1", "expected what to fetch"),
        ("FETCH 0 FLAGS", "begin at 1"),
        ("FETCH 99 FLAGS", "no message 99"),
        ("FETCH x FLAGS", "expected message numbers"),
        ("FETCH 1 (FLAGS", "expected )"),
        ("FETCH 1 BODY[NOPE]", "expected ]"),
        ("FETCH 1 BODY[]<0.0>", "at least 1 byte"),
        ("FETCH 1 COLOUR", "expected one of FLAGS"),
        ("STORE 1 COLOUR (x)", "expected FLAGS"),
        ("STORE 1 FLAGS (\\Blue)", "no flag \\Blue"),
        ("SEARCH FROBBED", "search key"),
        ("SEARCH SINCE yesterday", "date like 1-Feb-2026"),
        ('LOGIN "ann', "you are selected"),
        ("STARTTLS", "you are selected"),
        ('LIST "" "unclosed', 'closing "'),
        ("STATUS INBOX (COLOUR)", "expected one of MESSAGES"),
        ("APPEND INBOX hello", "expected a literal"),
        ("UID", "after UID"),
        ("IDLE now", "ends here"),
    ],
)
def test_a_wrong_command_is_told_what_was_expected(ann, command, lesson):
    talk = ann()
    talk.append()
    talk.ok("NOOP")
    answer = talk.ask(command)[-1]
    assert answer.startswith("a BAD"), answer
    assert lesson in answer
    talk.ok("NOOP")


def test_a_literal_that_is_too_big_is_refused_before_it_is_sent(ann):
    talk = ann()
    talk.send("a APPEND INBOX {4294967295}\r\n")
    assert talk.line().startswith("a NO [TOOBIG]")
    talk.ok("NOOP")
    talk.send("a APPEND INBOX {4294967295+}\r\n")
    assert talk.line().startswith("* BYE [TOOBIG]")


def test_a_line_without_end_closes_the_conversation(talk):
    with pytest.raises((ConnectionError, AssertionError)):
        for _ in range(100):
            talk.send(b"a" * 10_000)
        assert "64" in talk.line() or not talk.line()
        raise ConnectionError


def test_commands_arrive_byte_by_byte_and_many_at_once(ann):
    talk = ann()
    for byte in b"a APPEND INBOX {%d}\r\n" % len(LETTER):
        talk.send(bytes([byte]))
    assert talk.line().startswith("+ ")
    for byte in LETTER + b"\r\n":
        talk.send(bytes([byte]))
    assert talk.until()[-1].startswith("a OK")
    talk.send("x NOOP\r\ny FETCH 1 UID\r\nz NOOP\r\n")
    assert talk.until("z")[-3:-1] == ["* 1 FETCH (UID 1)", "y OK FETCH done"]


def test_imapclient_finds_its_way(mail_lab):
    with IMAPClient("localhost", mail_lab.ports.imap, ssl=False) as client:
        client.starttls(mail_lab.context)
        client.login("ann", mail_lab.passwords["ann"])
        assert client.find_special_folder(b"\\Sent") == "Sent"
        client.append("Sent", LETTER, [b"\\Seen"])
        client.select_folder("Sent")
        envelope = client.fetch([1], ["ENVELOPE", "BODYSTRUCTURE"])[1][b"ENVELOPE"]
        assert envelope.from_[0].mailbox == b"ann"
        client.add_flags([1], [b"\\Flagged"])
        assert set(client.get_flags([1])[1]) >= {b"\\Seen", b"\\Flagged"}
        client.move([1], "Trash")
        assert client.search() == []
        assert client.namespace().personal[0][1] == "/"
        assert b"netlab" in str(client.id_({"name": "test"})).encode()
        client.idle()
        client.idle_done()


@pytest.mark.parametrize(
    "command",
    [
        "SEARCH " + "NOT " * 1000 + "ALL",
        "SEARCH " + "(" * 1000 + "ALL",
        "FETCH " + ",".join(["1:*"] * 10_000) + " FLAGS",
        "FETCH " + "9" * 9000 + " FLAGS",
        "FETCH 1 (" + " ".join(["BODY.PEEK[]"] * 3000) + ")",
        "FETCH 1 BODY[" + "1." * 3000 + "1]",
        "FETCH 1 BODY[" + "9" * 6000 + "]",
        'LIST "" "' + "*a" * 400 + '"',
        'LIST "" ' + "%" * 3000,
        "STORE 1 +FLAGS (" + " ".join(f"k{n}" for n in range(100)) + ")",
        b'APPEND INBOX "\xff\xfe" {1+}\r\nx',
        b"SELECT \xff\xfe\xfd",
        "SELECT " + "&AAAA-" * 10,
        "CREATE ../../out",
        "CREATE " + "x/" * 3000 + "y",
        "SEARCH CHARSET rot13 SUBJECT x",
        "SEARCH SUBJECT {3+}\r\n\0\0\0",
    ],
)
def test_hostile_commands_are_answered_quickly_and_harm_nobody(ann, command):
    talk = ann()
    talk.append()
    start = time.monotonic()
    answer = talk.ask(command)[-1]
    assert time.monotonic() - start < 3
    assert "SERVERBUG" not in answer
    talk.ok("SELECT INBOX")  # a SELECT that failed closed the folder
    assert talk.ok("FETCH 1 UID")[0] == "* 1 FETCH (UID 1)"

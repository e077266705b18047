"""Letters at the lab's IMAP server: fetched, appended, copied, flagged, searched, expunged."""

import base64
import imaplib
import re

import pytest


def test_a_letter_is_fetched_byte_by_byte_as_it_was_appended(mail_lab):
    raw = (
        b"Subject: bytes\r\n\r\n" + bytes(range(1, 256)).replace(b"\n", b"").replace(b"\r", b"") + b"\r\nend"
    )
    client = imaplib.IMAP4("127.0.0.1", mail_lab.ports.imap)
    client.login("ann", mail_lab.passwords["ann"])
    client.append("INBOX", None, None, raw)
    client.select()
    assert client.fetch("1", "BODY.PEEK[]")[1][0][1] == raw
    assert client.fetch("1", "RFC822.SIZE")[1][0] == b"1 (RFC822.SIZE %d)" % len(raw)
    assert client.fetch("1", "BODY.PEEK[]<5.10>")[1][0][1] == raw[5:15]
    assert client.fetch("1", "BODY.PEEK[]<99999.5>")[1][0][1] == b""
    pieces = b"".join(client.fetch("1", f"BODY.PEEK[]<{at}.7>")[1][0][1] for at in range(0, len(raw), 7))
    assert pieces == raw
    client.logout()


def test_only_a_fetch_that_does_not_peek_marks_seen(ann):
    talk = ann()
    talk.append()
    talk.ok("FETCH 1 BODY.PEEK[HEADER]")
    assert r"\Seen" not in talk.ok("FETCH 1 FLAGS")[0]
    assert r"\Seen" in "".join(talk.ok("FETCH 1 BODY[TEXT]"))
    assert r"\Seen" in talk.ok("FETCH 1 FLAGS")[0]


def test_append_tells_the_uid_and_copy_and_move_tell_both(ann):
    talk = ann()
    assert re.search(r"\[APPENDUID \d+ 1\]", talk.append()[-1])
    talk.append()
    assert re.search(r"\[COPYUID \d+ 1:2 1:2\]", talk.ok("COPY 1:2 Archive")[-1])
    lines = talk.ok("UID MOVE 1 Trash")
    assert re.search(r"\* OK \[COPYUID \d+ 1 1\]", lines[0])
    assert "* 1 EXPUNGE" in lines
    assert talk.ok("STATUS Trash (MESSAGES)")[0] == "* STATUS Trash (MESSAGES 1)"


def test_copying_to_a_folder_that_is_not_there_says_trycreate(ann):
    talk = ann()
    talk.append()
    assert talk.ask("COPY 1 Nowhere")[-1].startswith("a NO [TRYCREATE]")


def test_expunges_wait_until_numbers_may_move(ann):
    first, second = ann(), ann()
    for _ in range(3):
        first.append()
    second.ok("NOOP")
    first.ok(r"STORE 1 +FLAGS.SILENT (\Deleted)")
    assert "* 1 EXPUNGE" in first.ok("EXPUNGE")
    found = second.ok("SEARCH ALL")
    assert found[0] == "* SEARCH 2 3"
    assert found[-1].startswith("a OK [EXPUNGEISSUED]")  # RFC 5530: why a number is missing
    for command in ("FETCH 2 FLAGS", "SEARCH ALL", r"STORE 3 +FLAGS (\Seen)"):
        assert not any("EXPUNGE" in line for line in second.ok(command)[:-1])
    assert "* 1 EXPUNGE" in second.ok("NOOP")
    assert second.ok("SEARCH ALL")[-1] == "a OK SEARCH done"
    assert r"\Seen" in second.ok("FETCH 2 FLAGS")[0]


def test_uid_expunge_removes_only_the_named(ann):
    talk = ann()
    for _ in range(3):
        talk.append(flags=r"(\Deleted) ")
    assert next(line for line in talk.ok("UID EXPUNGE 2") if "EXPUNGE" in line) == "* 2 EXPUNGE"
    assert talk.ok("UID SEARCH ALL")[0] == "* SEARCH 1 3"
    talk.ok("UNSELECT")
    talk.ok("SELECT INBOX")
    assert talk.ok("SEARCH ALL")[0] == "* SEARCH 1 2"
    talk.ok("CLOSE")
    assert talk.ok("STATUS INBOX (MESSAGES)")[0] == "* STATUS INBOX (MESSAGES 0)"


def test_keywords_are_kept_and_searched(ann):
    talk = ann()
    talk.append()
    assert any("Lesson" in line for line in talk.ok("STORE 1 +FLAGS (Lesson $Forwarded)"))
    assert talk.ok("SEARCH KEYWORD lesson UNKEYWORD other")[0] == "* SEARCH 1"
    talk.ok("STORE 1 -FLAGS (lesson)")
    assert "Lesson" not in talk.ok("FETCH 1 FLAGS")[0]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("ALL", "1 2"),
        ("CHARSET UTF-8 SUBJECT {5+}\r\nchào", "1"),
        ('SUBJECT "CHÀO"', "1"),
        ('BODY "hello there"', "1"),
        ('TEXT "ann@"', "1"),
        ("BODY {4+}\r\nthư", "2"),
        ("FROM ben", "2"),
        ("NOT FROM ben", "1"),
        ("OR FROM ben FROM ann", "1 2"),
        ("LARGER 1 SMALLER 100000", "1 2"),
        ("UID 2:*", "2"),
        ("SINCE 1-Jan-2020 BEFORE 1-Jan-2100", "1 2"),
        ("SENTON 3-Feb-2026", "2"),
        ("HEADER X-Kind test", "2"),
        ("(UNSEEN (ALL))", "1 2"),
    ],
)
def test_search_looks_through_charsets_and_transfer_encodings(ann, keys, found):
    talk = ann()
    talk.append()
    talk.append(
        raw=b"From: ben@lab.test\r\nDate: Tue, 3 Feb 2026 23:59:00 -0800\r\nX-Kind: a test\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes("một bức thư".encode()).replace(b"\n", b"\r\n")
    )
    size = len("thư".encode()) if "thư" in keys else 5
    keys = re.sub(r"\{\d\+\}", f"{{{size}+}}", keys)
    found_lines = [line for line in talk.ok("SEARCH " + keys) if line.startswith("* SEARCH")]
    assert found_lines == [f"* SEARCH {found}".rstrip()]


def test_an_unknown_charset_is_told(ann):
    assert ann().ask("SEARCH CHARSET KLINGON ALL")[-1].startswith("a NO [BADCHARSET")

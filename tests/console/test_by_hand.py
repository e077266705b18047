"""Dialogues typed by hand with the lab's own servers."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from tests.console.conftest import text
from transcripts import blocks
from transcripts.models import Block, Transcript

PRINTED = [
    "HELO mydomain.com", "MAIL FROM:<sender@mydomain.com>", "RCPT TO:<friend@example.com>", "DATA",
    "Subject: test message", "From: sender@mydomain.com", "To: friend@example.com",
    "Hello,", "This is a test.", "Goodbye.", "QUIT",
]  # fmt: skip
"""The client's lines of the course's example, as printed: no blank line, and no dot."""


async def test_the_courses_letter_as_printed_waits_in_data_and_the_console_says_why(lab, ann, console):
    await database_sync_to_async(lab.person)("friend")
    hand = await console(ann)
    await hand.seen("220 ")
    await hand.say(*PRINTED)
    quit_line = await hand.seen("QUIT", "C")
    assert "not for a command" in quit_line["text"]
    assert "no blank line came before it" in (await hand.seen("Hello,", "C"))["text"]
    assert "lone dot" in hand.hint["waits"] and hand.hint["state"] == "data"
    await hand.say(".")
    assert (await hand.seen("250 2.0.0 Ok: queued as", "S"))["outcome"] == "done"
    folded = next(line for line in hand.lines if line["kind"] == "note")
    assert "no blank line ends its headers" in folded["text"] and hand.hint["waits"] == ""
    await hand.say("QUIT")
    await hand.seen("221 ")
    assert (await hand.closed())["why"] == ""
    [letter] = await database_sync_to_async(lab.inbox)("friend")
    assert b"This is a test." in letter


async def test_every_line_typed_is_recorded_as_typed_and_explained(lab, ann, console):
    hand = await console(ann)
    await hand.say("EHLO me.example", "NOOP", "QUIT")
    await hand.closed()
    await hand.leave()
    row = await database_sync_to_async(lambda: Transcript.objects.select_related("conversation").get())()
    lines = await database_sync_to_async(lambda: list(blocks.read(row.conversation, row.first, row.last)))()
    assert row.conversation.origin == "typed" and row.ended and row.outcome == "done"
    assert {line.origin for line, _ in lines if line.kind != "event"} == {"typed"}
    assert all(note.known for _, note in lines)
    assert [line.text for line, _ in lines if line.speaker == "C"] == ["EHLO me.example", "NOOP", "QUIT"]


async def test_a_password_typed_by_hand_is_hidden_on_the_screen_and_in_the_stored_lines(lab, ann, console):
    hand = await console(ann, "pop3")
    await hand.seen("+OK")
    await hand.say("USER ann", "PASS lab ann secret", "STAT")
    await hand.until(lambda: hand.hint.get("state") == "transaction")
    line = next(one for one in hand.lines if text(one).startswith("PASS"))
    assert text(line) == "PASS [14]"
    await hand.put(type="reveal", id=line["id"])
    shown = await hand.until(lambda: next((one for one in hand.told if one["type"] == "revealed"), None))
    assert shown["text"] == "PASS lab ann secret"
    await hand.say("QUIT")
    await hand.closed()
    stored = await database_sync_to_async(lambda: b"".join(bytes(b.payload) for b in Block.objects.all()))()
    assert b"lab ann secret" not in stored and b"PASS" in stored


async def test_imap_by_hand_with_a_literal(lab, ann, console):
    hand = await console(ann, "imap")
    await hand.seen("* OK")
    await hand.say("a1 LOGIN ann {14}")
    await hand.until(lambda: any(one.startswith("+ ") for one in hand.texts("S")))
    assert "14" in hand.hint["waits"]
    await hand.say("lab ann secret", "a2 SELECT INBOX")
    await hand.seen("a2 OK", "S")
    assert "[16]" in hand.texts("C") and "lab ann secret" not in str(hand.lines)
    await hand.say("a3 APPEND INBOX {27}")
    await hand.until(lambda: sum(one.startswith("+ ") for one in hand.texts("S")) == 2)
    await hand.say("Subject: by hand", "", "Hello", "")
    assert (await hand.seen("a3 OK", "S"))["outcome"] == "done"
    await hand.say("a4 FETCH 1 BODY[TEXT]", "a5 LOGOUT")
    await hand.seen("a5 OK", "S")
    assert "Hello" in hand.texts("S")
    assert (await hand.closed())["why"] == ""


async def test_starttls_typed_by_hand_becomes_tls_and_what_was_typed_ahead_waits_for_it(lab, ann, console):
    for protocol, lines, after in (
        ("smtp", ["EHLO me.example", "STARTTLS", "EHLO me.example"], "250-8BITMIME"),
        ("pop3", ["STLS", "CAPA"], "UIDL"),
        ("imap", ["a STARTTLS", "b CAPABILITY"], "b OK"),
    ):
        hand = await console(ann, protocol)
        await hand.say(*lines)
        await hand.until(
            lambda hand=hand: any(one["kind"] == "event" and "TLS is up" in text(one) for one in hand.lines)
        )
        line = await hand.until(
            lambda hand=hand, after=after: next(
                (one for one in hand.lines if one["tls"] and after in text(one)), None
            )
        )
        assert line["who"] == "S"


async def test_tls_from_the_first_byte(lab, ann, console):
    hand = await console(ann, "imap", "tls")
    line = await hand.seen("* OK")
    assert line["tls"]


@pytest.mark.unexplained("what is typed here is no SMTP, and goes out all the same")
async def test_typed_bytes_go_out_as_they_are(lab, ann, console, scripted):
    async def behave(reader, writer):
        writer.write(b"220 hi\r\n")
        while raw := await reader.read(1000):
            scripted.heard += raw

    hand = await console(ann, server=await scripted.open(behave))
    await hand.seen("220 hi")
    await hand.say("  two  spaces ", "tiếng Việt")
    await hand.say("line feed only", end="lf")
    await hand.say(r"\x00\xff\\\t", end="none", escapes=True)
    wanted = "  two  spaces \r\ntiếng Việt\r\nline feed only\n".encode() + b"\0\xff\\\t"
    await hand.until(lambda: len(hand.texts("C")) >= 3)
    await hand.put(type="close")
    await hand.closed()
    assert bytes(scripted.heard) == wanted
    ends = [line["end"] for line in hand.lines if line["who"] == "C"]
    assert ends == ["CR LF", "CR LF", "LF", ""]

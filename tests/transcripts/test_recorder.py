"""What is said to a real server (aiosmtpd on port 0) ends, guarded and whole, in the database."""

from __future__ import annotations

import time

import pytest

from accounts.models import SchoolClass, User
from protocols.errors import Refused, Unreachable
from protocols.events import Closed, Crossed, Opened
from tests.transcripts.conftest import SECRET
from transcripts import blocks, recorder, rights, tasks
from transcripts.conversation import Scribe
from transcripts.models import Block, Conversation, Transcript
from transcripts.recorder import open_recording
from transcripts.signals import transcript_closed
from transcripts.writer import writer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_sent_letter_is_recorded_whole_and_its_password_nowhere(ann, server, send):
    heard = []
    transcript_closed.connect(lambda transcript, **_: heard.append(transcript.pk), weak=False)
    row = send(tab="0123456789abcdef")
    lines = [line for line, note in blocks.read(row.conversation, row.first, row.last)]
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    assert any(line.text.upper().startswith("MAIL FROM:<ANN@LAB.TEST>") for line in lines)
    assert any(line.kind == "body" for line in lines)
    assert row.outcome == "done" and heard == [row.pk]
    stored = b"".join(bytes(block.payload) for block in Block.objects.all())
    assert SECRET.encode() not in stored and b"dGluLWNhbi10ZWxlcGhvbmU" not in stored
    assert any(line.hidden for line in lines)


def test_a_refused_login_gives_the_transcript_its_outcome(ann, server, send):
    with pytest.raises(Refused):
        send(password="wrong")
    row = Transcript.objects.get()
    assert row.outcome == "refused" and row.reply.startswith("535")


def test_a_line_lost_after_a_good_reply_is_not_told_by_that_reply(ann, server):
    recording = open_recording(owner=ann, server=server)
    with pytest.raises(Unreachable), recording.transcript("Send"):
        recording.sink(Opened(time.time(), "localhost", "a", "b"))
        recording.sink(Crossed(time.time(), "S", b"220 hi ESMTP\r\n"))
        recording.sink(Crossed(time.time(), "C", b"NOOP\r\n"))
        recording.sink(Crossed(time.time(), "S", b"250 2.0.0 OK\r\n"))
        raise Unreachable("the line broke", cause="lost")
    recording.close()
    row = Transcript.objects.get()
    assert (row.outcome, row.reply, row.badge) == ("later", "", "try later")


def test_five_hundred_replies_lie_in_blocks_of_at_most_200_and_any_place_can_be_read(
    ann, server, send, monkeypatch
):
    monkeypatch.setattr(recorder, "PATIENCE", 60.0)
    recording = open_recording(owner=ann, server=server)
    with recording.transcript("Noop") as action:
        recording.sink(Opened(time.time(), "localhost", "a", "b"))
        recording.sink(Crossed(time.time(), "S", b"220 hi ESMTP\r\n"))
        for _ in range(500):
            recording.sink(Crossed(time.time(), "C", b"NOOP\r\n"))
            recording.sink(Crossed(time.time(), "S", b"250 2.0.0 OK\r\n"))
        recording.sink(Closed(time.time()))
    row = Transcript.objects.get(pk=action.id)
    assert row.last == 1003
    assert all(block.last - block.first < 200 for block in Block.objects.all())
    [(line, note)] = blocks.read(row.conversation, 777, 777)
    assert line.number == 777 and note.known
    assert Conversation.objects.get().ended


def test_what_a_killed_process_left_open_is_marked_interrupted(ann, server, send):
    old = Conversation.objects.create(owner=ann, server=server, protocol="smtp", host="h", port=25, lines=3)
    Transcript.objects.create(owner=ann, conversation=old, cause="Send")
    Conversation.objects.update(seen=old.started - 2 * tasks.SILENT)
    tasks.mark_interrupted()
    assert Conversation.objects.get().interrupted
    assert Transcript.objects.get().last == 3


def test_a_teacher_sees_lines_but_bodies_only_once_shared(ann, server, send):
    tom, eve = User.objects.create(username="tom"), User.objects.create(username="eve")
    group = SchoolClass.objects.create(name="NP")
    group.students.add(ann)
    group.teachers.add(tom)
    old = Conversation.objects.create(owner=ann, server=server, protocol="smtp", host="h", port=25)
    row = Transcript.objects.create(owner=ann, conversation=old, cause="Send")
    assert rights.visible(tom).get() == row and not rights.reads_bodies(tom, row)
    assert not rights.visible(eve).exists()
    row.shared_with = group
    row.save()
    assert rights.reads_bodies(tom, row) and not rights.visible(eve).exists()


def test_the_hidden_password_keeps_only_its_fingerprint(ann, server, send):
    row = send()
    spans = [span for line, _ in blocks.read(row.conversation, 1) for span in line.hidden]
    assert spans and all(len(span.fingerprint) == 8 for span in spans)


def test_a_conversation_that_is_deleted_while_it_runs_is_let_go(ann, server):
    for _ in range(10):
        recording = open_recording(owner=ann, server=server)
        recording.sink(Opened(time.time(), "localhost", "a", "b"))
        Conversation.objects.all().delete()
        recording.sink(Crossed(time.time(), "S", b"220 hi ESMTP\r\n"))
        recording.close()
        writer().flush()
    assert not Block.objects.exists() and not writer()._dirty


def test_a_block_that_is_stored_while_a_command_waits_keeps_the_state_at_its_beginning():
    scribe = Scribe(1, "smtp", "app")
    scribe.take(Crossed(1.0, "S", b"220 hello\r\n"))
    scribe.take(Crossed(1.1, "C", b"AUTH CRAM-MD5\r\n"))
    [block] = scribe.unsaved()
    assert (block.first, block.last, block.state["waiting"]) == (1, 2, [])


def test_what_a_server_says_with_nul_in_it_keeps_no_conversation_from_being_stored(ann, server):
    server.protocol = "http"
    recording = open_recording(owner=ann, server=server)
    head = b"HTTP/1.1 200 OK\r\nConnection: clo\0se\r\n" + b"Vary: Accept\r\n" * 300
    with recording.transcript("Look") as action:
        recording.sink(Opened(time.time(), "localhost", "a", "b"))
        recording.sink(Crossed(time.time(), "C", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        recording.sink(Crossed(time.time(), "S", head))
        recording.sink(Closed(time.time()))
    row = Transcript.objects.get(pk=action.id)
    assert row.last > 300 and len(list(blocks.read(row.conversation, 1))) == row.last
    assert not any("\0" in repr(block.state) or "\\x00" in repr(block.state) for block in Block.objects.all())

"""A letter's way through the room, against real servers: written, sent, listed, read, moved and moved back."""

from __future__ import annotations

import socket
import threading
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts import reach
from accounts.models import Server
from protocols.login import Credentials
from tests.webmail.conftest import BOTH
from webmail import sending, tasks
from webmail.models import Draft, Folder, Message, OutgoingMessage, OutgoingRecipient

pytestmark = BOTH


def write(client, person, **fields):
    client.force_login(person)
    key = uuid.uuid4()
    data = {
        "sender": f"{person.username}@lab.test",
        "to": "ben@lab.test",
        "cc": "",
        "bcc": "",
        "subject": "Hello",
        "text": "How are you?",
        **fields,
    }
    return key, client.post(f"/mail/compose/{key}/", data)


def test_a_letter_with_an_attachment_is_sent_listed_and_read(lab, ann, ben, client):
    client.force_login(ann)
    key = uuid.uuid4()
    file = SimpleUploadedFile("../a\u202eb.txt", b"content of the file")
    assert client.post(f"/mail/compose/{key}/attach/", {"files": file}).status_code == 200
    answer = client.post(
        f"/mail/compose/{key}/",
        {
            "sender": "ann@lab.test",
            "to": "Ben Trần <ben@lab.test>",
            "cc": "",
            "bcc": "",
            "subject": "Chào",
            "text": "Xin chào",
        },
    )
    assert answer.status_code == 302, answer.content
    outgoing = OutgoingMessage.objects.get()
    assert [row.state for row in outgoing.recipients.all()] == ["sent"], outgoing.recipients.values()
    outgoing.refresh_from_db()
    assert outgoing.copy == "kept", outgoing.copy_words
    assert client.get(f"/mail/outgoing/{outgoing.pk}/").status_code == 200
    client.force_login(ben)
    assert client.get("/mail/").status_code == 200
    lab.settle()
    client.post("/mail/folders/")
    page = client.get("/mail/")
    assert "Chào" in page.content.decode()
    message = Message.objects.get(subject="Chào", folder__mailbox__login__person=ben)
    assert message.has_files and not message.seen and message.letter
    client.post(f"/mail/message/{message.pk}/fetch/")
    shown = client.get(f"/mail/message/{message.pk}/").content.decode()
    assert "Xin chào" in shown and "ab.txt" in shown
    message.refresh_from_db()
    assert message.seen
    saved = client.get(f"/mail/message/{message.pk}/part/1/")
    assert saved.content == b"content of the file" and saved["Content-Disposition"].startswith("attachment")
    assert client.get(f"/mail/message/{message.pk}/source/").status_code == 200
    client.force_login(ann)
    assert client.get(f"/mail/message/{message.pk}/").status_code == 404
    assert client.get("/mail/card/").status_code == 200


def test_a_letter_to_an_unknown_user_fails_with_550_for_that_recipient_alone(lab, ann, ben, client):
    write(client, ann, to="ben@lab.test, nobody@lab.test")
    states = dict(OutgoingRecipient.objects.values_list("address", "state"))
    assert states == {"ben@lab.test": "sent", "nobody@lab.test": "failed"}
    row = OutgoingRecipient.objects.get(address="nobody@lab.test")
    assert row.code == "550" and row.words


def test_a_redelivered_task_sends_nothing_again(lab, ann, ben, client):
    write(client, ann)
    outgoing = OutgoingMessage.objects.get()
    tasks.send_message(outgoing.pk)
    tasks.send_message(outgoing.pk)
    assert len(lab.inbox("ben")) == 1


def test_deleting_moves_to_trash_and_undo_brings_it_back(lab, ann, ben, client):
    write(client, ann)
    client.force_login(ben)
    lab.settle()
    client.post("/mail/folders/")
    message = Message.objects.get(folder__special="inbox", folder__mailbox__login__person=ben)
    answer = client.post(f"/mail/folder/{message.folder_id}/act/", {"letter": message.pk, "verb": "trash"})
    assert "Undo" in answer.content.decode()
    mine = Message.objects.filter(folder__mailbox__login__person=ben)
    assert [row.folder.special for row in mine] == ["trash"]
    assert client.post(answer.content.decode().split('hx-post="')[1].split('"')[0]).status_code == 200
    assert [row.folder.special for row in mine.all()] == ["inbox"]


def test_a_reply_names_the_letter_it_answers(lab, ann, ben, client):
    write(client, ann)
    client.force_login(ben)
    lab.settle()
    client.post("/mail/folders/")
    message = Message.objects.get(folder__special="inbox", folder__mailbox__login__person=ben)
    answer = client.post(f"/mail/message/{message.pk}/answer/", {"how": "reply"})
    draft = Draft.objects.get(person=ben)
    assert (
        draft.in_reply_to == message.message_id
        and draft.subject == "Re: Hello"
        and "ann@lab.test" in draft.to
    )
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("bad", ["ben@lab.test\r\nBcc: tom@lab.test", "nobody", "<>", "a b@c d"])
def test_what_is_no_address_is_refused_and_every_word_kept(lab, ann, client, bad):
    key, answer = write(client, ann, to=bad)
    assert answer.status_code == 422 and "How are you?" in answer.content.decode()
    assert Draft.objects.get(pk=key).text == "How are you?"
    assert not OutgoingMessage.objects.exists()


def test_a_subject_with_a_line_break_makes_no_header(lab, ann, ben, client):
    write(client, ann, subject="Hi\r\nX-Evil: 1")
    assert b"\nX-Evil" not in lab.inbox("ben")[0]


def test_a_line_lost_after_data_began_is_uncertain_and_never_sent_again_by_itself(lab, ann, client, tmp_path):
    server = _stalls_after_data()
    port = server.getsockname()[1]
    Server.objects.filter(protocol="smtp").update(port=port, security="plain")
    write(client, ann)
    outgoing = OutgoingMessage.objects.get()
    assert outgoing.data_started
    assert [row.state for row in outgoing.recipients.all()] == ["uncertain"]
    assert not sending.sweep()
    assert b"uncertain" in client.get(f"/mail/outgoing/{outgoing.pk}/").content
    client.post(f"/mail/outgoing/{outgoing.pk}/decide/", {"verb": "sent"})
    assert [row.state for row in outgoing.recipients.all()] == ["sent"]
    server.close()


@pytest.mark.parametrize("begun, after", [(True, "uncertain"), (False, "queued")])
def test_what_a_dead_worker_left_is_settled_by_whether_data_had_begun(lab, ann, client, begun, after):
    Server.objects.filter(protocol="smtp").update(enabled=True, port=1)
    write(client, ann)
    outgoing = OutgoingMessage.objects.get()
    past = timezone.now() - timedelta(seconds=1)
    outgoing.recipients.update(state="sending")
    OutgoingMessage.objects.update(
        claim="dead", lease=past, data_started=past if begun else None, next_try=None
    )
    sending.sweep()
    assert [row.state for row in outgoing.recipients.all()] == [after]


def test_a_server_that_is_down_queues_the_letter_for_later_and_says_so(lab, ann, client):
    Server.objects.filter(protocol="smtp").update(port=1)
    write(client, ann)
    outgoing = OutgoingMessage.objects.get()
    assert outgoing.next_try and outgoing.recipients.get().state == "queued"
    assert "tried again" in client.get(f"/mail/outgoing/{outgoing.pk}/").content.decode()


def test_a_wrong_password_is_told_and_loses_nothing(lab, ann, client, monkeypatch):
    monkeypatch.setattr(reach, "credentials", lambda login: Credentials(login.user_name, "wrong"))
    client.force_login(ann)
    assert client.post("/mail/folders/").status_code == 204
    assert "The server answered" in client.get("/mail/").content.decode()
    write(client, ann)
    assert OutgoingRecipient.objects.get().state == "failed"


def test_files_over_the_limit_are_refused_by_name(lab, ann, client):
    client.force_login(ann)
    big = SimpleUploadedFile("big.bin", b"x" * (20 * 1024 * 1024 + 1))
    answer = client.post(f"/mail/compose/{uuid.uuid4()}/attach/", {"files": big})
    assert "big.bin" in answer.content.decode() and "20 MB" in answer.content.decode()


def test_numbers_and_brackets_without_end_are_refused_like_other_nonsense(lab, ann, ben, client):
    client.force_login(ann)
    client.post("/mail/folders/")
    folder = Folder.objects.get(special="inbox", mailbox__login__person=ann)
    for number in ("9" * 40, "9" * 5000, "٣", "-1", "x"):
        assert (
            client.post(f"/mail/folder/{folder.pk}/act/", {"verb": "read", "letter": number}).status_code
            == 200
        )
        move = {"verb": "move", "letter": "1", "target": number}
        assert client.post(f"/mail/folder/{folder.pk}/act/", move).status_code == 200
        assert client.get("/mail/folders/", {"shown": number}).status_code == 200
    _key, answer = write(client, ann, to="(" * 500)
    assert answer.status_code == 422 and "is no mail address" in answer.content.decode()


def test_a_changed_uidvalidity_drops_the_index(lab, ann, ben, client):
    write(client, ann)
    client.force_login(ben)
    lab.settle()
    client.post("/mail/folders/")
    folder = Folder.objects.get(special="inbox", mailbox__login__person=ben)
    old = folder.letters.get().pk
    Folder.objects.filter(pk=folder.pk).update(uidvalidity=1)
    tasks.refresh_folder(folder.pk)
    assert folder.letters.get().pk != old


def _stalls_after_data() -> socket.socket:
    """A server that takes a letter's text and closes without a word."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _peer = listener.accept()
        file = line.makefile("rwb")

        def say(text: str) -> None:
            file.write(text.encode() + b"\r\n")
            file.flush()

        say("220 here")
        for raw in file:
            word = raw.split()[0].upper()
            if word == b"EHLO":
                say("250-here\r\n250 AUTH PLAIN")
            elif word == b"AUTH":
                say("235 2.7.0 yes")
            elif word == b"DATA":
                say("354 go on")
                break
            else:
                say("250 ok")
        while file.readline() not in (b".\r\n", b""):
            pass
        line.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=serve, daemon=True).start()
    return listener

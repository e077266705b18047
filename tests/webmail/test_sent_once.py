"""A letter goes out once, whatever fails beside it: its copy, its task, its lease, its broker."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import Login, Server
from tests.servers.embedded import wait_until
from tests.webmail.test_letters import write
from webmail import sending, tasks, writing
from webmail.models import Draft, OutgoingMessage, OutgoingRecipient


@pytest.fixture
def broker_away(monkeypatch):
    def refuse(*args, **named):
        raise OperationalError("Error 111 connecting")

    for task in (tasks.send_message, tasks.refresh_folders):
        monkeypatch.setattr(task, "delay", refuse)


def test_a_copy_that_fails_is_told_and_sends_nothing_again(lab, ann, ben, client):
    Server.objects.filter(protocol="imap").update(port=1)
    write(client, ann)
    outgoing = OutgoingMessage.objects.get()
    page = client.get(f"/mail/outgoing/{outgoing.pk}/").content.decode()
    assert (
        outgoing.copy == "failed" and "no copy was kept in Sent" in page and "nothing answers at port" in page
    )
    for _ in range(2):
        tasks.append_copy(outgoing.pk)
        tasks.send_message(outgoing.pk)
        tasks.sweep_outgoing()
    assert len(lab.inbox("ben")) == 1
    assert [row.state for row in outgoing.recipients.all()] == ["sent"]


def test_a_copy_whose_worker_died_is_made_by_the_sweep_and_only_once(lab, ann, ben, client, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(tasks.append_copy, "delay", lambda *args: None)
        write(client, ann)
    outgoing = OutgoingMessage.objects.get()
    assert outgoing.copy == "waiting" and not sending.copies_left()
    OutgoingMessage.objects.update(made=timezone.now() - timedelta(minutes=5))
    tasks.sweep_outgoing()
    outgoing.refresh_from_db()
    assert outgoing.copy == "kept" and not sending.copies_left()


def test_a_lease_is_renewed_while_its_run_lives(lab, ann, ben, client, monkeypatch):
    monkeypatch.setattr(sending, "RENEW", 0.05)
    seen = []

    def slowly(outgoing, raw, tab):
        rows = OutgoingMessage.objects.filter(pk=outgoing.pk)
        rows.update(lease=timezone.now())
        wait_until(lambda: rows.get().lease > timezone.now() + timedelta(seconds=30))
        seen.append(rows.get().lease)
        return {"ben@lab.test": ("250", "Ok")}

    monkeypatch.setattr(sending, "_speak", slowly)
    write(client, ann)
    assert seen and OutgoingRecipient.objects.get().state == "sent"


def test_a_run_that_was_taken_for_dead_and_then_heard_the_server_says_so(lab, ann, ben, client, monkeypatch):
    spoken = sending._speak

    def taken_for_dead(outgoing, raw, tab):
        settle = sending._settle
        monkeypatch.setattr(
            sending, "_settle", lambda *args: None
        )  # it stands still before it writes this down
        answers = spoken(outgoing, raw, tab)
        monkeypatch.setattr(sending, "_settle", settle)
        OutgoingMessage.objects.update(lease=timezone.now() - timedelta(seconds=1))
        sending.sweep()
        assert OutgoingRecipient.objects.get().state == "uncertain"
        return answers

    monkeypatch.setattr(sending, "_speak", taken_for_dead)
    write(client, ann)
    assert OutgoingRecipient.objects.get().state == "sent" and len(lab.inbox("ben")) == 1


def test_a_letter_written_without_a_broker_is_kept_and_sent_by_the_sweep(
    lab, ann, ben, client, monkeypatch, request
):
    with monkeypatch.context():
        request.getfixturevalue("broker_away")
        _, answer = write(client, ann)
        assert answer.status_code == 302
        assert OutgoingRecipient.objects.get().state == "queued"
        monkeypatch.undo()
    OutgoingMessage.objects.update(made=timezone.now() - timedelta(minutes=1))
    tasks.sweep_outgoing()
    assert OutgoingRecipient.objects.get().state == "sent" and len(lab.inbox("ben")) == 1


@pytest.mark.parametrize("language, sentence", [("en", "Nothing was lost"), ("vi", "Không mất gì cả")])
def test_without_a_broker_other_wishes_are_refused_with_a_sentence(
    lab, ann, client, broker_away, language, sentence
):
    ann.language = language
    ann.save()
    client.force_login(ann)
    answer = client.post("/mail/folders/")
    assert answer.status_code == 503 and sentence in answer.content.decode()
    answer = client.post("/mail/folders/", headers={"HX-Request": "true"})
    assert answer["HX-Retarget"] == "#toasts" and sentence in answer.content.decode()


def test_an_autosave_that_comes_late_does_not_make_a_sent_letter_a_draft_again(lab, ann, ben, client, rf):
    client.force_login(ann)
    key = uuid.uuid4()
    typed = {"sender": "ann@lab.test", "to": "ben@lab.test", "subject": "Once", "text": "once"}
    assert client.post(f"/mail/compose/{key}/save/", typed).status_code == 200
    read_before = Draft.objects.get(key=key)
    assert client.post(f"/mail/compose/{key}/", typed).status_code == 302
    late = rf.post("/", typed)
    late.user = ann
    assert not writing._take(read_before, late)
    assert Draft.objects.get(key=key).sent


def test_a_second_send_or_save_of_a_letter_that_went_out_shows_the_letter(lab, ann, ben, client):
    key, first = write(client, ann)
    typed = {"sender": "ann@lab.test", "to": "ben@lab.test", "subject": "Hello", "text": "twice?"}
    assert client.post(f"/mail/compose/{key}/save/", typed).status_code == 409
    for again in (client.post(f"/mail/compose/{key}/", typed), client.get(f"/mail/compose/{key}/")):
        assert again.status_code == 302 and again["Location"] == first["Location"]
    assert OutgoingMessage.objects.count() == 1 and len(lab.inbox("ben")) == 1


def test_a_password_whose_key_is_lost_fails_the_letter_visibly_and_is_told_in_the_inbox(
    lab, ann, ben, client
):
    Login.objects.filter(person=ann).update(sealed=b"gAAAAAjunk")
    write(client, ann)
    outgoing = OutgoingMessage.objects.get()
    row = outgoing.recipients.get()
    assert row.state == "failed" and row.trouble["key"] == "error.wire.sealed" and not outgoing.claim
    assert (
        "locked with a key that is not here any more"
        in client.get(f"/mail/outgoing/{outgoing.pk}/").content.decode()
    )
    client.post("/mail/folders/")
    assert "locked with a key that is not here any more" in client.get("/mail/folders/").content.decode()


def test_what_nobody_thought_of_ends_a_letter_or_an_action_as_an_error_that_is_told(
    lab, ann, ben, client, monkeypatch
):
    def stumble(*_arguments, **_named):
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(sending.letters, "read", stumble)
    write(client, ann)
    row = OutgoingMessage.objects.get().recipients.get()
    assert row.state == "failed" and row.trouble["key"] == "error.wire.lab"
    monkeypatch.setattr(tasks.index, "store_folders", stumble)
    client.post("/mail/folders/")
    assert "The lab itself stumbled here" in client.get("/mail/folders/").content.decode()


def test_files_up_to_the_limit_go_out_and_a_copy_is_kept(lab, ann, ben, client):
    client.force_login(ann)
    key = uuid.uuid4()
    most = SimpleUploadedFile("most.bin", b"x" * (20 * 1024 * 1024))
    client.post(f"/mail/compose/{key}/attach/", {"files": most})
    typed = {"sender": "ann@lab.test", "to": "ben@lab.test", "subject": "Most", "text": "all that is allowed"}
    assert client.post(f"/mail/compose/{key}/", typed).status_code == 302
    outgoing = OutgoingMessage.objects.get()
    assert [row.state for row in outgoing.recipients.all()] == ["sent"], outgoing.recipients.values()
    assert outgoing.copy == "kept", outgoing.copy_words


@pytest.mark.parametrize(
    ("states", "told"),
    [(("sent", "queued"), "queued"), (("sending", "sent"), "sending"), (("sending", "failed"), "failed")],
)
def test_the_outbox_says_in_a_word_how_each_letter_stands(lab, ann, ben, client, states, told):
    write(client, ann, to="ben@lab.test, ann@lab.test")
    outgoing = OutgoingMessage.objects.get()
    for row, state in zip(outgoing.recipients.all(), states, strict=True):
        OutgoingRecipient.objects.filter(pk=row.pk).update(state=state)
    page = client.get("/mail/folders/").content.decode()
    assert f">{told}</span></a></li>" in page[page.index("Outbox") :]

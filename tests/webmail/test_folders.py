"""What the folder pane and the list do at the server: copies, flags, new folders, deleting for good."""

from __future__ import annotations

import pytest

from accounts import reach
from accounts.models import Login
from protocols.imap import client as imap
from tests.webmail.conftest import BOTH
from tests.webmail.test_letters import write
from webmail import tasks
from webmail.models import Folder, Message

pytestmark = BOTH


@pytest.fixture
def at_the_server():
    """Opens a session of a person's, past the room and its index."""
    opened = []

    def sign_in(person):
        login = Login.objects.get(person=person, server__protocol="imap")
        opened.append(imap.connect(reach.address(login.server), lambda event: None))
        opened[-1].login(reach.credentials(login))
        return opened[-1]

    yield sign_in
    for session in opened:
        session.logout()


@pytest.fixture
def letter(lab, ann, ben, client):
    """A letter of ann's in ben's Inbox, listed; ben is signed in."""
    write(client, ann)
    lab.settle()
    client.force_login(ben)
    client.post("/mail/folders/")
    return Message.objects.get(folder__special="inbox", folder__mailbox__login__person=ben)


def test_the_copy_in_sent_is_the_letter_that_went_out(letter, ann, at_the_server):
    tasks.refresh_folders(ann.pk)
    sent = Folder.objects.get(special="sent", mailbox__login__person=ann)
    tasks.refresh_folder(sent.pk)
    copy = sent.letters.get()
    assert (copy.message_id, copy.seen) == (letter.message_id, True)
    session = at_the_server(ann)
    session.select(sent.name)
    assert b"How are you?" in session.fetch_message(copy.uid, 10_000)


def test_flags_are_set_at_the_server_and_heard_from_it(letter, ben, client, at_the_server):
    act = f"/mail/folder/{letter.folder_id}/act/"
    for verb in ("star", "read"):
        assert client.post(act, {"letter": letter.pk, "verb": verb}).status_code == 204
    session = at_the_server(ben)
    session.select("INBOX")
    assert session.uids(["FLAGGED", "SEEN"]) == [letter.uid]
    session.store([letter.uid], remove=["\\Flagged", "\\Seen"])
    tasks.refresh_folder(letter.folder_id)
    letter.refresh_from_db()
    assert not letter.flagged and not letter.seen and letter.folder.unseen == 1


def test_a_new_folder_takes_letters(letter, ben, client, at_the_server):
    client.post("/mail/folders/create/", {"name": "Bài tập"})
    target = Folder.objects.get(name="Bài tập", mailbox__login__person=ben)
    client.post(
        f"/mail/folder/{letter.folder_id}/act/", {"letter": letter.pk, "verb": "move", "target": target.pk}
    )
    assert at_the_server(ben).status("Bài tập").messages == 1
    assert [row.subject for row in target.letters.all()] == ["Hello"]


def test_what_is_deleted_in_trash_is_gone(letter, ben, client, at_the_server):
    client.post(f"/mail/folder/{letter.folder_id}/act/", {"letter": letter.pk, "verb": "trash"})
    there = Message.objects.get(folder__special="trash", folder__mailbox__login__person=ben)
    client.post(f"/mail/folder/{there.folder_id}/act/", {"letter": there.pk, "verb": "purge"})
    assert at_the_server(ben).status("Trash").messages == 0
    assert not Message.objects.filter(folder__mailbox__login__person=ben).exists()


def test_what_another_program_did_is_seen_at_the_next_look(letter, ben, at_the_server):
    session = at_the_server(ben)
    session.select("INBOX")
    session.move([letter.uid], "Archive")
    session.append("INBOX", b"Subject: by hand\r\n\r\nx\r\n")
    tasks.refresh_folder(letter.folder_id)
    assert [row.subject for row in letter.folder.letters.all()] == ["by hand"]

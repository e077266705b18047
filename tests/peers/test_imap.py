"""The IMAP client with the lab's server and with Dovecot."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

from protocols.errors import Refused

LETTER = (
    b"From: =?utf-8?q?Ann_Nguy=E1=BB=85n?= <ann@lab.test>\r\nTo: Ben <ben@lab.test>\r\n"
    b"Subject: =?utf-8?q?Ch=C3=A0o?=\r\nMessage-ID: <1@lab.test>\r\n\r\n" + "Xin chào\r\n".encode()
)
WHEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def ben(witness):
    """A session of ben's, INBOX selected, with three letters in it."""
    session = witness.connect("imap", name="ben")
    for _ in range(3):
        session.append("INBOX", LETTER, ["\\Flagged"], WHEN)
    session.select("INBOX")
    yield session
    session.logout()


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_folders_are_listed_with_their_use(witness, security):
    session = witness.connect("imap", security, "ben")
    uses = {folder.special for folder in session.folders()}
    assert {"drafts", "sent", "archive", "junk", "trash"} <= uses
    session.logout()


def test_a_letter_that_was_appended_is_listed_as_people_read_it(ben):
    selected = ben.select("INBOX")
    assert selected.messages == 3 and selected.uidnext == 4
    [row] = [row for rows in ben.fetch_index([1]) for row in rows]
    assert (row.subject, row.sender_name, row.sender_address) == ("Chào", "Ann Nguyễn", "ann@lab.test")
    assert row.received == WHEN and row.size == len(LETTER) and "\\Flagged" in row.flags
    assert ben.fetch_message(1, 1000) == LETTER and ben.fetch_message(1, 10) == LETTER[:10]


def test_a_letter_that_is_gone_is_refused(ben):
    with pytest.raises(Refused):
        ben.fetch_message(99, 1000)


def test_flags_are_set_and_found(ben):
    ben.store([1, 2], add=["\\Seen"], remove=["\\Flagged"])
    assert ben.uids(["SEEN"]) == [1, 2] and ben.uids(["FLAGGED"]) == [3]
    assert ben.status("INBOX").unseen == 1


def test_letters_are_moved_and_leave_their_folder(ben):
    ben.move([1, 3], "Archive")
    assert ben.uids() == [2] and ben.status("Archive").messages == 2


def test_only_the_letters_named_are_expunged(ben):
    ben.store([1, 2], add=["\\Deleted"])
    ben.expunge([1])
    assert ben.uids() == [2, 3]


def test_a_folder_with_a_name_outside_ascii_is_made_and_filled(ben):
    ben.create("Thư mới & cũ")
    ben.append("Thư mới & cũ", LETTER)
    assert "Thư mới & cũ" in [folder.name for folder in ben.folders()]
    assert ben.status("Thư mới & cũ").messages == 1
    with pytest.raises(Refused):
        ben.create("Thư mới & cũ")


def test_a_folder_that_is_not_there_is_refused_and_the_session_goes_on(ben):
    for call in (
        ben.select,
        ben.status,
        lambda name: ben.append(name, LETTER),
        lambda name: ben.move([1], name),
    ):
        with pytest.raises(Refused):
            call("Nowhere")
    ben.noop()


def test_idle_wakes_when_a_letter_comes_and_rests_when_none_does(ben, witness):
    ben.select("INBOX")
    assert not ben.idle(0.2)
    other = witness.connect("imap", name="ben")
    threading.Timer(0.3, other.append, ("INBOX", LETTER)).start()
    began = time.monotonic()
    assert ben.idle(10)
    assert time.monotonic() - began < 5
    other.logout()


def test_a_wrong_password_is_refused_and_is_in_no_error(witness):
    session = witness.connect("imap")
    with pytest.raises(Refused) as caught:
        session.login(witness.credentials("ben", "wrong-horse"))
    assert "wrong-horse" not in repr(caught.value) + str(caught.value.params)
    session.close()

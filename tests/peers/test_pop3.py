"""The POP3 client with the lab's server and with Dovecot."""

from __future__ import annotations

import pytest

from protocols.errors import Refused

LETTER = b"From: ann@lab.test\r\nTo: ben@lab.test\r\nSubject: hi\r\n\r\nhello\r\n.dot\r\n"


@pytest.fixture
def letters(office, witness):
    """Two letters in ben's mailbox."""
    with witness.connect("smtp", name="ann") as session:
        for _ in range(2):
            session.send("ann@lab.test", ["ben@lab.test"], LETTER, on_data=lambda: None)
    office.settle()


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_letters_are_counted_named_and_fetched_whole(letters, witness, security):
    with witness.connect("pop3", security, "ben") as session:
        count, octets = session.stat()
        sizes = session.list()
        assert count == 2 and sum(sizes.values()) == octets
        raw = session.retr(1)
        assert raw.endswith(b"\r\n\r\nhello\r\n.dot\r\n") and len(raw) == sizes[1]
        head = session.top(1)
        assert b"Subject: hi" in head and b"hello" not in head
        assert len(set(session.uidl().values())) == 2
        assert "TOP" in session.capabilities()
        session.noop()


def test_a_mark_is_taken_back_by_rset_and_by_a_lost_line(letters, witness, office):
    with witness.connect("pop3", name="ben") as session:
        session.dele(1)
        session.rset()
    assert len(office.inbox("ben")) == 2
    session = witness.connect("pop3", name="ben")
    session.dele(1)
    session.close()
    with witness.connect("pop3", name="ben") as session:
        assert session.stat()[0] == 2


def test_a_letter_is_gone_after_quit_and_names_stay(letters, witness, office):
    with witness.connect("pop3", name="ben") as session:
        second = session.uidl()[2]
        session.dele(1)
    assert len(office.inbox("ben")) == 1
    with witness.connect("pop3", name="ben") as session:
        assert session.uidl() == {1: second}


def test_a_letter_that_is_not_there_is_refused(letters, witness):
    with witness.connect("pop3", name="ben") as session, pytest.raises(Refused) as caught:
        session.retr(9)
    assert caught.value.code == "-ERR"


def test_a_wrong_password_is_refused_and_is_in_no_error(office, witness):
    session = witness.connect("pop3")
    with pytest.raises(Refused) as caught, session:
        session.login(witness.credentials("ben", "wrong-horse"))
    assert "wrong-horse" not in repr(caught.value) + str(caught.value.params)

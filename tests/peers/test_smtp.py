"""The SMTP client with the lab's server and with Postfix: what a person's letter meets on its way out."""

from __future__ import annotations

import pytest

from protocols.errors import Refused

LETTER = b"From: ann@lab.test\r\nTo: ben@lab.test\r\nSubject: hi\r\n\r\nhello\r\n.dot\r\n"


@pytest.mark.parametrize("security", ["plain", "starttls", "tls"])
def test_a_letter_arrives_whole(office, witness, security):
    with witness.connect("smtp", security, "ann") as session:
        answers = session.send("ann@lab.test", ["ben@lab.test"], LETTER, on_data=lambda: None)
    assert answers["ben@lab.test"].code == 250
    assert office.inbox("ben")[0].endswith(b"\r\n\r\nhello\r\n.dot\r\n")


def test_a_letter_in_eight_bits_arrives_as_it_went(office, witness):
    letter = LETTER.replace(b"hello", "Xin chào".encode())
    with witness.connect("smtp", name="ann") as session:
        session.send("ann@lab.test", ["ben@lab.test"], letter, on_data=lambda: None)
    assert "Xin chào".encode() in office.inbox("ben")[0]
    assert b"BODY=8BITMIME" in witness.said().upper()


def test_one_unknown_recipient_does_not_keep_the_letter_from_the_other(office, witness):
    with witness.connect("smtp", name="ann") as session:
        answers = session.send(
            "ann@lab.test", ["ben@lab.test", "nobody@lab.test"], LETTER, on_data=lambda: None
        )
    assert answers["ben@lab.test"].code == 250
    assert (answers["nobody@lab.test"].code, answers["nobody@lab.test"].enhanced) == (550, "5.1.1")
    assert len(office.inbox("ben")) == 1


def test_where_nobody_is_known_data_is_never_said(office, witness):
    with witness.connect("smtp", name="ann") as session, pytest.raises(Refused) as caught:
        session.send("ann@lab.test", ["nobody@lab.test"], LETTER, on_data=lambda: pytest.fail("DATA"))
    assert caught.value.code == "550" and "nobody@lab.test" in caught.value.answers


def test_a_wrong_password_is_refused_and_is_in_no_error(office, witness):
    session = witness.connect("smtp")
    with pytest.raises(Refused) as caught, session:
        session.login(witness.credentials("ann", "wrong-horse"))
    assert caught.value.code == "535" and not caught.value.retry
    assert "wrong-horse" not in repr(caught.value) + str(caught.value.params)


def test_nobody_writes_from_anothers_address(office, witness):
    with witness.connect("smtp", name="ann") as session, pytest.raises(Refused) as caught:
        session.send("ben@lab.test", ["ann@lab.test"], LETTER, on_data=lambda: pytest.fail("DATA"))
    answers = [code for code, _ in caught.value.answers.values()] or [caught.value.code]
    assert answers == ["553"]


def test_a_letter_to_elsewhere_is_not_relayed(office, witness):
    with witness.connect("smtp", name="ann") as session, pytest.raises(Refused) as caught:
        session.send("ann@lab.test", ["far@away.example"], LETTER, on_data=lambda: pytest.fail("DATA"))
    assert caught.value.code.startswith("5") and not caught.value.retry


def test_many_letters_go_through_one_session(office, witness):
    with witness.connect("smtp", name="ann") as session:
        for _ in range(3):
            session.send("ann@lab.test", ["ben@lab.test"], LETTER, on_data=lambda: None)
    assert len(office.inbox("ben")) == 3

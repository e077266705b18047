"""Letters that are odd on purpose: very long, and with names that try to be more than names."""

from __future__ import annotations

import re
import resource
import time
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import reach
from accounts.models import Login
from protocols.imap import client as imap
from tests.webmail.conftest import BOTH
from tests.webmail.test_letters import write
from webmail import reading, tasks
from webmail.models import Message, OutgoingMessage

HEAD = (
    b"From: Ann <ann@lab.test>\r\nTo: ben@lab.test\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
)
NAME = 'a\u202egpj.exe "quoted"\r\nBcc: tom@lab.test \u2067'


@pytest.fixture
def put(lab, ben, client):
    """Puts a letter into ben's Inbox, lists it and returns its row; ben is signed in."""

    def letter(raw):
        login = Login.objects.get(person=ben, server__protocol="imap")
        session = imap.connect(reach.address(login.server), lambda event: None)
        session.login(reach.credentials(login))
        session.append("INBOX", raw)
        session.logout()
        client.force_login(ben)
        client.post("/mail/folders/")
        return Message.objects.latest("uid")

    return letter


def test_html_of_twenty_megabytes_is_shown_cut_in_time_and_in_little_memory(put, client):
    row = put(HEAD % b"long" + b"<p>A line of a very long letter.</p>\r\n" * (20 * 1024 * 1024 // 38))
    tasks.fetch_message(row.pk)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    page = client.get(f"/mail/message/{row.pk}/")
    shown = client.get(f"/mail/message/{row.pk}/html/")
    took = time.monotonic() - began
    assert "too long to be shown whole" in page.content.decode()
    assert 100_000 < len(shown.content) < 2 * reading.TEXT_LIMIT
    assert took < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB
    source = client.get(f"/mail/message/{row.pk}/source/")
    assert len(source.content) <= 1024 * 1024


@BOTH
def test_a_file_name_with_direction_signs_quotes_and_line_breaks_is_a_name_and_nothing_else(
    lab, ann, ben, client
):
    client.force_login(ann)
    key = uuid.uuid4()
    answer = client.post(f"/mail/compose/{key}/attach/", {"files": SimpleUploadedFile(NAME, b"content")})
    assert "\u202e" not in answer.content.decode() and "gpj.exe" in answer.content.decode()
    form = {
        "sender": "ann@lab.test",
        "to": "ben@lab.test",
        "cc": "",
        "bcc": "",
        "subject": "file",
        "text": "see",
    }
    client.post(f"/mail/compose/{key}/", form)
    [raw] = lab.inbox("ben")
    _, _, body = raw.partition(b"\r\n\r\n")
    assert b"\nBcc:" not in raw and b"Content-Disposition: attachment" in body
    client.force_login(ben)
    client.post("/mail/folders/")
    row = Message.objects.get(folder__special="inbox", folder__mailbox__login__person=ben)
    saved = client.get(f"/mail/message/{row.pk}/part/1/")
    assert saved.content == b"content"
    assert "\r" not in saved["Content-Disposition"] and "%E2%80%AE" not in saved["Content-Disposition"]


@BOTH
def test_people_with_odd_names_write_to_each_other(lab, ann, ben, client):
    ann.first_name, ann.last_name = 'Ann "the\u202e', "O'Neill, <ann>"
    ann.save()
    write(
        client,
        ann,
        to='"Ben, \\"the\u2067\\" Trần" <ben@lab.test>',
        subject='Re: "quotes" \u202e<b>x</b>\r\nX-Evil: 1',
    )
    [raw] = lab.inbox("ben")
    assert b"\nX-Evil" not in raw and raw.count(b"\nFrom:") == 1
    assert [row.address for row in OutgoingMessage.objects.get().recipients.all()] == ["ben@lab.test"]
    client.force_login(ben)
    client.post("/mail/folders/")
    row = Message.objects.get(folder__special="inbox", folder__mailbox__login__person=ben)
    assert row.sender_address == "ann@lab.test"
    for path in (f"/mail/message/{row.pk}/", f"/mail/folder/{row.folder_id}/"):
        page = client.get(path).content.decode()
        assert "<b>x</b>" not in page and "&lt;b&gt;x&lt;/b&gt;" in page
        # What could turn the words around it stays inside its own <bdi>.
        assert "\u202e" not in re.sub(r"<bdi[^>]*>.*?</bdi>", "", page, flags=re.S)


def test_an_attachment_over_the_limit_is_refused_and_the_letter_stays(lab, ann, client):
    client.force_login(ann)
    key = uuid.uuid4()
    client.post(
        f"/mail/compose/{key}/attach/", {"files": SimpleUploadedFile("small.txt", b"x"), "text": "typed"}
    )
    big = SimpleUploadedFile("big.bin", b"x" * (20 * 1024 * 1024))
    answer = client.post(f"/mail/compose/{key}/attach/", {"files": big, "text": "typed on"})
    told = answer.content.decode()
    assert "“big.bin” was left out" in told and "small.txt" in told
    page = client.get(f"/mail/compose/{key}/").content.decode()
    assert "typed on" in page and "small.txt" in page and "big.bin" not in page


@pytest.mark.parametrize("name", ["a\r\nx", "a\0", "", "x" * 201, "\u202eevil"])
def test_a_folder_name_that_is_no_name_is_refused(lab, ben, client, name):
    client.force_login(ben)
    answer = client.post("/mail/folders/create/", {"name": name})
    assert "A folder needs a name" in answer.content.decode()


def test_a_letter_whose_header_cannot_be_decoded_is_listed_and_so_are_those_after_it(put, client):
    for subject in (b"=?utf-8?b?a?=", b"=?utf-7?q?+2AA-?=", b"=?utf-8?q?=00?="):
        row = put(HEAD.replace(b"Ann <ann", b'"%b" <ann' % subject) % subject + b"<p>hello</p>")
    assert Message.objects.filter(folder=row.folder).count() == 3
    last = put(HEAD % b"after them" + b"<p>hello</p>")
    assert last.subject == "after them" and not last.folder.mailbox.trouble
    assert client.get("/mail/").status_code == 200
    for one in Message.objects.all():
        assert client.get(f"/mail/message/{one.pk}/").status_code == 200

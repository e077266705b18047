"""Servers that behave badly, met by the mail room: a clear sentence in time, and nothing lost."""

from __future__ import annotations

import resource
import time
from dataclasses import replace

import pytest

from accounts import reach
from accounts.models import Server
from protocols.login import Credentials, Limits
from tests.protocols.test_stream import certificate
from tests.webmail import hostile
from tests.webmail.test_letters import write
from webmail import connections, sending, tasks
from webmail.models import Draft, Folder, Mailbox, Message, OutgoingMessage

QUICK = Limits(connect=2, idle=0.5, total=3, line=64 * 1024, reply=200_000, literal=1_000_000)
SENTENCES = {
    "hang": ("said nothing for", "im lặng"),
    "drip": ("took longer than", "kéo dài quá"),
    "flood": ("This server does not behave", "hoạt động không đúng"),
    "one_long_line": ("does not ", "không"),
    "close_in_a_line": ("before its answer was whole", "trước khi trả lời xong"),
    "speak_http": ("does not speak", "không nói giao thức"),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch, request):
    """Little patience; but where it is bytes that are to be too many, a busy machine gets the time to count them."""
    many = getattr(request.node, "callspec", None) and "flood" in request.node.callspec.id
    for module in (connections, sending):
        monkeypatch.setattr(module, "LIMITS", replace(QUICK, total=60, idle=30) if many else QUICK)


@pytest.fixture
def replaced(lab):
    """Puts a server of our own in the place of the lab's."""
    running = []

    def put(protocol, speak, tls=None, **row):
        running.append(hostile.Hostile(speak, tls))
        values = {"port": running[-1].port, "tls_port": None, "security": "tls" if tls else "plain", **row}
        Server.objects.filter(protocol=protocol).update(**values)
        return running[-1]

    yield put
    connections.pool.close()
    for one in running:
        one.stop()


def folders_page(client, language="en") -> str:
    client.post("/mail/folders/", headers={"Accept-Language": language})
    return client.get("/mail/folders/", headers={"Accept-Language": language}).content.decode()


def letter_page(client, language="en") -> str:
    pk = OutgoingMessage.objects.get().pk
    return client.get(f"/mail/outgoing/{pk}/state/", headers={"Accept-Language": language}).content.decode()


@pytest.mark.unexplained("these servers speak no protocol at all")
@pytest.mark.parametrize("name", SENTENCES)
def test_a_bad_imap_server_is_left_in_time_and_told_of(lab, ann, client, replaced, name):
    client.force_login(ann)
    folders_page(client)
    known = Folder.objects.count()
    connections.pool.close()
    replaced("imap", getattr(hostile, name))
    began = time.monotonic()
    page = folders_page(client)
    assert name == "flood" or time.monotonic() - began < 8
    assert SENTENCES[name][0] in page and 'role="alert"' in page
    assert (
        SENTENCES[name][1] in client.get("/mail/folders/", headers={"Accept-Language": "vi"}).content.decode()
    )
    # What was known before is shown still.
    assert Folder.objects.count() == known > 3 and "Inbox" in page


@pytest.mark.unexplained("these servers speak no protocol at all")
@pytest.mark.parametrize("name", SENTENCES)
def test_a_bad_smtp_server_is_left_in_time_and_the_letter_kept(lab, ann, ben, client, replaced, name):
    server = replaced("smtp", getattr(hostile, "flood_smtp" if name == "flood" else name))
    began = time.monotonic()
    write(client, ann)
    assert (name == "flood" or time.monotonic() - began < 8) and server.visits == 1
    page = letter_page(client)
    assert SENTENCES[name][0] in page and SENTENCES[name][1] in letter_page(client, "vi")
    assert "The server answered" not in page
    outgoing = OutgoingMessage.objects.get()
    assert outgoing.data_started is None and outgoing.recipients.get().state in ("queued", "failed")
    lab_server = lab.ports.smtp
    Server.objects.filter(protocol="smtp").update(port=lab_server, security="starttls")
    client.post(f"/mail/outgoing/{outgoing.pk}/decide/", {"verb": "retry"})
    assert len(lab.inbox("ben")) == 1 and outgoing.recipients.get().state == "sent"


CERTIFICATES = {
    "expired": ({"days": -1}, True, "has expired"),
    "of another name": ({"name": "other.test"}, True, "not for the name"),
    "of an unknown authority": ({}, False, "signed by itself only"),
}


@pytest.mark.parametrize("protocol", ["smtp", "imap"])
@pytest.mark.parametrize("which", CERTIFICATES)
def test_a_certificate_that_is_not_right_is_told_and_nothing_is_said(
    lab, ann, client, replaced, tmp_path, protocol, which
):
    made, trusted, sentence = CERTIFICATES[which]
    context, pem, _ = certificate(tmp_path, **made)
    heard = []

    async def listen(reader, writer):
        heard.append(await reader.read(1000))

    replaced(protocol, listen, context, ca=pem if trusted else "", host="localhost")
    if protocol == "smtp":
        write(client, ann)
        assert sentence in letter_page(client)
        assert OutgoingMessage.objects.get().recipients.get().state == "failed"
    else:
        client.force_login(ann)
        assert sentence in folders_page(client)
    assert not any(heard)


@pytest.mark.parametrize("protocol", ["smtp", "imap"])
def test_a_refused_port_and_a_host_that_was_never_found_are_told(lab, ann, client, protocol):
    client.force_login(ann)
    for row, sentence in (
        ({"port": 1}, "nothing answers at port 1"),
        ({"address": None, "host": "nowhere.test"}, "nowhere.test is not in use here"),
    ):
        Server.objects.filter(protocol=protocol).update(**row)
        OutgoingMessage.objects.all().delete()
        if protocol == "smtp":
            write(client, ann)
        assert sentence in (letter_page(client) if protocol == "smtp" else folders_page(client))


def test_a_wrong_password_is_told_with_what_to_do(lab, ann, client, monkeypatch):
    for module in (connections, sending):
        monkeypatch.setattr(module, "LIMITS", Limits())  # the lab's servers answer a wrong password slowly
    monkeypatch.setattr(reach, "credentials", lambda login: Credentials(login.user_name, "another-one"))
    client.force_login(ann)
    page = folders_page(client)
    assert "The server answered" in page and "user name with this password" in page
    write(client, ann)
    page = letter_page(client)
    assert "535" in page and "user name with this password" in page and "Retry" in page
    assert "another-one" not in page


def test_a_literal_of_four_gibibytes_is_refused_before_memory_is_taken(lab, ann, client, replaced):
    client.force_login(ann)
    folders_page(client)
    folder = Folder.objects.get(special="inbox")
    message = Message.objects.create(folder=folder, uid=1, received="2026-11-25T10:00Z", subject="kept")
    connections.pool.close()
    replaced("imap", hostile.imap({b"FETCH": b"* 1 FETCH (UID 1 BODY[] {4294967296}\r\n"}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    client.post(f"/mail/message/{message.pk}/fetch/")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB
    page = client.get(f"/mail/message/{message.pk}/").content.decode()
    assert "announced more than" in page and "Try again" in page and "kept" in page


def test_a_server_that_lies_about_its_folders_and_letters_breaks_nothing(lab, ann, client, replaced):
    odd = (
        b'* LIST (\\HasNoChildren) "/" "INBOX"\r\n* LIST () NIL "\xff\xfe<script>"\r\n'
        b'* LIST () "/" "' + b"n" * 5000 + b'"\r\n'
    )
    index = (
        b'* 1 FETCH (UID 1 FLAGS (\\Seen) RFC822.SIZE 4294967295 INTERNALDATE "not a date" ENVELOPE (NIL NIL NIL NIL '
        b"NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE NIL)\r\n"
    )
    answers = {
        b"LIST": odd, b"EXAMINE": b"* 99999 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 5] x\r\n",
        b"SEARCH": b"* SEARCH 1 4294967295\r\n", b"FETCH": index,
    }  # fmt: skip
    replaced("imap", hostile.imap(answers))
    client.force_login(ann)
    page = folders_page(client)
    assert "<script>" not in page
    assert client.get("/mail/").status_code == 200


def test_a_draft_outlives_a_server_that_is_away(lab, ann, client):
    Server.objects.all().update(port=1)
    client.force_login(ann)
    key, _ = write(client, ann, to="nobody at all")
    assert client.get(f"/mail/compose/{key}/").status_code == 200
    assert Draft.objects.get(pk=key).text == "How are you?"
    tasks.refresh_folders(ann.pk)
    assert Mailbox.objects.get().trouble

"""The panel's connection test, against the lab's real servers: what answers, what does not, and why."""

from __future__ import annotations

import html
import socket

import pytest

from accounts.models import ConnectionTest, Server, User
from netlab.celery import app
from tests.servers.embedded import EmbeddedLab
from transcripts.models import Transcript


@pytest.fixture
def lab(transactional_db, tmp_path, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    app.conf.task_always_eager = True
    running = EmbeddedLab(tmp_path)
    yield running
    app.conf.task_always_eager = False
    running.stop()


@pytest.fixture
def as_boss(client, lab):
    client.force_login(User.objects.create_user("boss", password="x", role="admin"))
    return client


def outcome_of(client, server) -> tuple[ConnectionTest, str]:
    where = f"/admin/accounts/server/{server.pk}/test/"
    assert client.post(where).status_code == 302
    return ConnectionTest.objects.get(server=server), client.get(where).content.decode()


@pytest.mark.parametrize("protocol", ["smtp", "pop3", "imap", "ftp", "irc", "http"])
def test_a_server_that_answers_is_told_with_its_words_and_recorded(as_boss, protocol):
    server = Server.objects.get(protocol=protocol, lab=True)
    test, page = outcome_of(as_boss, server)
    assert test.outcome == "done" and test.said
    assert server.security == "plain" or test.tls["version"].startswith("TLS")
    assert "The server answers." in page and test.said[0].split()[0] in page
    assert Transcript.objects.get(pk=test.transcript).outcome == "done"
    assert f"/transcripts/{test.transcript}" in page


def test_a_refused_port_says_what_to_look_at(as_boss):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
        server = Server.objects.create(
            protocol="imap", name="Away", host="localhost", port=port, security="plain", address="127.0.0.1"
        )
        test, page = outcome_of(as_boss, server)
    assert test.outcome == "later" and "nothing answers at port" in page


def test_a_certificate_of_an_unknown_authority_is_explained(as_boss):
    lab_row = Server.objects.get(protocol="smtp", lab=True)
    server = Server.objects.create(
        protocol="smtp", name="School", host="localhost", port=lab_row.port, address="127.0.0.1"
    )
    test, page = outcome_of(as_boss, server)
    assert test.outcome == "refused" and test.trouble["key"].startswith("error.tls.")
    assert "An admin can enter" in page and test.said[0].startswith("220")


@pytest.mark.parametrize(
    ("protocol", "security"), [("irc", "plain"), ("irc", "tls"), ("http", "plain"), ("http", "tls")]
)
def test_irc_and_http_answer_in_clear_and_inside_tls(as_boss, lab, protocol, security):
    port = getattr(lab.ports, protocol if security == "plain" else f"{protocol}s")
    server = Server.objects.create(
        protocol=protocol,
        name="Twin",
        host="localhost",
        port=port,
        security=security,
        address="127.0.0.1",
        ca=lab.pem,
    )
    test, page = outcome_of(as_boss, server)
    assert test.outcome == "done" and bool(test.tls) == (security == "tls")
    first = {"irc": ":irc.lab.test NOTICE *", "http": "HTTP/1.1 200"}[protocol]
    assert test.said[0].startswith(first) and first in page


@pytest.mark.unexplained("an SMTP server where another was expected")
@pytest.mark.parametrize("protocol", ["pop3", "irc", "http"])
def test_what_speaks_another_protocol_is_told_as_such(as_boss, protocol):
    smtp = Server.objects.get(protocol="smtp", lab=True)
    server = Server.objects.create(
        protocol=protocol,
        name="Mixed up",
        host="localhost",
        port=smtp.port,
        security="plain",
        address="127.0.0.1",
    )
    test, page = outcome_of(as_boss, server)
    assert test.outcome == "refused" and "220" in page
    assert f"does not speak {server.get_protocol_display()}" in html.unescape(page)


def test_only_admins_test(client, lab):
    ann = lab.person("ann")
    client.force_login(ann)
    server = Server.objects.get(protocol="smtp", lab=True)
    assert client.post(f"/admin/accounts/server/{server.pk}/test/").status_code in (302, 403)
    assert not ConnectionTest.objects.exists()

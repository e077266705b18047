"""An address of each scheme, in the room where it belongs: what it names is opened, or a clear word says why not."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from accounts.models import Server
from chat.models import Window
from tests.servers.embedded import EmbeddedLab
from webmail.models import Folder, Mailbox

OUTSIDE = [
    "{scheme}://evil.example/x", "{scheme}://localhost@evil.example/", "{scheme}://0x7f.1/", "{scheme}://2130706433/",
    "{scheme}://[::ffff:127.0.0.1]/", "{scheme}://localhost:1/", "{scheme}://localhost:99999/", "{scheme}:",
]  # fmt: skip
ROOMS = {"ftp": "/files/", "irc": "/chat/", "imap": "/mail/", "pop": "/mail/", "telnet": "/console/"}


@pytest.fixture
def lab(transactional_db, tmp_path, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    running = EmbeddedLab(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def ann(lab, client):
    person = lab.person("ann")
    client.force_login(person)
    return person


def asked(client, url):
    """Open ``url`` where its scheme belongs; return where that led, and the words at the top of the page."""
    answer = client.get(f"{ROOMS[url.partition(':')[0]]}?url={quote(url)}", follow=True)
    assert answer.status_code == 200
    end = answer.redirect_chain[-1][0] if answer.redirect_chain else ""
    told = [str(message) for message in answer.context["messages"]]
    return end, " ".join(told) or answer.context.get("missing", "")


@pytest.mark.parametrize("scheme", ROOMS)
def test_a_host_of_no_listed_server_is_told_by_any_spelling(lab, ann, client, scheme):
    for form in OUTSIDE:
        where, told = asked(client, form.format(scheme=scheme))
        assert "no server of this lab" in told, form
        assert urlsplit(where).path in ("", ROOMS[scheme])


@pytest.mark.parametrize(
    ("url", "anonymous", "path", "name"),
    [
        # Where one is after the login (RFC 1738, 3.2.2), whatever that is called.
        ("ftp://ftp.vnd.net/", True, "", ""),
        # A file or a folder: the server is asked (tests/webftp).
        ("ftp://ftp.vnd.net/project.dat", True, "/project.dat", ""),
        ("ftp://ann@localhost/photos/2026", False, "/photos/2026", ""),
        ("ftp://ann@localhost/photos/%E1%BA%A2nh%20l%E1%BB%9Bp.png;type=i", False, "/photos", "Ảnh lớp.png"),
        ("ftp://ann@localhost/v1.0;type=d", False, "/v1.0", ""),
        ("ftp://ann@localhost/a/../../b/", False, "/b", ""),
    ],
)
def test_an_ftp_address_opens_its_folder_as_the_person_it_names(lab, ann, client, url, anonymous, path, name):
    where, told = asked(client, url)
    said = parse_qs(urlsplit(where).query)
    site = ann.sites.get(pk=int(where.split("/")[2]))
    assert not told and site.anonymous == anonymous
    assert said.get("path", [""]) == [path] and said.get("q", [""]) == [name]


def test_an_ftp_address_of_somebody_else_is_told(lab, ann, client):
    where, told = asked(client, "ftp://ben@localhost/")
    assert where == "/files/" and told == "You have no login as ben at localhost."
    assert (
        "no login as &lt;b&gt;"
        in client.get(f"/files/?url={quote('ftp://%3Cb%3E@localhost/')}", follow=True).text
    )


def test_an_irc_address_joins_its_channel(lab, ann, client):
    server = Server.objects.get(lab=True, protocol="irc")
    for url, name in (
        ("irc://localhost/course", "#course"),
        (f"irc://localhost:{server.port}/#by-hand", "#by-hand"),
        (f"ircs://localhost:{server.tls_port}/%23secure", "#secure"),
    ):
        where = client.get(f"/chat/?url={quote(url)}", follow=True).context["state"]["join"]
        assert where == name
        assert Window.objects.filter(network__person=ann, talk__name=name, joined=True, open=True).exists()
    assert "/query ben" in asked(client, "irc://localhost/ben,isnick")[1]


def test_an_imap_address_opens_its_folder_or_says_what_is_wrong(lab, ann, client):
    login = ann.logins.get(server__protocol="imap")
    box = Mailbox.objects.get_or_create(login=login)[0]
    Folder.objects.create(mailbox=box, name="INBOX", special="inbox")
    lists = Folder.objects.create(mailbox=box, name="Lists/Bài tập")
    assert asked(client, "imap://localhost/Lists/B%C3%A0i%20t%E1%BA%ADp;UIDVALIDITY=1/;UID=2") == (
        f"/mail/folder/{lists.pk}/", "",
    )  # fmt: skip
    assert asked(client, "imap://ann@localhost/INBOX") == ("/mail/", "")
    assert "not that of ben" in asked(client, "imap://ben@localhost/INBOX")[1]
    assert "no folder Nowhere" in asked(client, "imap://localhost/Nowhere")[1]
    assert "POP3 can be spoken in the Console" in asked(client, "pop://ann@localhost")[1]
    Server.objects.create(
        protocol="imap", name="other", host="other.test", port=143, address="127.0.0.1", security="plain"
    )
    assert "no mailbox at other.test" in asked(client, "imap://other.test/")[1]


def test_a_mailto_fills_the_letter_and_sends_nothing(lab, ann, client):
    query = "to=friend%40example.com&cc=ben%40lab.test&subject=Hi%0D%0ABcc%3A%20x&body=One%0D%0Atwo"
    page = client.get(f"/mail/compose/?{query}", follow=True)
    draft = page.context["draft"]
    assert (draft.to, draft.cc, draft.text) == ("friend@example.com", "ben@lab.test", "One\ntwo")
    assert (
        draft.subject == "Hi Bcc: x" and "<details open>" in page.text and "One\ntwo</textarea>" in page.text
    )

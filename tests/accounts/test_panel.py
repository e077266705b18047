"""The admin panel: people, classes, servers and logins, and its own policy."""

from __future__ import annotations

import datetime
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.sessions.models import Session

from accounts import provision
from accounts.models import Login, SchoolClass, Server, User

pytestmark = pytest.mark.django_db
NEW = {"username": "lan", "first_name": "Lan", "last_name": "Vũ", "email": "", "role": "student"}
SERVER = {
    "protocol": "imap", "name": "School", "host": "localhost", "port": "143", "security": "starttls",
    "tls_port": "", "ca": "", "pin": "", "aliases": "", "enabled": "on",
}  # fmt: skip


@pytest.fixture(scope="module")
def certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "school")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_every_page_of_the_panel_opens_under_its_own_policy(as_boss, ann, school_class):
    login, server = Login.objects.first(), Server.objects.first()
    group = f"schoolclass/{school_class.pk}"
    for path in (
        "", "accounts/", "accounts/user/", "accounts/user/add/", f"accounts/user/{ann.pk}/change/",
        f"accounts/user/{ann.pk}/passwords/", f"accounts/user/{ann.pk}/delete/",
        f"accounts/user/{ann.pk}/history/",
        "accounts/schoolclass/", f"accounts/{group}/change/", f"accounts/{group}/roster/",
        f"accounts/{group}/passwords/",
        "accounts/server/", "accounts/server/add/", f"accounts/server/{server.pk}/change/",
        "accounts/login/", "accounts/login/add/", f"accounts/login/{login.pk}/change/",
    ):  # fmt: skip
        answer = as_boss.get(f"/admin/{path}")
        assert answer.status_code == 200, path
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert policy["script-src"] == "'self' 'unsafe-eval'", path
        assert policy["style-src"] == "'self' 'unsafe-inline'", path
        assert policy["object-src"] == "'none'" and policy["default-src"] == "'self'"
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*type=.application/json)", answer.text), path


def test_the_panels_policy_holds_nowhere_else(as_boss):
    for path in ("/", "/preferences/", "/sign-in/", "/class/"):
        assert "unsafe" not in as_boss.get(path).headers["Content-Security-Policy"]


def test_a_new_person_gets_a_mailbox_and_the_passwords_are_shown_once(as_boss, lab_rows, school_class):
    sheet = as_boss.post(
        "/admin/accounts/user/add/", {**NEW, "username": " Lan", "classes": [school_class.pk]}
    )
    lan = User.objects.get(username="lan")
    secret = provision.lab_password(lan)
    assert secret in sheet.text and "no-store" in sheet.headers["Cache-Control"]
    word = sheet.text.split("<dt>Password</dt><dd><code>")[1].split("<")[0]
    assert lan.check_password(word) and word != secret
    assert school_class.students.get() == lan
    assert all(word not in str(session.get_decoded()) for session in Session.objects.all())
    assert secret not in as_boss.get(f"/admin/accounts/user/{lan.pk}/change/").text


@pytest.mark.parametrize(
    "change",
    [{"username": "B@d"}, {"username": ""}, {"username": "a..b"}, {"first_name": "a\u202eb"},
     {"last_name": "a\nb"}, {"role": "king"}, {"email": "x"}, {"username": "boss"}],
)  # fmt: skip
def test_a_person_who_cannot_be_is_refused_on_the_form(as_boss, change):
    answer = as_boss.post("/admin/accounts/user/add/", {**NEW, **change})
    assert answer.status_code == 200 and "error" in answer.text
    assert User.objects.count() == 1


def test_a_changed_role_changes_rights_and_classes(as_boss, school_class, ann):
    school_class.students.add(ann)
    fields = {
        "first_name": "Ann",
        "last_name": "N",
        "email": "",
        "is_active": "on",
        "classes": [school_class.pk],
    }
    path = f"/admin/accounts/user/{ann.pk}/change/"
    assert as_boss.post(path, {**fields, "role": "teacher"}).status_code == 302
    assert ann in school_class.teachers.all() and ann not in school_class.students.all()
    as_boss.post(path, {**fields, "role": "admin"})
    ann.refresh_from_db()
    assert ann.is_superuser and ann not in school_class.teachers.all() and ann.username == "ann"


def test_people_are_disabled_and_enabled_but_never_oneself(as_boss, boss, ann):
    chosen = {"_selected_action": [boss.pk, ann.pk]}
    as_boss.post("/admin/accounts/user/", {"action": "disable", **chosen})
    boss.refresh_from_db(), ann.refresh_from_db()
    assert boss.is_active and not ann.is_active
    assert Login.objects.filter(person=ann).count() == 3, "the data is kept"
    as_boss.post("/admin/accounts/user/", {"action": "enable", **chosen})
    ann.refresh_from_db()
    assert ann.is_active


def test_the_last_admin_can_neither_go_nor_be_made_less(as_boss, boss):
    path = f"/admin/accounts/user/{boss.pk}"
    fields = {"first_name": "", "last_name": "", "email": "", "role": "student", "is_active": "on"}
    assert "last admin" in as_boss.post(f"{path}/change/", fields).text
    assert "last admin" in as_boss.post(f"{path}/change/", {**fields, "role": "admin", "is_active": ""}).text
    assert as_boss.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    as_boss.post(
        "/admin/accounts/user/", {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"}
    )
    assert User.objects.filter(pk=boss.pk).exists()


def test_deleting_names_what_goes_and_asks(as_boss, ann):
    path = f"/admin/accounts/user/{ann.pk}/delete/"
    page = as_boss.get(path).text
    for word in ("mailbox", "files", "transcripts", "logins", "Disabling"):
        assert word in page
    assert User.objects.filter(pk=ann.pk).exists()
    assert as_boss.post(path, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=ann.pk).exists()


def test_several_people_are_deleted_after_the_same_question(as_boss, ann, tom):
    chosen = {"action": "delete_selected", "_selected_action": [ann.pk, tom.pk]}
    assert "no way back" in as_boss.post("/admin/accounts/user/", chosen).text
    as_boss.post("/admin/accounts/user/", {**chosen, "post": "yes"})
    assert set(User.objects.values_list("username", flat=True)) == {"boss"}


def test_passwords_are_set_by_hand_or_made(as_boss, ann):
    path = f"/admin/accounts/user/{ann.pk}/passwords/"
    as_boss.post(path, {"which": "site", "password": "a sentence of my own"})
    ann.refresh_from_db()
    assert ann.check_password("a sentence of my own")
    assert (
        "a sentence of my own"
        in as_boss.post(path, {"which": "lab", "password": "a sentence of my own"}).text
    )
    assert provision.lab_password(ann) == "a sentence of my own"
    sheet = as_boss.post(path, {"which": "lab", "password": ""}).text
    assert provision.lab_password(ann) in sheet
    for bad in ({"which": "site", "password": "123"}, {"which": "lab", "password": "a\nb"},
                {"which": "lab", "password": "mật khẩu"}, {"which": "root", "password": ""}):  # fmt: skip
        assert "slip" not in as_boss.post(path, bad).text


def test_an_unknown_host_is_an_error_of_the_form(as_boss):
    page = as_boss.post("/admin/accounts/server/add/", {**SERVER, "host": "no.such.host.invalid"}).text
    assert "There is no host" in page and not Server.objects.exists()


@pytest.mark.parametrize(
    "host", ["a b", "a\r\nb", "-x", "http://a/", "a" * 254, "é.example", "a/24", "user@host"]
)
def test_what_is_no_host_is_refused(as_boss, host):
    assert as_boss.post("/admin/accounts/server/add/", {**SERVER, "host": host}).status_code == 200
    assert not Server.objects.exists()


def test_saving_a_server_keeps_the_address_that_was_asked_then(as_boss, certificate):
    answer = as_boss.post(
        "/admin/accounts/server/add/", {**SERVER, "ca": certificate, "aliases": "mail.school, imap"}
    )
    assert answer.status_code == 302
    server = Server.objects.get()
    assert server.address in ("127.0.0.1", "::1") and server.aliases == ["mail.school", "imap"]
    assert server.ca.endswith("-----\n") and not server.lab


def test_a_certificate_is_checked_when_it_is_entered(as_boss, certificate):
    for wrong in (
        {"ca": "no certificate"},
        {"ca": certificate + "-----BEGIN PRIVATE KEY-----"},
        {"ca": certificate, "pin": "ab" * 32},
        {"pin": "abc"},
        {"pin": "ab" * 32, "security": "plain"},
        {"port": "0"},
        {"port": "70000"},
    ):
        assert as_boss.post("/admin/accounts/server/add/", {**SERVER, **wrong}).status_code == 200, wrong
    assert not Server.objects.exists()
    assert (
        as_boss.post("/admin/accounts/server/add/", {**SERVER, "pin": "AB:" * 31 + "AB"}).status_code == 302
    )


def test_the_labs_own_rows_keep_what_their_servers_wrote(as_boss, lab_rows):
    row = lab_rows[0]
    path = f"/admin/accounts/server/{row.pk}"
    as_boss.post(
        f"{path}/change/", {"name": "Post", "enabled": "on", "any_sender": "on", "host": "evil", "port": "1"}
    )
    row.refresh_from_db()
    assert (row.name, row.any_sender, row.host, row.port) == ("Post", True, "localhost", 2525)
    assert as_boss.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    every = {"action": "delete_selected", "_selected_action": [r.pk for r in lab_rows], "post": "yes"}
    as_boss.post("/admin/accounts/server/", every)
    assert Server.objects.filter(lab=True).count() == 3


def test_a_logins_secret_is_written_and_never_read(as_boss, tom):
    server = Server.objects.create(protocol="imap", name="S", host="localhost", address="127.0.0.1", port=143)
    fields = {
        "person": tom.pk,
        "server": server.pk,
        "user_name": "tom@school",
        "addresses": "tom@school.example",
    }
    add = "/admin/accounts/login/add/"
    assert "needs its password" in as_boss.post(add, {**fields, "new_secret": ""}).text
    assert as_boss.post(add, {**fields, "new_secret": "a\nb"}).status_code == 200
    assert as_boss.post(add, {**fields, "addresses": "nobody", "new_secret": "x"}).status_code == 200
    assert as_boss.post(add, {**fields, "new_secret": " s3cret "}).status_code == 302
    login = Login.objects.get()
    assert login.secret == " s3cret " and login.addresses == ["tom@school.example"]
    path = f"/admin/accounts/login/{login.pk}/change/"
    assert "s3cret" not in as_boss.get(path).text
    as_boss.post(path, {**fields, "user_name": "thall", "new_secret": ""})
    login.refresh_from_db()
    assert (login.user_name, login.secret) == ("thall", " s3cret ")


def test_the_labs_own_logins_are_shown_and_not_touched(as_boss, ann, tom, lab_rows):
    login = ann.logins.first()
    path = f"/admin/accounts/login/{login.pk}"
    assert login.secret not in as_boss.get(f"{path}/change/").text
    fields = {
        "person": ann.pk,
        "server": login.server_id,
        "user_name": "x",
        "addresses": "",
        "new_secret": "y",
    }
    assert as_boss.post(f"{path}/change/", fields).status_code == 403
    assert as_boss.post(f"{path}/delete/", {"post": "yes"}).status_code == 403
    answer = as_boss.post("/admin/accounts/login/add/", {**fields, "person": tom.pk, "user_name": "tom"})
    assert "make themselves" in answer.text and not tom.logins.exists()


def test_the_lock_of_a_person_can_be_opened(as_boss, ann, client, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/sign-in/", {"username": "ann", "password": "x"}, REMOTE_ADDR="10.1.1.1")
    as_boss.post("/admin/accounts/user/", {"action": "unlock", "_selected_action": [ann.pk]})
    word = {"username": "ann", "password": "a long enough sentence"}
    as_boss.post("/sign-out/")
    assert client.post("/sign-in/", word, REMOTE_ADDR="10.1.1.1").status_code == 302


def test_the_class_form_takes_teachers_and_students_by_role(as_boss, school_class, tom, ann):
    path = f"/admin/accounts/schoolclass/{school_class.pk}/change/"
    as_boss.post(path, {"name": "Nets", "teachers": [tom.pk], "students": [ann.pk]})
    assert SchoolClass.objects.get().name == "Nets" and school_class.students.get() == ann
    assert as_boss.post(path, {"name": "Nets", "teachers": [ann.pk], "students": []}).status_code == 200

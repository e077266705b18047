"""Mailboxes and logins: made, completed, renewed; the demo people; the door to addresses."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts import names, passwords, provision, reach
from accounts.models import Login, SchoolClass, Server, User
from protocols.errors import Unreachable

pytestmark = pytest.mark.django_db


def test_a_person_gets_one_password_at_every_lab_server(ann):
    logins = list(ann.logins.all())
    assert {login.server.protocol for login in logins} == {"smtp", "pop3", "imap"}
    assert len({login.secret for login in logins}) == 1
    assert all(login.addresses == ["ann@lab.test"] and login.user_name == "ann" for login in logins)


def test_provisioning_again_keeps_the_password(ann):
    before = provision.lab_password(ann)
    assert provision.provision(ann) == before
    assert provision.provision(ann, "by-hand") == "by-hand" == provision.lab_password(ann)
    assert Login.objects.count() == 3


def test_who_was_there_before_the_servers_is_provisioned_when_they_start(tom, lab_rows):
    assert provision.lab_password(tom) == ""
    assert provision.provision_all() == 1
    assert provision.lab_password(tom)
    assert provision.provision_all() == 0


def test_without_lab_servers_nobody_is_promised_a_password(tom):
    assert provision.provision(tom) == ""
    assert provision.renew(tom) == ""


def test_a_server_added_later_gets_the_same_password(ann, lab_rows):
    Login.objects.filter(server__protocol="imap").delete()
    before = provision.lab_password(ann)
    assert provision.provision_all() == 1
    assert {login.secret for login in ann.logins.all()} == {before}


def test_the_secret_is_in_no_column_in_clear(ann):
    secret = provision.lab_password(ann)
    row = Login.objects.filter(person=ann).values_list().first()
    assert secret not in repr(row) and secret.encode() not in bytes(ann.logins.first().sealed)


def test_a_secret_with_a_line_break_is_refused(ann):
    login = ann.logins.first()
    for bad in ("a\rb", "a\nb", "a\0b"):
        with pytest.raises(ValidationError):
            login.secret = bad


def test_credentials_do_not_print_their_secret_and_stop_with_the_person(ann):
    login = ann.logins.select_related("person", "server").first()
    credentials = reach.credentials(login)
    assert credentials.secret == login.secret and credentials.secret not in repr(credentials)
    login.person.is_active = False
    with pytest.raises(Unreachable):
        reach.credentials(login)


def test_an_address_is_handed_out_for_servers_in_use_only(lab_rows):
    address = reach.address(lab_rows[0])
    assert (address.ip, address.port, address.host) == ("127.0.0.1", 2525, "localhost")
    lab_rows[0].enabled = False
    with pytest.raises(Unreachable):
        reach.address(lab_rows[0])
    with pytest.raises(Unreachable):
        reach.address(Server(protocol="smtp", host="nobody.asked", port=25))


@pytest.mark.parametrize(
    ("host", "protocol", "port", "found"),
    [
        ("localhost", "smtp", 2525, "smtp"), ("localhost", "smtp", 2465, "smtp"), ("LOCALHOST.", "smtp", 0, "smtp"),
        ("www.example.com", "", 25, "smtp"), ("www.example.com", "", 110, None), ("lab.test", "imap", 0, "imap"),
        ("localhost", "", 143, "imap"), ("localhost", "smtp", 80, None), ("localhost", "http", 0, None),
        ("0x7f.1", "smtp", 2525, None), ("127.0.0.1", "smtp", 2525, None), ("[::ffff:127.0.0.1]", "", 2525, None),
        ("x@localhost", "", 2525, None), ("", "smtp", 0, None), ("localhost..", "smtp", 0, None),
    ],
)  # fmt: skip
def test_a_server_is_found_by_the_names_of_its_row_and_by_no_other_spelling(
    lab_rows, host, protocol, port, found
):
    Server.objects.filter(protocol="smtp").update(aliases=["WWW.example.com"])
    if found is None:
        with pytest.raises(Unreachable) as caught:
            reach.find(host, protocol, port)
        assert caught.value.key == "error.unreachable.not-listed"
    else:
        assert reach.find(host, protocol, port).protocol == found


def test_a_server_out_of_use_is_not_found(lab_rows):
    Server.objects.update(enabled=False)
    with pytest.raises(Unreachable):
        reach.find("localhost", "smtp")


def test_a_person_may_choose_how_a_server_is_spoken_to(lab_rows):
    row = reach.find("localhost", "smtp")
    assert (reach.address(row).port, reach.address(row).security) == (2525, "starttls")
    assert (reach.address(row, "plain").port, reach.address(row, "plain").security) == (2525, "plain")
    assert reach.address(row, "tls").port == 2465


def test_the_demo_people_are_made_once_with_random_passwords(settings, lab_rows):
    settings.DEMO, settings.DEMO_PASSWORD = True, ""
    first = provision.demo()
    assert [(name, role) for name, role, _ in first] == [
        ("ann", "student"), ("ben", "student"), ("friend", "student"), ("tom", "teacher"), ("admin", "admin"),
    ]  # fmt: skip
    assert all(User.objects.get(username=name).check_password(word) for name, _, word in first)
    assert len({word for *_, word in first}) == 5
    assert [word for *_, word in provision.demo()] == [None] * 5
    group = SchoolClass.objects.get()
    assert {s.username for s in group.students.all()} == {"ann", "ben", "friend"}
    assert [t.username for t in group.teachers.all()] == ["tom"]
    assert User.objects.get(username="admin").is_superuser


def test_the_demo_password_sets_site_and_lab_at_every_start(settings, client):
    settings.DEMO, settings.DEMO_PASSWORD = True, "classroom"
    provision.demo()
    Server.objects.create(protocol="imap", name="i", host="localhost", address="127.0.0.1", port=1, lab=True)
    provision.provision_all()
    ann = User.objects.get(username="ann")
    assert provision.lab_password(ann) == "classroom" and ann.check_password("classroom")
    provision.renew(ann)
    ann.set_password("something else")
    ann.save()
    assert all(word == "classroom" for *_, word in provision.demo())
    ann.refresh_from_db()
    assert provision.lab_password(ann) == "classroom" and ann.check_password("classroom")


def test_the_demo_password_is_nobody_elses(settings, lab_rows, tom):
    settings.DEMO, settings.DEMO_PASSWORD = False, "classroom"
    provision.provision_all()
    assert provision.lab_password(tom) != "classroom"


def test_the_command_prints_a_new_lab_password(ann):
    before, out = provision.lab_password(ann), io.StringIO()
    call_command("lab_password", "ann", stdout=out)
    assert provision.lab_password(ann) in out.getvalue() and before not in out.getvalue()
    with pytest.raises(CommandError, match="no person"):
        call_command("lab_password", "nobody")


def test_a_generated_hash_is_hardened_when_its_owner_signs_in(settings, tom):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    word = passwords.generate()
    tom.password = passwords.hash_generated(word)
    tom.save()
    before = int(tom.password.split("$")[1])
    assert tom.check_password(word)
    tom.refresh_from_db()
    assert int(tom.password.split("$")[1]) > before and tom.check_password(word)


def test_deleting_a_person_takes_the_logins_along(ann):
    ann.delete()
    assert not Login.objects.exists()


@pytest.mark.parametrize("good", ["a", "ann", "b.tran", "x_1-2.y", "0", "a" * 32])
def test_user_names_that_are_safe_everywhere_are_taken(good):
    names.check_user_name(good)


@pytest.mark.parametrize(
    "bad",
    ["", "Ann", ".a", "a.", "a..b", "-a", "a" * 33, "a b", "a/b", "../a", "a\n", "a\r\nb", 'a"b', "a\u202eb", "à", "a@b", "a\0"],  # noqa: E501
)  # fmt: skip
def test_user_names_that_are_not_are_refused(bad):
    with pytest.raises(ValidationError):
        names.check_user_name(bad)


@given(st.text(max_size=40))
def test_whatever_passes_is_a_dot_atom_and_a_plain_folder_name(text):
    try:
        names.check_user_name(text)
    except ValidationError:
        return
    assert text.isascii() and text == text.lower() and 1 <= len(text) <= 32
    assert all(part for part in text.split(".")) and not set(text) & set("/\\ \"'<>@:\r\n\0")


def test_names_people_read_hold_no_hidden_signs():
    for good in ("Ann", "O'Brien", 'Ann "the fox"', "Nguyễn Thị Ánh", "محمد", "می‌خواهم"):
        names.check_name(good)
    for bad in ("a\u202eb", "a\nb", "a\u2066b", "a\x1bb", "a\u2028b", "a\u200fb"):
        with pytest.raises(ValidationError):
            names.check_name(bad)

"""Home, the lab password, preferences and the class page."""

from __future__ import annotations

import json
import shlex

import pytest
from django.urls import reverse

from accounts import home, provision
from accounts.models import Server

pytestmark = pytest.mark.django_db


def test_home_names_the_mailbox_the_host_and_the_ports(as_ann):
    page = as_ann.get(reverse("home"), headers={"host": "lab.example:8000"}).text
    for fact in ("ann@lab.test", "lab.example", "2525", "2465", "2110", "2995", "2143", "2993"):
        assert f">{fact}<" in page


def test_the_public_host_wins_over_the_browsers(as_ann, settings):
    settings.PUBLIC_HOST = "192.0.2.7"
    page = as_ann.get(reverse("home")).text
    assert "telnet 192.0.2.7 2525" in page


@pytest.mark.parametrize(
    ("host", "public", "site"),
    [
        ("localhost:8000", "", "http://localhost:8000/"),
        ("localhost:8000", "lab.school", "http://lab.school:8000/"),
        ("lab.school", "", "http://lab.school/"),
        ("[::1]:8000", "", "http://[::1]:8000/"),
    ],
)
def test_the_address_on_paper_is_one_that_students_reach(rf, settings, host, public, site):
    settings.PUBLIC_HOST = public
    assert home.site_address(rf.get("/", headers={"host": host})) == site


def test_a_literal_ipv6_host_is_put_into_brackets_where_a_port_follows(rf, ann):
    request = rf.get("/", headers={"host": "[::1]:8000"})
    request.user = ann
    lines = [program.line for program in home.programs(request)]
    assert any("smtp" not in line and "[::1]:2525" in line for line in lines)
    assert all(shlex.split(line) for line in lines)


def test_the_lab_password_is_not_on_the_page_until_asked_for_and_is_stored_by_nobody(as_ann, ann):
    secret = provision.lab_password(ann)
    assert secret and secret not in as_ann.get(reverse("home")).text
    assert secret not in as_ann.get(reverse("lab-password")).text
    answer = as_ann.post(reverse("lab-password"))
    assert secret in answer.text
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_lab_password_wants_a_person_and_a_token(ann, client):
    client.handler.enforce_csrf_checks = True
    assert client.post(reverse("lab-password")).status_code in (302, 403)
    client.force_login(ann)
    assert client.post(reverse("lab-password")).status_code == 403


def test_a_new_lab_password_reaches_every_lab_server_at_once(as_ann, ann):
    before = provision.lab_password(ann)
    page = as_ann.post(reverse("new-lab-password")).text
    secrets = {login.secret for login in ann.logins.all()}
    assert len(secrets) == 1 and before not in secrets
    assert secrets.pop() in page
    assert as_ann.get(reverse("new-lab-password")).status_code == 405


def test_the_certificate_authority_can_be_downloaded(as_ann):
    answer = as_ann.get(reverse("ca"))
    assert answer.text.startswith("-----BEGIN CERTIFICATE-----")
    assert "ca.pem" in answer.headers["Content-Disposition"]


def test_a_lab_password_whose_key_is_gone_breaks_no_page_and_is_made_new(as_ann, ann):
    ann.logins.update(sealed=b"sealed with another key")
    assert "no lab password to show" in as_ann.post(reverse("lab-password")).text
    page = as_ann.post(reverse("new-lab-password")).text
    assert provision.lab_password(ann) and provision.lab_password(ann) in page


def test_home_before_the_servers_ever_ran_says_what_will_come(as_ann):
    Server.objects.all().delete()
    page = as_ann.get(reverse("home"))
    assert "have not started yet" in page.text
    assert as_ann.get(reverse("ca")).status_code == 404
    assert "no lab password to show" in as_ann.post(reverse("lab-password")).text


@pytest.mark.urls("tests.accounts.rooms_urls")
def test_home_asks_the_rooms_that_exist_for_their_cards_and_offers_the_first_letter(as_ann):
    page = as_ann.get(reverse("home")).text
    assert 'hx-get="/somewhere/card/"' in page and 'hx-trigger="load"' in page
    assert 'href="/somewhere/compose/"' in page and "Send your first mail and watch it" in page


def test_who_has_sent_a_letter_is_no_newcomer(as_ann, ann, monkeypatch):
    monkeypatch.setattr("accounts.views._url", lambda name: "/somewhere/compose/")
    assert "Send your first mail" in as_ann.get("/").content.decode()
    ann.outgoing.create(sender="ann@lab.test", subject="x", message_id="<1@lab.test>", size=1)
    assert "Send your first mail" not in as_ann.get("/").content.decode()


def test_no_page_of_ours_allows_inline_script_or_eval(as_ann):
    for name in ("home", "preferences"):
        policy = as_ann.get(reverse(name)).headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "script-src 'self'" in policy


def test_preferences_are_kept_each_by_itself(as_ann, ann):
    as_ann.post(reverse("preferences"), {"language": "vi"})
    as_ann.post(reverse("preferences"), {"theme": "dark"})
    as_ann.post(reverse("preferences"), {"zone": "Asia/Ho_Chi_Minh"})
    answer = as_ann.post(reverse("preferences"), {"dock": json.dumps({"height": 300})})
    assert answer.status_code == 204
    ann.refresh_from_db()
    assert (ann.language, ann.theme, ann.time_zone, ann.dock) == (
        "vi",
        "dark",
        "Asia/Ho_Chi_Minh",
        {"height": 300},
    )
    as_ann.post(reverse("preferences"), {"zone": ""})
    ann.refresh_from_db()
    assert (ann.time_zone, ann.language) == ("", "vi")
    page = as_ann.get(reverse("home")).text
    assert '<html lang="vi"' in page and 'data-theme="dark"' in page


@pytest.mark.parametrize(
    "sent",
    [
        {"language": "xx"},
        {"theme": "pink"},
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"zone": "a\0b"},
        {"dock": "[1]"},
        {"dock": "{"},
        {"dock": json.dumps({"a": "x" * 3000})},
        {"dock": "[" * 1900},
    ],
)
def test_preferences_that_make_no_sense_are_refused_and_change_nothing(as_ann, ann, sent):
    assert as_ann.post(reverse("preferences"), sent).status_code == 400
    ann.refresh_from_db()
    assert (ann.language, ann.theme, ann.time_zone, ann.dock) == ("", "system", "", {})


def test_a_zone_that_the_system_no_longer_knows_breaks_no_page(as_ann, ann):
    ann.time_zone = "Moon/Base"
    ann.save()
    assert as_ann.get(reverse("home")).status_code == 200


def test_preferences_lead_back_to_the_page_but_not_elsewhere(as_ann):
    assert as_ann.post(reverse("preferences"), {"theme": "dark", "next": "/class/"}).url == "/class/"
    assert as_ann.post(reverse("preferences"), {"theme": "dark", "next": "//evil.example"}).url == "/"


def test_a_teacher_sees_their_classes_and_a_student_none(client, tom, ann, school_class):
    school_class.students.add(ann)
    client.force_login(tom)
    page = client.get(reverse("class")).text
    assert "Ann Nguyễn" in page and "ann@lab.test" in page and "never" in page
    client.force_login(ann)
    assert client.get(reverse("class")).status_code == 403


def test_a_teacher_without_classes_is_told_what_to_do(client, tom):
    client.force_login(tom)
    assert "You teach no class yet" in client.get(reverse("class")).text

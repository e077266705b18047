"""The door: who comes in, who is kept out for how long, and where one lands."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.urls import reverse

from accounts.models import User
from accounts.signals import person_disabled

PASSWORD = "a long enough sentence"
pytestmark = pytest.mark.django_db


def sign_in(client, name="ann", password=PASSWORD, **more):
    return client.post(reverse("sign-in"), {"username": name, "password": password, **more})


def test_the_page_names_its_controls_as_people_know_them(client):
    page = client.get(reverse("sign-in")).content.decode()
    assert re.search(r'<label for="id_username">User name</label>', page)
    assert re.search(r'<label for="id_password">Password</label>', page)
    assert re.search(r"<button[^>]*>Sign in</button>", page)


def test_home_sends_a_stranger_to_the_door_and_back(client, ann):
    answer = client.get(reverse("home"))
    assert answer.url == f"{reverse('sign-in')}?next=/"
    assert sign_in(client, next="/preferences/").url == "/preferences/"
    assert client.get(reverse("home")).status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "\\\\evil"]
)
def test_nobody_is_led_away_from_the_lab_by_next(client, ann, elsewhere):
    assert sign_in(client, next=elsewhere).url == reverse("home")


def test_a_name_typed_in_capitals_with_a_space_is_understood(client, ann):
    assert sign_in(client, " Ann ").status_code == 302


def test_the_session_gets_a_new_key_at_sign_in(client, ann):
    client.post(reverse("preferences"), {"language": "vi"})
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    sign_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_wrong_password_says_so_and_what_to_do(client, ann):
    page = sign_in(client, password="wrong").content.decode()
    assert 'role="alert"' in page and "do not belong together" in page
    assert "wrong" not in re.sub(r"class=\S+", "", page)


def test_after_too_many_wrong_passwords_the_page_says_for_how_long(client, ann):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in(client, password="wrong")
    assert answer.status_code == 429
    assert "You can try again in 6 minutes" in answer.content.decode()
    assert 0 < int(answer.headers["Retry-After"]) <= 360
    assert sign_in(client).status_code == 429, "the right password does not open it either"
    assert sign_in(client, "ANN ").status_code == 429, "nor does the name in another writing"


def test_a_lock_is_for_one_name_from_one_address(client, ann, tom):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, password="wrong")
    assert sign_in(client, "tom").status_code == 302, "a class shares one address"
    client.post(reverse("sign-out"))
    answer = client.post(
        reverse("sign-in"), {"username": "ann", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9"
    )
    assert answer.status_code == 302


def test_a_lock_opens_by_itself_and_trying_meanwhile_does_not_prolong_it(client, ann):
    for _ in range(settings.AXES_FAILURE_LIMIT + 2):
        sign_in(client, password="wrong")
    for attempt in AccessAttempt.objects.all():
        attempt.attempt_time -= timedelta(hours=settings.AXES_COOLOFF_TIME, seconds=1)
        attempt.save()
    assert sign_in(client).status_code == 302


def test_the_door_cannot_be_made_to_fail_by_odd_names(client):
    for name in ("", "\0", "a" * 5000, "\u202eann", "ann\r\nx: y", "'; drop table"):
        assert sign_in(client, name, "x").status_code == 200


def test_sign_out_wants_a_post(as_ann):
    assert as_ann.get(reverse("sign-out")).status_code == 405
    assert as_ann.post(reverse("sign-out")).url == reverse("sign-in")
    assert as_ann.get(reverse("home")).status_code == 302


def test_the_admin_panel_has_no_door_of_its_own(client):
    assert client.get("/admin/login/").url == f"{reverse('sign-in')}?next=/admin/"
    assert client.post("/admin/login/", {"username": "boss", "password": "x"}).status_code == 405


def test_a_student_does_not_enter_the_admin_panel(as_ann):
    answer = as_ann.get("/admin/", follow=True)
    assert answer.status_code == 403


def test_disabling_a_person_ends_the_session_at_the_next_request_and_is_told(as_ann, ann):
    told = []

    def hear(person, **_):
        told.append(person.pk)

    person_disabled.connect(hear)
    person = User.objects.get(pk=ann.pk)
    person.is_active = False
    person.save()
    person.save()
    assert told == [ann.pk], "told once"
    assert as_ann.get(reverse("home")).status_code == 302
    assert sign_in(as_ann).status_code == 200, "and the door stays shut"


def test_a_new_site_password_ends_the_other_sessions(as_ann, ann):
    ann.set_password("another long sentence")
    ann.save()
    assert as_ann.get(reverse("home")).status_code == 302


def test_a_person_changes_their_own_password_and_stays_signed_in_here(as_ann, ann):
    fields = {
        "old_password": PASSWORD,
        "new_password1": "quite another one",
        "new_password2": "quite another one",
    }
    assert as_ann.post(reverse("password"), {**fields, "old_password": "x"}).status_code == 200
    assert as_ann.post(reverse("password"), {**fields, "new_password2": "x"}).status_code == 200
    assert as_ann.post(reverse("password"), fields).url == reverse("preferences")
    assert "holds from now on" in as_ann.get(reverse("preferences")).text
    ann.refresh_from_db()
    assert ann.check_password("quite another one")


def test_the_sign_in_page_speaks_vietnamese_when_asked_and_remembers(client):
    answer = client.post(reverse("preferences"), {"language": "vi", "next": "/sign-in/?next=/mail/"})
    assert answer.url == "/sign-in/?next=/mail/"
    page = client.get(reverse("sign-in")).content.decode()
    assert '<html lang="vi"' in page and "Đăng nhập" in page and "Mật khẩu" in page


def test_the_browsers_language_is_taken_where_nobody_chose(client):
    assert (
        '<html lang="vi"'
        in client.get(reverse("sign-in"), headers={"accept-language": "vi-VN,en;q=0.5"}).text
    )
    assert '<html lang="en"' in client.get(reverse("sign-in"), headers={"accept-language": "xx,!!"}).text

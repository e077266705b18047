"""The cookie jar takes whatever a server says, and loses no answer to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from browser import jar
from browser.models import Cookie

pytestmark = pytest.mark.django_db
URL = "http://a.b.example:8080/" + "x" * 3000 + "/y"


@pytest.fixture
def ann():
    return User.objects.create_user("ann")


@pytest.mark.parametrize(
    "when",
    [
        "Fri, 31 Dec 9999 23:59:59 -1200", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -9999",
        "Fri, 31-Dec-9999 23:59:59 GMT", "Wed, 21 Oct 2215 07:28:00 GMT", "Fri, 31 Dec 99999 23:59:59 GMT",
    ],
)  # fmt: skip
def test_a_cookie_for_ever_is_kept_for_as_long_as_any(ann, when):
    jar.remember(ann, URL, [f"a=b; Expires={when}"])
    row = Cookie.objects.get()
    assert row.expires is None or row.expires <= timezone.now() + timedelta(days=400)
    assert [one.name for one in jar.going(ann, URL)] == ["a"]


@pytest.mark.parametrize("when", ["Mon, 01 Jan 0001 00:00:00 +1200", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_cookie_of_the_past_is_gone(ann, when):
    jar.remember(ann, URL, ["a=b", f"a=b; Expires={when}"])
    assert not Cookie.objects.exists()


def test_a_name_that_promises_security_is_taken_from_nobody_else(ann):
    https = URL.replace("http:", "https:").replace("8080", "8443")
    jar.remember(ann, URL, ["__Secure-a=1; Secure", "__Host-b=1; Path=/", "__SECURE-c=1", ";", "=", " "])
    assert not Cookie.objects.exists()
    jar.remember(
        ann,
        https,
        ["__Host-b=1; Secure", "__Host-c=1; Secure; Path=/", "__Secure-d=1; Secure", "e=1; Secure"],
    )
    jar.remember(ann, URL, ["e=2", "e=2; Domain=b.example", "f=2"])
    assert sorted((row.name, row.value) for row in Cookie.objects.all()) == [
        ("__Host-c", "1"), ("__Secure-d", "1"), ("e", "1"), ("f", "2"),
    ]  # fmt: skip


text = st.text(st.characters(codec="latin-1"), max_size=40)
date = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format, st.sampled_from(["Fri", "Friday", "x"]), st.integers(-1, 40),
    st.sampled_from(["Jan", "Dec", "x"]), st.integers(-1, 100_000), st.integers(-1, 70), st.integers(-1, 70),
    st.integers(-1, 70), st.one_of(st.sampled_from(["GMT", "", "x"]), st.integers(-100_000, 100_000)),
)  # fmt: skip
name = st.sampled_from(
    ["Expires", "Max-Age", "Domain", "Path", "Secure", "HttpOnly", "SameSite", "expires ", ""]
)
value = st.one_of(
    text, date, st.integers().map(str), st.just("x" * 3000), st.sampled_from(["b.example", ".a.b.example"])
)
line = st.builds(
    lambda first, rest: "; ".join([first, *(f"{n}={v}" for n, v in rest)]),
    st.one_of(text, st.builds("{}={}".format, text, text), st.just("n" * 300 + "=v")),
    st.lists(st.tuples(name, value), max_size=5),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(lines=st.lists(line, max_size=3))
def test_the_jar_takes_any_line(ann, lines):
    jar.remember(ann, URL, lines)
    for row in Cookie.objects.all():
        row.clean_fields(exclude=() if row.name else ("name",))
    jar.field(jar.going(ann, URL))
    Cookie.objects.all().delete()

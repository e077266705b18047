"""Numbers that come with a request: plain digits, or none."""

from __future__ import annotations

import pytest

from accounts.models import SchoolClass, User
from accounts.numbers import PORT, number


@pytest.mark.parametrize(
    "text", [None, "", "-1", "+1", " 1", "1_0", "1.0", "٣", "²", "1\0", "1\n", "1" * 19, "0x1", "NaN"]
)
def test_what_is_no_plain_number_is_none(text):
    assert number(text) == 0 and number(text, 7) == 7


def test_a_plain_number_is_read_up_to_what_every_database_holds():
    assert [number(text) for text in ("0", "007", "9" * 18)] == [0, 7, 10**18 - 1]
    assert [number(text, digits=PORT) for text in ("21", "65535", "100000")] == [21, 65535, 0]


@pytest.mark.parametrize("pk", ["9" * 19, "9" * 30, "٣", "x"])
def test_no_odd_number_breaks_the_page_that_renews_passwords(client, transactional_db, pk):
    client.force_login(User.objects.create_user("boss", password="x", role=User.Role.ADMIN))
    group = SchoolClass.objects.create(name="11A1")
    answer = client.post(f"/admin/accounts/schoolclass/{group.pk}/passwords/", {"person": [pk]})
    assert answer.status_code == 200

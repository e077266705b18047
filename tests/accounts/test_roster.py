"""A class list comes in: read, judged row by row, looked at, imported, and its passwords shown once."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from accounts import provision, roster, roster_file
from accounts.models import Roster, User

GOOD = "user name,first name,last name,email,role\nlan,Lan,Vũ,lan@example.org,\nmai,Mai,Đỗ,,teacher\n"


def rows(text: str, encoding="utf-8"):
    return roster_file.read(text.encode(encoding))


def fault(text: str | bytes) -> str:
    with pytest.raises(ValidationError) as caught:
        roster_file.read(text if isinstance(text, bytes) else text.encode())
    return " ".join(caught.value.messages)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write_is_read(encoding, delimiter, end):
    found = rows(GOOD.replace(",", delimiter).replace("\n", end), encoding)
    assert [(row.username, row.first_name, row.last_name) for row in found] == [
        ("lan", "Lan", "Vũ"),
        ("mai", "Mai", "Đỗ"),
    ]
    assert found[1].role == "teacher" and found[0].line == 2


def test_columns_may_stand_in_any_order_in_either_language_with_others_between():
    found = rows("STT;Họ;Tên;Ghi chú;Tên đăng nhập\n1;Vũ;Lan;khá;LAN \n")
    assert (found[0].username, found[0].first_name, found[0].last_name) == ("lan", "Lan", "Vũ")


def test_quotes_and_short_rows_and_empty_lines_are_understood():
    found = rows('user name,first name,last name,email\n"lan","La""n","Vũ, T"\n,,\n\nmai,Mai,Đỗ\n')
    assert [row.username for row in found] == ["lan", "mai"]
    assert found[0].last_name == "Vũ, T" and found[0].email == ""


def test_a_file_that_is_no_list_is_refused_with_what_to_do():
    assert "first line must name the columns" in fault("")
    assert "missing: last name" in fault("user name,first name\nlan,Lan\n")
    assert "nobody in the file" in fault("user name,first name,last name\n\n")
    assert "UTF-8" in fault(
        "user name,first name,last name\nlan,Lan,Vũ\n".encode("windows-1258", "replace") + b"\xff"
    )
    assert "larger than 1024 kB" in fault(b"x" * (roster_file.MAX_BYTES + 1))
    assert "5001 people" in fault("user name,first name,last name\n" + "a,b,c\n" * 5001)
    assert "no CSV" in fault('user name,first name,last name\nlan,"' + "x" * 140_000 + '",b\n')
    assert fault(b"\x89PNG\r\n\x1a\n\0\0") and fault(b"PK\x03\x04\0\0")
    assert fault(b"\0" * 50)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_but_in_its_own_words(raw):
    for prefix in (b"", b"user name,first name,last name\n"):
        try:
            roster_file.read(prefix + raw)
        except ValidationError as error:
            assert error.messages


@pytest.mark.django_db
def test_each_row_is_judged_by_itself(school_class, tom, boss, ann):
    judged = roster.judge(
        rows(
            "user name,first name,last name,email,role\n"
            "lan,Lan,Vũ,,\n"
            "lan,Lan,Vũ,,\n"
            "B@d,X,Y,,\n"
            "..,X,Y,,\n"
            "rtl,a\u202eb,Y,,\n"
            '"new\nline",X,Y,,\n'
            "mail,X,Y,nonsense,\n"
            "root,X,Y,,admin\n"
            "postmaster,X,Y,,\n"
            "boss,X,Y,,\n"
            "ann,Ann,Nguyễn,,\n"
            "tom,Tom,Hall,,\n"
            "long," + "x" * 90 + ",Y,,\n"
        ),
        school_class,
    )
    fates = [(one.row.username, one.fate) for one in judged]
    assert fates == [
        ("lan", "new"), ("lan", "wrong"), ("b@d", "wrong"), ("..", "wrong"), ("rtl", "wrong"),
        ("new\nline", "wrong"), ("mail", "wrong"), ("root", "wrong"), ("postmaster", "wrong"), ("boss", "wrong"),
        ("ann", "joins"), ("tom", "joins"), ("long", "wrong"),
    ]  # fmt: skip
    assert all(one.says for one in judged if one.fate == "wrong")
    assert "line 2" in judged[1].says[0]
    assert any("Stays teacher" in sentence for sentence in judged[11].says)


def upload(client, school_class, text, name="class.csv"):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    return client.post(f"/admin/accounts/schoolclass/{school_class.pk}/roster/", {"file": file})


@pytest.mark.django_db
def test_a_list_is_looked_at_imported_once_and_its_passwords_work(as_boss, school_class, lab_rows, ann):
    answer = upload(as_boss, school_class, GOOD + "ann,A,N,,\nB@d,x,y,,\n")
    assert answer.status_code == 302
    preview = as_boss.get(answer.url).text
    assert "2 new people" in preview and "1 who exists already" in preview and "1 row that cannot" in preview
    assert "Import 3 people" in preview
    assert User.objects.filter(username="lan").count() == 0, "nothing is written before"

    sheet = as_boss.post(answer.url)
    assert "no-store" in sheet.headers["Cache-Control"]
    assert "unsafe" not in sheet.headers["Content-Security-Policy"]
    lan, mai = User.objects.get(username="lan"), User.objects.get(username="mai")
    assert provision.lab_password(lan) in sheet.text and provision.lab_password(mai) in sheet.text
    assert "ann@lab.test" not in sheet.text, "who existed keeps their passwords"
    assert set(school_class.students.all()) == {lan, ann} and mai in school_class.teachers.all()
    word = sheet.text.split("<dt>Password</dt><dd><code>")[1].split("<")[0]
    assert lan.check_password(word) and not lan.is_staff

    again = as_boss.post(answer.url)
    assert again.status_code == 302 and not Roster.objects.exists()
    as_boss.post("/sign-out/")
    assert as_boss.post("/sign-in/", {"username": "lan", "password": word}).status_code == 302


@pytest.mark.django_db
def test_an_unreadable_file_is_refused_on_the_page_where_it_was_chosen(as_boss, school_class):
    page = upload(as_boss, school_class, b"\xff\x00nonsense")
    assert page.status_code == 200 and 'role="alert"' in page.text
    assert upload(as_boss, school_class, "").status_code == 200


@pytest.mark.django_db
def test_a_file_of_markup_stays_text_in_the_preview(as_boss, school_class):
    answer = upload(as_boss, school_class, "user name,first name,last name\n<script>,<img src=x>,&\n")
    page = as_boss.get(answer.url).text
    assert "<img src=x>" not in page and "&lt;img src=x&gt;" in page


@pytest.mark.django_db
def test_another_admins_list_is_not_seen_nor_imported(as_boss, school_class, client):
    answer = upload(as_boss, school_class, GOOD)
    other = User(username="other", role="admin")
    other.set_password("x")
    other.save()
    client.force_login(other)
    assert client.get(answer.url).status_code == 302
    assert client.post(answer.url).status_code == 302
    assert not User.objects.filter(username="lan").exists()


@pytest.mark.django_db
def test_five_thousand_people_come_in_at_once(as_boss, school_class, lab_rows):
    text = "user name,first name,last name\n" + "".join(f"s{n},First,Last {n}\n" for n in range(5000))
    answer = upload(as_boss, school_class, text)
    page = as_boss.get(answer.url).text
    assert "5000 new people" in page and "The first 500 of 5000" in page
    sheet = as_boss.post(answer.url)
    assert sheet.text.count('class="slip"') == 5000
    assert school_class.students.count() == 5000
    assert provision.provision_all() == 2, "only boss and tom were without"


@pytest.mark.django_db
def test_an_export_runs_no_formula_and_comes_back_as_it_was(as_boss, school_class):
    person = User.objects.create(username="eve", first_name="=HYPERLINK(1)", last_name="@SUM")
    school_class.students.add(person)
    answer = as_boss.get(f"/admin/accounts/schoolclass/{school_class.pk}/export/")
    cells = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert cells[-1][:3] == ["eve", "'=HYPERLINK(1)", "'@SUM"]
    assert "attachment" in answer.headers["Content-Disposition"]
    back = {row.username: row for row in roster_file.read(answer.content)}
    assert (back["eve"].first_name, back["eve"].last_name) == ("=HYPERLINK(1)", "@SUM")


@pytest.mark.django_db
def test_a_lost_sheet_is_made_again_for_the_chosen(as_boss, school_class, ann):
    path = f"/admin/accounts/schoolclass/{school_class.pk}/passwords/"
    school_class.students.add(ann)
    before = provision.lab_password(ann)
    assert "Choose at least one" in as_boss.post(path, {"person": ["x", "999"]}).text
    sheet = as_boss.post(path, {"person": [ann.pk]}).text
    assert provision.lab_password(ann) in sheet and provision.lab_password(ann) != before

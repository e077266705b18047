"""The pages as a person meets them: in chromium, by their labels; and nothing found by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts import provision
from accounts.models import SchoolClass, User
from tests.chromium import is_clean

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
PASSWORD = "a long enough sentence"


@pytest.fixture
def tab(chromium, live_server):
    """A browser tab at the lab's address that fails the test if a page breaks its own policy."""
    context = chromium.new_context(base_url=live_server.url, locale="en")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(f"Uncaught {error}"))
    yield page
    context.close()
    assert not [text for text in said if "Content Security Policy" in text or "Uncaught" in text]


def sign_in(page, name):
    page.goto("/sign-in/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_door_and_home_are_clean_in_either_theme(tab, ann, theme):
    ann.theme = theme
    ann.save()
    tab.emulate_media(color_scheme=theme)
    tab.goto("/sign-in/")
    is_clean(tab)
    sign_in(tab, "ann")
    is_clean(tab)
    for path in ("/preferences/", "/password/"):
        tab.goto(path)
        is_clean(tab)


def test_a_wrong_password_is_told_aloud(tab, ann):
    tab.goto("/sign-in/")
    tab.get_by_label("User name").fill("ann")
    tab.get_by_label("Password").fill("wrong")
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("alert")).to_contain_text("do not belong together")
    expect(tab.get_by_label("User name")).to_have_value("ann")
    is_clean(tab)


def test_the_lab_password_is_shown_hidden_and_made_new(tab, ann):
    sign_in(tab, "ann")
    secret = provision.lab_password(ann)
    assert secret not in tab.content()
    tab.get_by_role("button", name="Show: Lab password").click()
    expect(tab.locator("#lab-secret")).to_have_text(secret)
    is_clean(tab)
    expect(tab.get_by_role("button", name="Hide")).to_be_focused()
    tab.get_by_role("button", name="Hide").click()
    expect(tab.locator("#lab-secret")).to_have_count(0)
    asked = []
    tab.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    tab.get_by_role("button", name="New lab password").click()
    expect(tab.get_by_text("This is your new lab password")).to_be_visible()
    assert "stops working" in asked[0]
    assert tab.locator("#lab-secret").inner_text() == provision.lab_password(ann) != secret


@pytest.mark.urls("tests.accounts.rooms_urls")
def test_a_rooms_card_comes_onto_home(tab, ann):
    sign_in(tab, "ann")
    expect(tab.get_by_text("3 unread")).to_be_visible()
    expect(tab.get_by_role("link", name="Send your first mail and watch it")).to_be_visible()
    is_clean(tab)


def test_a_command_line_is_copied(tab, ann):
    sign_in(tab, "ann")
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.get_by_role("button", name="Copy: Send yourself a letter").click()
    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()").startswith("swaks --server localhost:2525")


@pytest.mark.parametrize("width", [390, 800, 1400])
def test_no_page_is_wider_than_the_screen(tab, ann, tom, school_class, width):
    school_class.students.add(ann)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto("/sign-in/")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    sign_in(tab, "tom")
    for path in ("/", "/preferences/", "/class/"):
        tab.goto(path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_language_is_changed_at_the_door(tab, ann):
    tab.goto("/sign-in/?next=/preferences/")
    tab.get_by_role("button", name="Tiếng Việt").click()
    tab.get_by_label("Tên đăng nhập").fill("ann")
    tab.get_by_label("Mật khẩu").fill(PASSWORD)
    tab.get_by_role("button", name="Đăng nhập").click()
    tab.wait_for_url("**/preferences/")
    expect(tab.get_by_role("heading", name="Tuỳ chọn")).to_be_visible()
    tab.get_by_label("Ngôn ngữ").select_option("en")
    tab.get_by_role("button", name="Lưu").click()
    expect(tab.get_by_role("heading", name="Preferences")).to_be_visible()


def test_an_admin_imports_a_class_and_prints_the_sheet(tab, boss, lab_rows, school_class, tmp_path):
    listed = tmp_path / "class.csv"
    listed.write_text("user name;first name;last name\nlan;Lan;Vũ\nB@d;X;Y\n", encoding="utf-8-sig")
    sign_in(tab, "boss")
    tab.goto(f"/admin/accounts/schoolclass/{school_class.pk}/change/")
    tab.get_by_role("link", name="Import a class list").click()
    expect(tab.get_by_label("Class list (CSV)")).to_be_visible()
    is_clean(tab, within=".panel-page")
    tab.get_by_label("Class list (CSV)").set_input_files(listed)
    tab.get_by_role("button", name="Look at the list").click()
    expect(tab.get_by_role("alert")).to_contain_text("left out")
    is_clean(tab, within=".panel-page")
    tab.get_by_role("button", name="Import 1 person").click()
    expect(tab.get_by_role("heading", name="Lan Vũ")).to_be_visible()
    expect(tab.get_by_role("button", name="Print")).to_be_visible()
    is_clean(tab)
    assert User.objects.get(username="lan") in SchoolClass.objects.get().students.all()


def test_the_panel_works_under_its_policy(tab, boss, ann):
    """Alpine builds functions from strings: were its policy too tight, the tab and the menu would be dead."""
    sign_in(tab, "boss")
    for path in ("", "accounts/user/", f"accounts/user/{ann.pk}/change/", "accounts/server/add/"):
        tab.goto(f"/admin/{path}")
        assert tab.evaluate("typeof Alpine") == "object", path
    tab.goto(f"/admin/accounts/user/{ann.pk}/passwords/")
    is_clean(tab, within=".panel-page")
    tab.goto(f"/admin/accounts/user/{ann.pk}/delete/")
    expect(tab.get_by_text("There is no way back")).to_be_visible()

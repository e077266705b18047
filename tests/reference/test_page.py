"""The reference in chromium: found while one types, by keyboard alone; and from there into the console."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.chromium import is_clean, sign_in, unreached

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def ann(lab):
    return lab.person("ann")


def test_an_entry_is_found_while_one_types_and_tried_in_the_console(tab, ann):
    sign_in(tab, "ann")
    tab.goto("/reference/")
    tab.keyboard.press("/")
    tab.keyboard.type("rcpt")
    expect(tab.locator(".ref-list li").first).to_contain_text("RCPT")
    expect(tab).to_have_url("/reference/?q=rcpt&protocol=&kind=")
    tab.get_by_role("link", name="RCPT", exact=True).first.click()
    expect(tab.get_by_role("heading", name="RCPT")).to_be_visible()
    expect(tab.get_by_text("Not yet.")).to_be_visible()
    tab.get_by_role("link", name="Try it in the console").click()
    expect(tab.get_by_label("Line to send")).to_have_value("RCPT ")
    tab.get_by_role("button", name="Connect").click()
    expect(tab.locator("#con-lines code", has_text="220")).to_be_visible()
    tab.keyboard.type("TO:<ann@lab.test>\n")
    expect(tab.locator("#con-lines code", has_text="503")).to_be_visible()
    tab.goto("/reference/?q=rcpt")
    expect(tab.get_by_text("in 1 of your conversations").first).to_be_visible()
    tab.goto("/reference/smtp/commands/RCPT/")
    tab.locator("section.card a").first.click()
    expect(tab.locator("li.here > code")).to_contain_text("RCPT TO:<ann@lab.test>")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_either_language_and_no_width_overflows(tab, ann, theme):
    ann.theme, ann.language = theme, "vi" if theme == "dark" else "en"
    ann.save()
    sign_in(tab, "ann")
    for path in ("", "?q=quota", "?protocol=http", "irc/numerics/001/", "smtp/reply_codes/450/", "course/"):
        tab.goto(f"/reference/{path}")
        is_clean(tab)
        if theme == "light" and path != "?protocol=http":
            assert unreached(tab) == [], path
        for width in (390, 1400):
            tab.set_viewport_size({"width": width, "height": 800})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, (path, width)

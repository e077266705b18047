"""Ann in the lab's web site: a link followed, a counter that knows her by a cookie, a spelling that reaches nobody."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect


def clean(tab: Page) -> None:
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(tab).response["violations"]]
    assert not found, found


def page(tab: Page):
    """The page inside the frame."""
    return tab.frame_locator("#frame")


def look(tab: Page, pane: str) -> None:
    """Look at a pane, by the keyboard, which stays where it was."""
    # In the 20 ms until htmx has taken up what came, a link is the plain link it also is, and loads the whole page.
    expect(tab.locator(".htmx-added, .htmx-settling, .htmx-swapping")).to_have_count(0)
    link = tab.get_by_role("group", name="What to look at").get_by_role("link", name=pane, exact=True)
    link.press("Enter")
    expect(tab.locator("#visit")).to_have_attribute("data-pane", pane.lower())
    expect(link).to_be_focused()


def count(tab: Page, number: int) -> None:
    expect(page(tab).locator(".big")).to_have_text(str(number))


@pytest.mark.parametrize(("name", "theme"), [("friend", "light"), ("tom", "dark")])
def test_a_link_is_followed_and_the_counter_counts_until_its_cookie_is_gone(person, name, theme):
    tab = person(name, color_scheme=theme)
    tab.goto("/web/")
    expect(tab.get_by_role("heading", name="A browser that shows what it says")).to_be_visible()
    clean(tab)
    tab.get_by_role("button", name="Open the lab’s web site").click()
    expect(page(tab).get_by_role("heading", name="Welcome")).to_be_visible()
    expect(page(tab).get_by_role("img", name=re.compile("A browser asks a server"))).to_be_visible()
    expect(tab.get_by_role("region", name="Wire")).to_contain_text("GET / HTTP/1.1")
    clean(tab)

    page(tab).get_by_role("link", name="A counter", exact=True).click()
    count(tab, 1)
    expect(tab.get_by_label("Address", exact=True)).to_have_value(re.compile("/counter$"))
    tab.get_by_role("button", name="Load again, if it changed").click()
    count(tab, 2)
    look(tab, "Headers")
    expect(tab.locator(".web-lines")).to_contain_text("Cookie:")
    clean(tab)
    for pane in ("Source", "Request", "History"):
        look(tab, pane)
        clean(tab)
    look(tab, "Cookies")
    tab.get_by_label("Value of visits").fill("41")
    tab.get_by_role("button", name="Change", exact=True).press("Enter")
    expect(tab.get_by_text("Changed: the next request says it.")).to_be_visible()
    expect(tab.get_by_role("link", name="Cookies", exact=True)).to_be_focused()
    clean(tab)
    tab.get_by_role("button", name="Empty the jar").click()
    expect(tab.get_by_text("The jar is empty.")).to_be_visible()
    look(tab, "Page")
    tab.get_by_role("button", name="Load again, if it changed").click()
    count(tab, 1)

    address = tab.get_by_label("Address", exact=True)
    for path in ("about.html", "forms.html", "links.html"):
        address.fill(re.sub("/[^/]*$", f"/{path}", address.input_value()))
        address.press("Enter")
        expect(tab.locator("#visit:not([data-busy])")).to_have_attribute(
            "data-address", re.compile(f"/{path}$")
        )
    # Three presses before the first is answered are three steps.
    tab.evaluate("() => { for (let i = 0; i < 3; i++) document.querySelector('[data-if=back]').click(); }")
    expect(address).to_have_value(re.compile("/counter$"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_another_spelling_of_this_machine_is_refused_in_words_and_no_width_overflows(person, theme):
    tab = person("ben", color_scheme=theme)
    tab.goto("/web/")
    address = tab.get_by_label("Address", exact=True)
    address.fill("0x7f.1")
    address.press("Enter")
    expect(tab.get_by_role("alert")).to_contain_text("This page could not be fetched.")
    expect(tab.get_by_role("alert")).to_contain_text("is no server of this lab's list")
    tab.get_by_text("What it means", exact=True).click()
    clean(tab)
    for width in (390, 800, 1400):
        tab.set_viewport_size({"width": width, "height": 800})
        for part in (".web-bar .primary", ".web-options", ".web-tabs", "[role=alert]"):
            box = tab.locator(part).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, (width, part, box)
    clean(tab)

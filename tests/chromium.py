"""A browser at the whole site, for tests of pages that open sockets. Import ``chromium`` and ``tab`` as fixtures."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.conftest import BROWSER_FLAGS
from tests.needs import need
from tests.site import site


@pytest.fixture(scope="module")
def chromium():
    # Playwright's synchronous way keeps a loop in this thread, where Django would then refuse the database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=BROWSER_FLAGS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def tab(chromium, lab):
    """A tab at the site, over the test's ``lab``; the test fails if a page breaks its own policy or a script fails."""
    with site() as url:
        context = chromium.new_context(base_url=url, locale="en")
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(f"Uncaught {error}"))
        yield page
        context.close()
        assert not [text for text in said if "Content Security Policy" in text or "Uncaught" in text]


def sign_in(page, name, password="site"):
    """Sign in as a lab's person, whatever language the page speaks."""
    page.goto("/sign-in/")
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def is_clean(page, *, within=None):
    """Axe finds nothing on the page, or in a part of it (the admin panel's frame is unfold's)."""
    found = Axe().run(page, context=within) if within else Axe().run(page)
    faults = [
        f"{rule['id']}: {node['target']} {node['html'][:120]}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]
    assert not faults, "\n".join(faults)


def unreached(tab):
    """Press Tab until it comes round; return what of the page can be used and was never reached, by its text."""
    tab.evaluate("""() => {
        window.getSelection().removeAllRanges();
        document.activeElement.blur();
        document.addEventListener("focusin", (event) => { event.target.dataset.walked = ""; });
        const first = document.querySelector("a[href]");
        first.focus();
    }""")
    left = """() => [...document.querySelectorAll("main :is(a[href], button, input, select, textarea, [tabindex='0'])")]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled)
        .filter((one) => !("walked" in one.dataset)).map((one) => one.id || one.textContent.trim())"""
    for _ in range(40):
        if not tab.evaluate(left):
            return []
        for _ in range(10):
            tab.keyboard.press("Tab")
    return tab.evaluate(left)

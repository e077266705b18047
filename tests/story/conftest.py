"""One running lab for all stories, and people in a real browser who stumble over no console error.

``lab`` is the whole of `manage.py lab` as processes with a real Redis, once per session. ``person("ann")`` opens
the site in a browser of her own and signs in; the test fails where a page of hers said something on the console
that is an error or breaks the content security policy.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import BROWSER_FLAGS, need
from tests.netlab.test_lab import Lab, running

PASSWORD = "demo story secret"
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """The running lab; ``lab.web`` is its port, ``lab.environment`` has the others, PASSWORD opens every door."""
    need("redis-server")
    with running(tmp_path_factory.mktemp("lab"), NETLAB_DEMO_PASSWORD=PASSWORD) as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # For a module, not the session: Playwright keeps a loop in this thread, where other tests want their own.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=BROWSER_FLAGS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.failed = report.failed
    return report


@pytest.fixture
def person(request, chromium: Browser, lab: Lab) -> Iterator[Callable[..., Page]]:
    """Return a function that signs somebody in and returns their tab; a failure leaves pictures of all tabs."""
    said: list[str] = []
    tabs: list[Page] = []
    with closing(sqlite3.connect(lab.log.parent / "netlab.sqlite3", timeout=20)) as rows, rows:
        rows.execute(
            "update accounts_user set dock = '{}'"
        )  # as one story left the dock, the next need not find it

    def come(name: str, **context: object) -> Page:
        options = {"locale": "en", "viewport": {"width": 1280, "height": 900}, **context}
        tab = opened.enter_context(_context(chromium, f"http://localhost:{lab.web}", options)).new_page()
        tab.set_default_timeout(20_000)
        tabs.append(tab)
        tab.on("console", lambda message: said.append(f"{name}: {message.type}: {message.text}"))
        tab.on("pageerror", lambda error: said.append(f"{name}: error: uncaught {error}"))
        tab.goto("/")
        tab.get_by_label("User name").fill(name)
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("button", name="Sign in").click()
        tab.wait_for_url("**/")
        return tab

    with ExitStack() as opened:
        yield come
        for number, tab in enumerate(tabs if getattr(request.node, "failed", False) else []):
            if not tab.is_closed():
                tab.screenshot(path=f"test-results/{request.node.name}-{number}.png")
    # Who goes on to the next page before the last one was whole breaks off its requests: htmx tells it as an error.
    said = [
        text for text in said if ": error: htmx:afterRequest," not in text and "htmx:sendAbort" not in text
    ]
    bad = [text for text in said if ": error: " in text or "Content Security Policy" in text]
    assert not bad, "\n".join(bad)


def _context(chromium: Browser, base: str, options: dict):
    return chromium.new_context(base_url=base, **options)

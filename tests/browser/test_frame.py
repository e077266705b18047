"""A hostile page in the room's frame, in chromium: whatever it calls its elements, it leads nowhere past the room."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.models import Exchange
from tests.browser.hostile import saying
from tests.chromium import chromium, sign_in, tab  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

NAMES = (
    "addEventListener", "getAttribute", "elements", "closest", "documentElement", "body", "parent", "postMessage",
    "tell", "link", "leads", "attribute", "action", "method", "FormData", "submit", "name", "TO", "__proto__",
)  # fmt: skip
CLOBBERED = "".join(f'<form name="{name}" id="{name}"></form><a name="{name}"></a>' for name in NAMES)
FIELDS = "".join(f'<input name="{name}" id="f-{name}" value="1">' for name in NAMES)


def page(site: str, ours: str) -> bytes:
    body = (
        f'{CLOBBERED}<p><a href="{ours}/web/">inwards</a> <a href="{site}/about.html">onwards</a> '
        f'<a href="#end">down</a></p><form action="{site}/request" method="post">'
        f'<input name="key" type="password" id="key">{FIELDS}<button>Send</button></form>'
        f'<p style="height: 3000px"></p><p id="end">the end</p>'
    ).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def frame(tab):  # noqa: F811
    return tab.locator("#frame").element_handle().content_frame()


def named(tab, text):  # noqa: F811
    """A link by its text: a role is read by ``getAttribute``, which the page has taken from the tests as well."""
    return tab.frame_locator("#frame").locator("a", has_text=text)


def opened(tab, url):  # noqa: F811
    tab.goto("/web/")
    tab.get_by_label("Address", exact=True).fill(url)
    tab.get_by_label("Address", exact=True).press("Enter")
    expect(named(tab, "inwards")).to_be_visible()


def test_names_of_a_pages_elements_switch_off_nothing(tab, lab, ann, bad):  # noqa: F811
    site = f"http://localhost:{lab.ports.http}"
    sign_in(tab, "ann")
    ours = tab.url.split("/", 3)
    url = bad(saying(page(site, f"{ours[0]}//{ours[2]}")))
    opened(tab, url)
    shown = tab.frame_locator("#frame")
    # What is called like a function is none any more, and the form has lost its elements.
    odd = "[typeof document.addEventListener, typeof document.getElementById('key').form.elements.length]"
    assert frame(tab).evaluate(odd) == ["object", "undefined"]
    stands = frame(tab).url

    named(tab, "down").click()
    assert frame(tab).url == f"{stands}#end"
    # A link to the site itself is an address like any other: the lab's list does not know it.
    named(tab, "inwards").press("Enter")
    expect(tab.get_by_role("alert")).to_contain_text("is no server of this lab's list")

    opened(tab, url)
    shown.locator("#key").focus()
    tab.keyboard.type("hunter2-and-more")
    tab.keyboard.press("Enter")
    expect(tab.locator("#visit:not([data-busy])")).to_have_attribute("data-address", f"{site}/request")
    sent = Exchange.objects.get(method="POST").asked
    assert sent["secret"] == ("key",) and b"key=hunter2-and-more&addEventListener=1" in sent["body"]

    opened(tab, url)
    named(tab, "onwards").click()
    expect(tab.locator("#visit:not([data-busy])")).to_have_attribute("data-address", f"{site}/about.html")


def test_a_frame_without_its_script_goes_nowhere(tab, lab, ann, bad):  # noqa: F811
    site = f"http://localhost:{lab.ports.http}"
    sign_in(tab, "ann")
    ours = tab.url.split("/", 3)
    tab.context.route("**/frame*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    opened(tab, bad(saying(page(site, f"{ours[0]}//{ours[2]}"))))
    shown, stands = frame(tab), frame(tab).url
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    for name in ("inwards", "onwards"):
        named(tab, name).click()
        named(tab, name).click(button="middle")
    named(tab, "down").click()
    shown.wait_for_url(f"{stands}#end")
    assert [
        url for url in asked if url.startswith((site, f"{ours[0]}//{ours[2]}/web/#", "chrome-error"))
    ] == []


@pytest.mark.parametrize(
    "path", ["/", "/web/", "/mail/", "/sign-in/", "/admin/", "/preferences/", "/nowhere/"]
)
def test_no_page_of_the_site_stands_in_a_frame(client, ann, path):
    client.force_login(ann)
    answer = client.get(path)
    assert (
        answer["X-Frame-Options"] == "DENY" and "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    )

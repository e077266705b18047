"""The Wire dock as a person uses it: views, pause, clear, copy, a broken line, keys; and nothing found by axe."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.story.conftest import PASSWORD


def wire(tab: Page):
    return tab.get_by_role("region", name="Wire")


def write(tab: Page, to: str = "ben@lab.test", subject: str = "Hello", text: str = "How are you?"):
    """Send a letter; return the pane of the dock that shows what was said, whole."""
    tab.goto("/mail/compose/")
    tab.get_by_label("To", exact=True).fill(to)
    tab.get_by_label("Subject").fill(subject)
    tab.get_by_label("Message").fill(text)
    tab.get_by_role("button", name="Send").click()
    expect(tab.locator("#outgoing .spinner")).to_have_count(0)
    url = tab.get_by_role("link", name="Read what was said").get_attribute("href")
    pane = wire(tab).locator(f".dock-pane[data-url='{url}']")
    expect(pane).to_be_visible()
    expect(pane.locator("li").last).to_contain_text("closed the connection")
    return pane


def whole(dock) -> int:
    """Return how many lines the pane in front shows; none is missing, none stands there twice."""
    numbers = dock.locator(".dock-pane:visible li .n").all_inner_texts()
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    return len(numbers)


def is_clean(tab: Page) -> None:
    found = Axe().run(tab).response["violations"]
    assert not found, "\n".join(
        f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]
    )


def test_the_same_lines_are_seen_as_dialogue_ladder_timing_and_bytes(person):
    ann = person("ann")
    write(ann)
    dock = wire(ann)
    dock.get_by_role("button", name="Ladder").click()
    expect(dock.get_by_text("Server localhost:")).to_be_visible()
    expect(dock.get_by_role("listitem").filter(has_text="rcpt TO:<ben@lab.test>").first).to_be_visible()
    dock.get_by_role("button", name="Timing").click()
    expect(dock.get_by_text(re.compile("Round trips: 1?[0-9]\\."))).to_be_visible()
    expect(dock.get_by_role("row").filter(has_text="rcpt TO:<ben@lab.test>")).to_contain_text("ms")
    dock.get_by_role("button", name="Hex").click()
    bytes_ = dock.locator(".hex")
    expect(bytes_).to_contain_text("32 32 30 20")  # 220 and a blank
    expect(bytes_).to_contain_text("hidden, ")
    assert PASSWORD not in bytes_.inner_text()
    dock.get_by_role("button", name="Dialogue").click()
    expect(bytes_).to_have_count(0)


def test_a_body_opens_raw_decoded_and_byte_by_byte_and_a_large_one_asks_first(person):
    ann = person("ann")
    body = write(ann, subject="Chào bạn", text="Xin chào Ben").locator("details[data-body]")
    body.locator("summary").click()
    expect(body.locator("pre")).to_contain_text("=?utf-8?")
    body.get_by_role("button", name="Decoded").click()
    expect(body.locator("pre")).to_contain_text("Subject: Chào bạn")
    expect(body.locator("pre")).to_contain_text("Xin chào Ben")
    body.get_by_role("button", name="Hex").click()
    expect(body.locator("pre")).to_contain_text("000000  ")
    large = write(ann, text="x" * 76 + "\n" + ("y" * 76 + "\n") * 1000).locator("details[data-body]")
    large.locator("summary").click()
    expect(large.get_by_text("of it were kept")).to_be_visible()
    assert large.locator("pre").is_hidden()
    large.get_by_role("button", name="Load them").click()
    expect(large.locator("pre")).to_contain_text("yyyy")


def test_pausing_loses_nothing_and_clearing_deletes_nothing(person):
    ann = person("ann")
    write(ann, subject="first")
    dock = wire(ann)
    ann.get_by_role("link", name="Write another").click()
    expect(dock.get_by_role("tab", name="SMTP Send 250")).to_have_count(1)
    dock.get_by_role("button", name="Pause").click()
    ann.get_by_label("To", exact=True).fill("ben@lab.test")
    ann.get_by_label("Subject").fill("paused")
    ann.get_by_role("button", name="Send").click()
    expect(ann.locator("#outgoing").get_by_text("Sent.")).to_be_visible()
    expect(dock.get_by_role("tab", name="SMTP Send")).to_have_count(1)
    dock.get_by_role("button", name="Paused").click()
    expect(dock.get_by_role("tab", name="SMTP Send")).to_have_count(2)
    expect(dock.locator(".dock-pane:visible li").last).to_contain_text("closed the connection")
    whole(dock)
    dock.locator(".menu summary").click()
    dock.get_by_role("button", name=re.compile("Clear")).click()
    expect(dock.get_by_role("tab")).to_have_count(0)
    ann.goto("/transcripts/?q=paused")
    expect(ann.get_by_role("link", name=re.compile("Send paused"))).to_be_visible()


def test_scrolled_up_the_dock_stays_and_tells_how_many_lines_came(person):
    ann = person("ann", viewport={"width": 1280, "height": 420})
    held, letting = [], []

    def door(route):
        """Hand twelve lines on; hold those that come after until the reader has scrolled up."""

        def hear(message):
            told = json.loads(message)
            if told["type"] != "lines" or letting or told["last"] <= 12:
                return route.send(message)
            lines = re.split(r"(?=<li id=)", told["html"])[1:]
            early = max(0, 13 - told["first"])
            if early:
                route.send(json.dumps(told | {"last": 12, "html": "".join(lines[:early])}))
            late = told | {"first": max(13, told["first"]), "html": "".join(lines[early:])}
            return held.append(lambda: route.send(json.dumps(late)))

        route.connect_to_server().on_message(hear)

    ann.route_web_socket(re.compile("/ws/wire/"), door)
    ann.goto("/mail/compose/")
    ann.get_by_label("To", exact=True).fill("ben@lab.test")
    ann.get_by_role("button", name="Send").click()
    expect(ann.locator("#outgoing").get_by_text("Sent.")).to_be_visible()
    dock, pane = wire(ann), wire(ann).locator(".dock-pane:visible")
    expect(pane.locator("li")).to_have_count(12)
    pane.evaluate("(pane) => { pane.scrollTop = 0; pane.dispatchEvent(new Event('scroll')); }")
    letting.append(True)
    for send in held:
        send()
    more = dock.get_by_role("button", name=re.compile(r"^\d+ new lines?$"))
    expect(more).to_be_visible()
    assert pane.evaluate("(pane) => pane.scrollTop") == 0
    more.click()
    expect(more).to_be_hidden()
    expect(pane.locator("li").last).to_be_in_viewport()


def test_copied_lines_keep_their_speakers_and_a_range_has_an_address(person):
    ann = person("ann")
    ann.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write(ann)
    dock = wire(ann)
    dock.locator(".menu summary").click()
    dock.get_by_role("button", name=re.compile("Copy with")).click()
    copied = ann.evaluate("navigator.clipboard.readText()")
    assert "\nC: rcpt TO:<ben@lab.test>\n" in copied and "\nS: 221 " in copied and PASSWORD not in copied
    dock.get_by_role("listitem").filter(has_text="rcpt TO").first.click()
    link = dock.get_by_role("link", name="Permalink").get_attribute("href")
    assert re.search(r"/transcripts/\d+#L\d+$", link)
    ann.goto(link)
    expect(ann.locator(".lines.whole li.here")).to_contain_text("rcpt TO:<ben@lab.test>")
    ann.goto(re.sub(r"#L\d+", "#L3-L5", link))
    ann.reload()
    expect(ann.locator(".lines.whole li.here")).to_have_count(3)


def test_a_lost_line_comes_again_and_misses_nothing(person):
    ann = person("ann")
    doors = []

    def door(route):
        server = route.connect_to_server()
        server.on_message(lambda message: route.send(message) if route in doors else None)
        doors.append(route)

    ann.route_web_socket(re.compile("/ws/wire/"), door)
    ann.goto("/mail/compose/")
    ann.get_by_label("To", exact=True).fill("ben@lab.test")
    ann.get_by_label("Subject").fill("over a broken line")
    while not doors:
        ann.wait_for_timeout(50)
    doors.pop().close(code=1011, reason="lost on purpose")
    ann.get_by_role("button", name="Send").click()
    expect(ann.locator("#outgoing").get_by_text("Sent.")).to_be_visible()
    dock = wire(ann)
    expect(dock.locator(".dock-pane:visible li").last).to_contain_text("closed the connection")
    assert whole(dock) > 20


def test_the_keyboard_alone_is_enough(person):
    ann = person("ann")
    ann.goto("/mail/")
    expect(ann.get_by_role("link", name="Inbox")).to_be_visible()
    ann.wait_for_load_state("networkidle")  # a list that is drawn anew takes the search field along
    ann.keyboard.press("?")
    keys = ann.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("show or hide the Wire dock")
    expect(keys).to_contain_text("Compose")
    ann.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    ann.keyboard.press("/")
    expect(ann.get_by_role("searchbox")).to_be_focused()
    ann.keyboard.press("Escape")
    ann.get_by_role("searchbox").blur()
    ann.keyboard.press("c")
    ann.wait_for_url("**/mail/compose/**")
    expect(ann.get_by_label("To", exact=True)).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mail_dock_and_transcripts_are_clean(person, scheme):
    ann = person("ann", color_scheme=scheme)
    write(ann, to="bem@lab.test, ann@lab.test", subject=f"clean {scheme}")
    is_clean(ann)
    for view in ("Ladder", "Timing", "Hex"):
        wire(ann).get_by_role("button", name=view).click()
        is_clean(ann)
    ann.goto("/mail/")
    letter = ann.locator(".rows a", has_text=f"clean {scheme}").first
    letter.click()
    expect(ann.locator("#read .text")).to_contain_text("How are you?")
    is_clean(ann)
    ann.goto("/mail/compose/")
    is_clean(ann)
    ann.goto("/transcripts/?protocol=smtp")
    is_clean(ann)
    ann.locator(".transcripts a.what").first.click()
    ann.locator(".lines.whole li.c").first.click()
    is_clean(ann)
    ann.goto(ann.url.split("#")[0] + "/project#L5")
    is_clean(ann)

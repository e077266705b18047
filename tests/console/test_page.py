"""The console as a person meets it, in chromium: typed by keyboard alone, in both themes, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.chromium import is_clean, sign_in, unreached
from tests.console.test_by_hand import PRINTED
from transcripts.models import Transcript

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def line(page, text):
    return page.locator("#con-lines li code", has_text=text)


def enter(page, *lines):
    for text in lines:
        page.keyboard.type(text)
        page.keyboard.press("Enter")


def test_the_courses_letter_is_typed_and_its_reader_gets_it(tab, lab, ann):
    lab.person("friend")
    sign_in(tab, "ann")
    tab.goto("/console/?server=smtp")
    tab.get_by_role("button", name="Connect").press("Enter")
    expect(line(tab, "220")).to_be_visible()
    enter(tab, *PRINTED)
    expect(tab.get_by_text("The server waits for a line with a lone dot")).to_be_visible()
    enter(tab, ".", "QUIT")
    expect(line(tab, "221")).to_be_visible()
    expect(tab.get_by_role("status").first).to_have_text("Not connected")
    assert b"This is a test." in lab.inbox("friend")[0]
    row = Transcript.objects.get()
    assert row.cause == "Typed by hand" and row.conversation.origin == "typed"
    tab.get_by_role("link", name="Transcript", exact=True).click()
    expect(tab.locator(".lines.whole li").first).to_be_visible()


def test_backspace_never_reaches_the_wire_and_history_and_tab_complete(tab, ann):
    sign_in(tab, "ann")
    tab.goto("/console/?server=smtp&send=EHLX")
    tab.get_by_role("button", name="Connect").click()
    expect(line(tab, "220")).to_be_visible()
    tab.keyboard.press("Backspace")
    enter(tab, "O me.example")
    expect(line(tab, "250 ").last).to_be_visible()
    expect(line(tab, "EHLO me.example")).to_have_count(1)
    tab.keyboard.type("NO")
    tab.keyboard.press("Tab")
    expect(tab.get_by_label("Line to send")).to_have_value("NOOP")
    expect(tab.locator("#con-syntax")).to_contain_text("NOOP")
    tab.keyboard.press("ArrowUp")
    expect(tab.get_by_label("Line to send")).to_have_value("EHLO me.example")
    tab.keyboard.press("ArrowDown")
    expect(tab.get_by_label("Line to send")).to_have_value("NOOP")
    tab.get_by_role("button", name="Hints").click()
    expect(tab.locator("#con-hints")).to_be_hidden()
    tab.get_by_label("Line to send").press("Control+c")
    expect(tab.get_by_role("status").first).to_have_text("Not connected")
    enter(tab, "")
    expect(tab.get_by_role("alert")).to_contain_text("press Connect first")
    expect(tab.get_by_label("Line to send")).to_have_value("NOOP")
    tab.goto("/console/?server=imap")
    tab.get_by_role("button", name="Hints").click()
    tab.get_by_role("button", name="Connect").click()
    tab.locator("#con-chips").get_by_role("button", name="LOGIN", exact=True).click()
    expect(tab.get_by_label("Line to send")).to_have_value("a1 LOGIN ")
    tab.locator("#con-chips").get_by_role("button", name="CAPABILITY", exact=True).click()
    expect(tab.get_by_label("Line to send")).to_have_value("a1 CAPABILITY")
    tab.keyboard.press("Enter")
    expect(line(tab, "a1 OK")).to_be_visible()
    tab.keyboard.type("a2 unsel")
    tab.keyboard.press("Tab")
    expect(tab.get_by_label("Line to send")).to_have_value("a2 UNSELECT")
    tab.get_by_label("Line to send").fill("a2 s")
    tab.keyboard.press("Tab")
    expect(tab.get_by_label("Line to send")).to_be_focused()
    tab.keyboard.press("Escape")
    tab.keyboard.press("Tab")
    expect(tab.get_by_label("Line end")).to_be_focused()
    tab.get_by_label("Line to send").fill("")
    assert unreached(tab) == []


def test_lines_that_are_pasted_wait_for_enter_or_go_all(tab, ann):
    sign_in(tab, "ann")
    tab.goto("/console/?server=pop3")
    tab.get_by_role("button", name="Connect").click()
    expect(line(tab, "+OK")).to_be_visible()
    tab.evaluate("navigator.clipboard.writeText('CAPA\\r\\nNOOP\\r\\nUSER ann\\r\\n')")
    tab.get_by_label("Line to send").press("Control+v")
    expect(tab.get_by_text("3 lines wait")).to_be_visible()
    tab.keyboard.press("Enter")
    expect(line(tab, "CAPA")).not_to_have_count(0)
    expect(tab.get_by_label("Line to send")).to_have_value("NOOP")
    tab.get_by_role("button", name="Send all").click()
    expect(line(tab, "USER ann")).to_be_visible()
    expect(tab.locator("#con-queue")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_no_width_overflows(tab, ann, theme):
    ann.theme = theme
    ann.save()
    sign_in(tab, "ann")
    tab.goto("/console/")
    is_clean(tab)
    tab.goto("/console/?server=smtp&send=HELO%20x%0ADATA%0AQUIT")
    tab.get_by_role("button", name="Connect").click()
    expect(line(tab, "220")).to_be_visible()
    tab.get_by_role("button", name="Send all").click()
    expect(line(tab, "221")).to_be_visible()
    is_clean(tab)
    for width in (390, 800, 1400):
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        # A server's whole name can be read, on a phone as well.
        assert tab.locator("#con-server").bounding_box()["width"] >= min(width * 0.9, 190)
    is_clean(tab)


def test_html_in_a_line_is_shown_as_text(tab, ann):
    sign_in(tab, "ann")
    tab.goto("/console/?server=smtp")
    tab.get_by_role("button", name="Connect").click()
    expect(line(tab, "220")).to_be_visible()
    enter(tab, "HELO <img src=x onerror=alert(1)>")
    expect(line(tab, "HELO")).to_contain_text("<img src=x onerror=alert(1)>")
    assert tab.locator("#con-lines img").count() == 0


def test_a_telnet_address_of_nobody_is_told_and_others_are_offered(tab, ann):
    sign_in(tab, "ann")
    tab.goto("/console/?url=telnet://evil.example:25")
    expect(tab.get_by_role("alert").first).to_contain_text("evil.example:25 is no server")
    expect(tab.locator("#con-server option")).not_to_have_count(0)


def test_more_lines_than_anybody_reads_leave_a_page_that_is_bounded(tab, ann):
    sign_in(tab, "ann")
    tab.goto("/console/")
    drawn = tab.evaluate("""async () => {
        const { Screen } = await import("/static/console/screen.js");
        const root = document.querySelector("#console"), screen = new Screen(root, root.dataset, () => {});
        const list = root.querySelector("#con-lines"), told = [];
        const item = (id, text) => ({
            id, who: "S", kind: "text", at: "0.1", tls: true, end: "CR LF", outcome: "", known: true, text: "",
            badge: "", cut: 0, details: [], refs: [], pieces: [["text", text], ["control", "00"]],
        });
        const many = (count, text) => {
            for (let at = 0; at < count; at += 4000) {
                screen.add(Array.from({ length: 4000 }, (_, n) => item(at + n, text)), 0);
            }
        };
        many(12000, "250 line");
        told.push(list.children.length, list.firstElementChild.textContent, list.lastElementChild.dataset.id);
        many(4000, "x".repeat(4096));
        told.push(list.textContent.length, list.querySelectorAll("*").length);
        return told;
    }""")
    lines, first, last, signs, elements = drawn
    assert lines <= 4001 and first == "Earlier lines stand in the transcript." and last == "11999"
    assert signs < 3_000_000 and elements < 60_000


def test_a_second_connections_secret_is_shown_in_its_own_line_only(tab, ann):
    sign_in(tab, "ann")
    tab.goto("/console/?server=pop3")
    for secret in ("first-secret", "other-secret"):
        tab.get_by_role("button", name="Connect").click()
        expect(tab.locator("#con-status")).to_contain_text("Connected to")
        enter(tab, "USER ann", f"PASS {secret}")
        expect(line(tab, "-ERR").last).to_be_visible()
        expect(tab.get_by_role("button", name="hidden, 12 bytes")).to_have_count(1)
        tab.get_by_role("button", name="Close", exact=True).click()
        expect(tab.locator("#con-status")).to_have_text("Not connected")
        tab.evaluate("document.querySelector('#con-input').focus()")
    expect(tab.locator("#con-lines .chip", has_text="hidden, 12 bytes")).to_have_count(1)


def test_lines_inside_tls_carry_the_lock_of_the_house(tab, ann):
    sign_in(tab, "ann")
    tab.set_viewport_size({"width": 390, "height": 800})
    tab.goto("/console/?server=imap&send=a1%20NOOP")
    tab.get_by_label("Security").select_option("tls")
    tab.get_by_role("button", name="Connect").click()
    expect(line(tab, "* OK")).to_be_visible()
    marked = tab.locator("#con-lines li", has_text="* OK").locator(".marks use").first
    assert marked.get_attribute("href").endswith("icons.svg#lock")
    # On a phone a line is as wide as the screen allows: number, speaker, words, and the meaning below.
    code = line(tab, "* OK").bounding_box()
    assert code["x"] < 80 and code["width"] > 100


def test_on_a_phone_the_last_line_stays_in_sight_and_what_is_known_of_it_waits_for_a_tap(tab, lab, ann):
    lab.person("friend")
    sign_in(tab, "ann")
    tab.set_viewport_size({"width": 390, "height": 700})
    tab.goto("/console/?server=smtp")
    tab.get_by_role("button", name="Connect").click()
    expect(line(tab, "220")).to_be_visible()
    for typed in PRINTED[:6]:
        enter(tab, typed)
        expect(tab.locator("#con-lines > li.c", has_text=typed)).to_have_count(1)
    expect(tab.get_by_text("The server waits for a line with a lone dot")).to_be_visible()
    expect(tab.locator("#con-lines > li").last).to_be_in_viewport()
    expect(tab.locator("#con-new")).to_be_hidden()
    answer = tab.locator("#con-lines > li.s", has_text="354")
    more = answer.locator(".more")
    expect(more).to_be_hidden()
    answer.locator("code").click()
    expect(more).to_contain_text("RFC 5321")
    tab.locator("#con-screen").evaluate("(box) => { box.scrollTop = 0; }")
    tab.get_by_label("Line to send").focus()
    enter(tab, PRINTED[6])
    expect(tab.locator("#con-new")).to_have_text("New lines: 1")

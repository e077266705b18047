"""The first letter without a mouse: sign in, write, attach, send, watch, open, answer; no trap, and focus is seen."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.story.conftest import PASSWORD

SEEN = """() => {
  const one = document.activeElement, looks = getComputedStyle(one);
  if (one === document.body) return { name: "", marked: true };
  const label = one.matches("input[type=file]") && one.parentElement.querySelector("label");
  const ringed = (part) => getComputedStyle(part).boxShadow !== "none";
  const marked = one.matches("input, textarea, select") || ringed(one) || looks.outlineStyle !== "none";
  const words = one.id || one.className || one.textContent.trim().slice(0, 30);
  return { name: `${one.tagName} ${words}`, marked: marked || Boolean(label && ringed(label)) };
}"""


def tab_to(tab: Page, name: str, most: int = 60) -> None:
    """Press Tab until the control called ``name`` has the focus; each stop on the way is seen."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        stop = tab.evaluate(SEEN)
        assert stop["marked"] or not stop["name"], f"focus is not seen at {stop['name']}"
        words = tab.evaluate(
            "() => { const one = document.activeElement;"
            " return one.labels?.[0]?.textContent || one.getAttribute('aria-label') || one.textContent; }"
        )
        if re.search(name, words.strip()):
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_a_first_letter_needs_no_mouse(lab, chromium, tmp_path):
    file = tmp_path / "poem.txt"
    file.write_text("roses are red")
    context = chromium.new_context(base_url=f"http://localhost:{lab.web}", locale="en")
    ann = context.new_page()
    ann.set_default_timeout(20_000)
    ann.goto("/")
    expect(ann.get_by_label("User name")).to_be_focused()
    ann.keyboard.type("ann")
    ann.keyboard.press("Tab")
    ann.keyboard.type(PASSWORD)
    ann.keyboard.press("Enter")
    ann.wait_for_url(f"http://localhost:{lab.web}/")
    expect(ann.get_by_role("region", name="Wire")).to_be_visible()
    tab_to(ann, r"^Mail\d*$")
    ann.keyboard.press("Enter")
    ann.wait_for_url("**/mail/**")
    ann.keyboard.press("c")
    expect(ann.get_by_label("To", exact=True)).to_be_focused()
    ann.keyboard.type("ann@lab.test")
    tab_to(ann, "^Subject$")
    ann.keyboard.type("without a mouse")
    tab_to(ann, "^Message$")
    ann.keyboard.type("typed")
    for _ in range(40):
        ann.keyboard.press("Shift+Tab")
        if ann.evaluate("() => document.activeElement.id") == "files":
            break
    with ann.expect_file_chooser() as chosen:
        ann.keyboard.press("Space")
    chosen.value.set_files(file)
    expect(ann.get_by_role("button", name="Remove poem.txt")).to_be_visible()
    ann.get_by_label("Message").focus()
    ann.keyboard.press("Control+Enter")
    expect(ann.locator("#outgoing").get_by_text("Sent.")).to_be_visible()
    wire = ann.get_by_role("region", name="Wire")
    expect(wire.locator(".dock-pane:visible li").last).to_contain_text("closed the connection")

    tab_to(ann, "^SMTP Send", 90)
    ann.keyboard.press("Tab")
    tab_to(ann, "SMTP", 30)
    ann.keyboard.press("ArrowDown")
    expect(wire.locator(".dock-pane:visible li.here")).to_be_focused()
    ann.keyboard.press("ArrowDown")
    expect(wire.get_by_role("link", name=re.compile("RFC")).first).to_be_visible()
    ann.keyboard.press("w")
    expect(wire.locator(".dock-body")).to_be_hidden()

    ann.goto("/mail/")
    letter = ann.locator(".rows a", has_text="without a mouse").first
    expect(letter).to_be_visible()
    ann.keyboard.press("j")
    expect(ann.locator("#read .text")).to_contain_text("typed")
    ann.keyboard.press("r")
    expect(ann.get_by_label("Message")).to_have_value(re.compile("> typed"))
    context.close()


def test_tab_goes_round_and_escape_shuts(person):
    ann = person("ann")
    ann.goto("/mail/compose/")
    first = None
    for _ in range(120):
        ann.keyboard.press("Tab")
        name = ann.evaluate(SEEN)["name"]
        first = first or name
        if name in ("", first) and _:
            break
    else:
        raise AssertionError("Tab does not come round")
    ann.get_by_role("button", name="Your account, ann").focus()
    ann.keyboard.press("Enter")
    menu = ann.locator("#who-menu")
    expect(menu).to_be_visible()
    ann.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(ann.get_by_role("button", name="Your account, ann")).to_be_focused()
    ann.keyboard.press("?")
    keys = ann.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    ann.keyboard.press("Escape")
    expect(keys).to_be_hidden()

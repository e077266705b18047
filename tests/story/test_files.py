"""Files in a browser: what is dropped goes up, empty folders too; rows are dragged, renamed, deleted."""

from __future__ import annotations

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Route, expect

NAMES = ("notes", "notes.txt", "2026/Ảnh lớp 100%.png", "2026/q'uote d.dat")


def clean(tab) -> None:
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(tab).response["violations"]]
    assert not found, found


def drop(tab, *paths) -> None:
    """Drop files and folders of this machine onto the list, as a file manager's window does."""
    box = tab.locator("#drop").bounding_box()
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    held = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    browser = tab.context.new_cdp_session(tab)
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, **where, "data": held})
        if kind == "dragOver":
            expect(tab.locator("#drop.over")).to_be_visible()


def renamed_in_its_row(tab) -> None:
    """By the button and by keys: what is wrong is told in the row, Escape gives up, Enter keeps."""
    tab.get_by_role("button", name="Rename", exact=True).click()
    field = tab.get_by_label("New name of notes.txt")
    expect(field).to_be_focused()
    assert field.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == "notes"
    clean(tab)
    held: list[Route] = []  # putting a failure aside takes a while here: the next name does not wait for it
    tab.route("**/files/job/**", lambda route: held.append(route))
    for bad, told in (("a/b", "holds no slash"), ("notes", "has that name already")):
        field.fill(bad)
        field.press("Enter")
        expect(tab.locator(".renaming [role=alert]")).to_contain_text(told)
        expect(field).to_have_value(bad)
    expect(tab.locator("#jobs .error")).to_have_count(0)
    field.press("Escape")
    row = tab.locator(".entry", has_text="notes.txt")
    expect(row).to_be_focused()
    row.press("F2")
    tab.get_by_role("link", name="2026").click()  # who goes elsewhere gives up too
    expect(tab.locator("#files[data-path='/photos/2026']")).to_be_visible()
    tab.locator("tr.parent .entry").click()
    row.press("F2")
    field.fill("Ghi chú.txt")
    field.press("Enter")
    expect(tab.locator(".entry", has_text="Ghi chú.txt")).to_be_focused()
    expect(tab.get_by_label("Choose Ghi chú.txt")).to_be_checked()
    for route in held:
        route.continue_()
    tab.unroute("**/files/job/**")


def left_while_it_was_asked_for(tab) -> None:
    """News that is on its way for a list which is left meanwhile stops no later news."""
    browser, held = tab.context.new_cdp_session(tab), []
    browser.on("Fetch.requestPaused", lambda paused: held.append(paused["requestId"]))
    # Whichever news is held first: one that is on its way already makes the page keep ours back.
    with tab.expect_request("**known=1**"):
        browser.send("Fetch.enable", {"patterns": [{"urlPattern": "*known=1*"}]})
        # Again and again: a list that came just now hears nothing until htmx has taken it up.
        tab.evaluate("window.asks = setInterval(() => htmx.trigger(document.body, 'files-list'), 100)")
    tab.evaluate("clearInterval(window.asks)")
    tab.get_by_role("link", name="trống").click()
    expect(tab.locator("#files[data-path='/photos/trống']")).to_be_visible()
    browser.send("Fetch.disable")
    with tab.expect_request(lambda sent: "known=1" in sent.url and "tr%E1" in sent.url):
        tab.get_by_role("button", name="Refresh").click()


def dragged(tab, name: str, onto: str) -> None:
    """Drag a row to a place, as a hand does: it comes over the place and stays a moment before it lets go.

    (The browser drops only where a move before said that it may; ``drag_to`` moves once and lets go at once.)
    """
    tab.locator("tr", has_text=name).locator(".entry").hover()
    tab.mouse.down()
    tab.locator(onto).hover()
    tab.locator(onto).hover(position={"x": 5, "y": 5})
    expect(tab.locator(".onto")).to_have_count(1)
    tab.mouse.up()


def test_a_dropped_folder_is_put_in_order(person, tmp_path):
    for name in NAMES:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(3000))
    (tmp_path / "photos" / "trống" / "inner").mkdir(parents=True)
    (tmp_path / "alone.txt").write_bytes(b"alone")
    tab = person("ben")
    tab.goto("/files/")
    expect(tab.get_by_text("This folder is empty")).to_be_visible()
    drop(tab, tmp_path / "photos", tmp_path / "alone.txt")
    expect(tab.locator("#queue li.done")).to_have_count(len(NAMES) + 1)
    expect(tab.locator(".entry", has_text="alone.txt")).to_be_visible()
    dragged(tab, "alone.txt", ".entry[data-folder='photos']")
    expect(tab.locator(".entry", has_text="alone.txt")).to_have_count(0)
    tab.get_by_role("link", name="photos").click()
    for name in ("2026", "trống"):
        expect(tab.locator(f".entry[data-folder='{name}']")).to_be_visible()
    dragged(tab, "alone.txt", "tr.parent .entry")
    expect(tab.locator(".entry", has_text="alone.txt")).to_have_count(0)
    tab.get_by_label("Choose notes.txt").check()
    renamed_in_its_row(tab)
    tab.get_by_role("button", name="Undo").first.click()
    expect(tab.locator(".entry", has_text="notes.txt")).to_be_visible()
    left_while_it_was_asked_for(tab)
    expect(tab.locator(".entry[data-folder='inner']")).to_be_visible()
    tab.goto("/files/")
    expect(tab.locator(".entry", has_text="alone.txt")).to_be_visible()
    tab.get_by_label("Choose all on this page").check()
    tab.keyboard.press("Delete")
    expect(tab.get_by_text("1 folder goes with everything that is in it.")).to_be_visible()
    tab.locator("#dialog").get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("This folder is empty")).to_be_visible()
    clean(tab)


@pytest.mark.parametrize("width", [390, 800, 1400])
def test_the_room_fits_every_width(person, width):
    tab = person("tom", viewport={"width": width, "height": 900})
    tab.goto("/files/")
    expect(tab.locator("#files footer")).to_be_visible()
    assert tab.locator(".files").evaluate("room => room.scrollWidth <= room.clientWidth")
    clean(tab)

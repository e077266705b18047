"""Ann's afternoon with files: a folder goes up, is looked through and put in order; then the course's own session."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

NAMES = ("notes", "notes.txt", "2026/Ảnh lớp 100%.png", "2026/q'uote d.dat")


def clean(tab) -> None:
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(tab).response["violations"]]
    assert not found, found


def line(tab, text: str, then: str = "ftp>") -> None:
    field = tab.locator("#line-input")
    field.fill(text)
    field.press("Enter")
    expect(tab.locator("#line-prompt")).to_have_text(re.compile(f"^{re.escape(then)}"))


def digest(path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_folder_goes_up_and_is_put_in_order(person, tmp_path):
    for name in NAMES:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(300_000))
    tab = person("ann")
    tab.goto("/files/")
    expect(tab.get_by_text("This folder is empty")).to_be_visible()
    tab.set_input_files("#choose-folder", tmp_path / "photos")
    expect(tab.locator("#queue li.done")).to_have_count(len(NAMES))
    clean(tab)
    tab.get_by_role("link", name="photos").click()
    expect(tab.locator(".entries .entry[data-folder='2026']")).to_be_visible()
    connected = tab.get_by_text(re.compile("Data connection [0-9]+: we .* connected to the server"))
    expect(connected.locator("visible=true").first).to_be_visible()
    with tab.expect_download() as saved:
        tab.get_by_label("Choose notes.txt").check()
        tab.get_by_role("button", name="Download", exact=True).click()
    assert digest(saved.value.path()) == digest(tmp_path / "photos" / "notes.txt")
    assert saved.value.suggested_filename == "notes.txt"
    tab.get_by_role("button", name="Rename", exact=True).click()
    clean(tab)
    tab.get_by_label("New name").fill("Ghi chú.txt")
    tab.locator("#dialog").get_by_role("button", name="Rename").click()
    expect(tab.locator(".entry", has_text="Ghi chú.txt")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator(".entry", has_text="notes.txt")).to_be_visible()
    tab.goto("/files/")
    tab.get_by_label("Choose photos").check()
    tab.keyboard.press("Delete")
    expect(tab.get_by_text("1 folder goes with everything that is in it.")).to_be_visible()
    tab.locator("#dialog").get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("This folder is empty")).to_be_visible()
    clean(tab)


def test_the_courses_session_runs_in_the_command_line(person, tmp_path):
    tab = person("ben")
    tab.goto("/files/")
    line(tab, "open ftp.vnd.net", "Name:")
    line(tab, "anonymous", "Password:")
    assert tab.locator("#line-input").get_attribute("type") == "password"
    line(tab, "ben@lab.test")
    line(tab, "dir")
    for name in ("sendmail-7.5", "tcp-wrapper", "innd", "project.dat"):
        expect(tab.locator(".screen")).to_contain_text(name)
    with tab.expect_download() as saved:
        line(tab, "get project.dat")
    assert saved.value.suggested_filename == "project.dat" and Path(saved.value.path()).stat().st_size
    line(tab, "prompt")
    names: list[str] = []
    tab.on("download", lambda download: names.append(download.suggested_filename))
    line(tab, "mget *.dat")
    expect(tab.locator(".screen .said", has_text="RETR")).to_have_count(len(names) + 1)
    assert len(names) > 2 and all(name.endswith(".dat") for name in names)
    clean(tab)
    line(tab, "quit")
    expect(tab.locator(".screen .reply").last).to_have_text("221 Goodbye.")
    assert "ben@lab.test" not in tab.locator(".screen").inner_text()
    expect(tab.locator(".dock")).to_contain_text("Command line")


@pytest.mark.parametrize("width", [390, 800, 1400])
def test_the_room_fits_every_width(person, width):
    tab = person("tom", viewport={"width": width, "height": 900})
    tab.goto("/files/")
    expect(tab.locator("#files footer")).to_be_visible()
    assert tab.locator(".files").evaluate("room => room.scrollWidth <= room.clientWidth")
    clean(tab)

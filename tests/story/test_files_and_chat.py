"""An afternoon: a folder goes up, the course's session with mget, a talk that goes on while one of two is away.

All of it is followed in the dock, live, and no line of it is left without an explanation: neither one that is shown
(``followed``), nor one that the lab recorded at all (``tests.explained`` reads its database at the end).
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

NAMES = ("notes", "notes.txt", "2026/Ảnh lớp 100%.png", "2026/q'uote d.dat")


def clean(tab: Page) -> None:
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(tab).response["violations"]]
    assert not found, found


def digest(path: object) -> str:
    return hashlib.sha256(Path(str(path)).read_bytes()).hexdigest()


def line(tab: Page, text: str, then: str = "ftp>") -> None:
    field = tab.locator("#line-input")
    field.fill(text)
    field.press("Enter")
    expect(tab.locator("#line-prompt")).to_have_text(re.compile(f"^{re.escape(then)}"))


def followed(tab: Page, *said: str) -> None:
    """The dock has shown these lines while they were said, and explains every line that it shows."""
    dock = tab.get_by_role("region", name="Wire")
    for text in said:
        expect(dock.locator(".dock-panes li > code").filter(has_text=text).first).to_be_attached()
    # An event's own words are its explanation; every other line has a sentence beside it.
    lines = dock.locator(".dock-panes li:not(.e)").evaluate_all(
        "all => all.map(one => [one.querySelector('code').textContent, one.querySelector(':scope > p').textContent])"
    )
    assert lines and all(told.strip() and "Nothing is known" not in told for _text, told in lines), lines


def enter(tab: Page) -> None:
    tab.goto("/chat/")
    # Which of a person's channels stands open first depends on which was joined first: #lab or the class's own.
    tab.locator("#networks [data-open]", has_text="#lab").click()
    expect(tab.get_by_role("heading", name="#lab")).to_be_visible()
    expect(tab.get_by_role("button", name="Leave")).to_be_visible()


def say(tab: Page, text: str) -> None:
    tab.get_by_label("Message", exact=True).fill(text)
    tab.get_by_label("Message", exact=True).press("Enter")


def test_a_folder_goes_up_files_come_down_and_a_talk_goes_on_while_one_is_away(person, tmp_path):
    ann = person("ann")
    a_folder_goes_up(ann, tmp_path / "photos")
    the_courses_session(ann)
    two_people_talk(ann, person("ben"))


def a_folder_goes_up(tab: Page, folder: Path) -> None:
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(300_000))
    tab.goto("/files/")
    expect(tab.locator("#files footer")).to_contain_text("as of")
    tab.set_input_files("#choose-folder", folder)
    expect(tab.locator("#queue li.done")).to_have_count(len(NAMES))
    clean(tab)
    followed(tab, "MKD", "STOR", "226", "RNTO")
    tab.get_by_role("link", name="photos").click()
    expect(tab.locator(".entries .entry[data-folder='2026']")).to_be_visible()
    connected = tab.get_by_text(re.compile("Data connection [0-9]+: we .* connected to the server"))
    expect(connected.locator("visible=true").first).to_be_visible()
    for name in ("notes.txt", "notes"):
        with tab.expect_download() as saved:
            tab.get_by_label(f"Choose {name}", exact=True).check()
            tab.get_by_role("button", name="Download", exact=True).click()
        assert digest(saved.value.path()) == digest(folder / name)
        assert saved.value.suggested_filename == name
        tab.get_by_label(f"Choose {name}", exact=True).uncheck()


def the_courses_session(tab: Page) -> None:
    tab.get_by_role("tab", name="Command line").click()
    line(tab, "open ftp.vnd.net", "Name:")
    line(tab, "anonymous", "Password:")
    assert tab.locator("#line-input").get_attribute("type") == "password"
    line(tab, "ann@lab.test")
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
    assert "ann@lab.test" not in tab.locator(".screen").inner_text()
    expect(tab.locator(".dock")).to_contain_text("Command line")
    followed(tab, "USER anonymous", "NLST", "RETR project.dat", "221 Goodbye.")


def two_people_talk(ann: Page, ben: Page) -> None:
    enter(ann)
    enter(ben)
    say(ann, "Hello Ben, <b>this</b> is <script>alert(1)</script>")
    expect(ben.locator("#said .line", has_text="<script>alert(1)</script>")).to_have_count(1)
    expect(ben.locator("#said script, #said .x b")).to_have_count(0)
    followed(ann, "PRIVMSG #lab")
    followed(ben, "PRIVMSG #lab")
    context = ann.context
    ann.close()
    for number in range(3):
        say(ben, f"While you were away, {number}")
    say(ben, "/me waves to ann")
    expect(ben.locator("#said .line.action").last).to_contain_text("waves to ann")
    again = context.new_page()
    again.set_default_timeout(20_000)
    enter(again)
    for number in range(3):
        expect(again.locator("#said .line", has_text=f"While you were away, {number}")).to_have_count(1)
    expect(again.locator("#unread-mark")).to_be_visible()
    expect(again.locator("#said .line.named").last).to_contain_text("waves to ann")
    expect(again.locator("#said .nick").first).to_have_attribute("tabindex", "-1")
    say(again, "Back, and I have read it all")
    expect(ben.locator("#said .line", has_text="I have read it all")).to_have_count(1)
    clean(again)

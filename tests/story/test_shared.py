"""What a person shows to the class and takes back, and a letter of which nobody knows: decided by its writer."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.netlab.between import Between
from tests.netlab.test_lab import Lab
from tests.story.conftest import PASSWORD
from tests.story.test_dock import is_clean, write


def is_clean_in_both(tab: Page) -> None:
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        is_clean(tab)


def test_a_dialogue_is_shown_to_the_class_projected_exported_and_taken_back(person):
    ann = person("ann")
    address = write(ann, subject="for the class").get_attribute("data-url")
    ann.goto(address)
    ann.locator("summary", has_text="Share").click()
    ann.get_by_role("button", name="Share with").click()
    expect(ann.get_by_text("and so does the whole class")).to_be_visible()
    is_clean_in_both(ann)
    with ann.expect_download() as saved:
        ann.get_by_role("link", name="Export").click()
    text = Path(saved.value.path()).read_text()
    assert "\nC: rcpt TO:<ben@lab.test>\n" in text and "[hidden" in text and PASSWORD not in text

    ben = person("ben")
    ben.goto("/transcripts/")
    shared = ben.get_by_label("Whose").locator("option", has_text="Shared with").first
    ben.get_by_label("Whose").select_option(shared.get_attribute("value"))
    ben.get_by_role("button", name="Filter").click()
    ben.get_by_role("link", name=re.compile("for the class")).click()
    letter = ben.locator("details[data-body]").first
    letter.locator("summary").click()
    expect(letter.locator("pre")).to_contain_text("How are you?")
    expect(ben.get_by_role("button", name="Take back")).to_have_count(0)
    ben.get_by_role("link", name="Projector").click()
    ben.wait_for_load_state()  # its script is a module: it listens once the page is there
    ben.keyboard.press("ArrowDown")
    expect(ben.locator(".projector li.here")).to_have_attribute("data-number", "1")
    ben.keyboard.press("ArrowDown")
    expect(ben.locator(".projector li.here > p")).to_be_visible()
    is_clean_in_both(ben)

    tom = person("tom")
    tom.get_by_role("link", name="Class", exact=True).click()
    is_clean_in_both(tom)
    tom.get_by_role("link", name="Transcripts shared with this class").click()
    expect(tom.get_by_role("link", name=re.compile("for the class"))).to_be_visible()
    is_clean_in_both(tom)

    ann.get_by_role("button", name="Take back").click()
    expect(ann.get_by_text("You see this whole.")).to_be_visible()
    assert ben.request.get(address).status == 404
    tom.reload()
    expect(tom.get_by_role("link", name=re.compile("for the class"))).to_have_count(0)


@pytest.fixture
def between(lab: Lab) -> Iterator[Between]:
    """A door that can cut the line in front of the lab's SMTP server; the worker goes through it meanwhile."""
    port = int(lab.environment["NETLAB_SMTP_PORT"])
    door = Between(port)
    _reach(lab, door.port, "plain")
    yield door
    _reach(lab, port, "starttls")
    door.stop()


def _reach(lab: Lab, port: int, security: str) -> None:
    statement = "UPDATE accounts_server SET port = ?, security = ? WHERE protocol = 'smtp'"
    place = Path(lab.environment["NETLAB_DATA"]) / "netlab.sqlite3"
    with closing(sqlite3.connect(place, timeout=20)) as database, database:
        database.execute(statement, (port, security))


def test_a_letter_of_which_nobody_knows_is_decided_by_its_writer(person, between):
    ann = person("ann")
    between.strike(".", lambda: None)
    ann.goto("/mail/compose/")
    ann.get_by_label("To", exact=True).fill("ben@lab.test")
    ann.get_by_label("Subject").fill("lost on the way")
    ann.get_by_role("button", name="Send").click()
    out = ann.locator("#outgoing")
    expect(out.get_by_text("Nobody can know whether it arrived.").first).to_be_visible()
    expect(out.get_by_role("button", name="It did not: send again")).to_be_visible()
    expect(ann.get_by_role("region", name="Wire").locator(".dock-pane:visible li").last).to_contain_text(
        re.compile("closed the connection|connection ended")
    )
    is_clean_in_both(ann)
    ann.get_by_role("link", name="Mail", exact=True).click()
    ann.get_by_role("link", name="lost on the way").click()
    arrived = ann.get_by_role("button", name="It arrived: mark as sent")
    arrived.focus()
    ann.keyboard.press("Enter")
    expect(ann.locator("#outgoing")).to_contain_text("as you decided")
    expect(ann.locator("#outgoing").get_by_text("Sent.")).to_be_visible()
    assert between.letters == 1

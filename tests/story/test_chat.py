"""Two people talk; one closes the tab, the other goes on; the first comes back and reads all that was said."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


def clean(tab) -> None:
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(tab).response["violations"]]
    assert not found, found


def enter(tab) -> None:
    tab.goto("/chat/")
    expect(tab.get_by_role("heading", name="#lab")).to_be_visible()
    expect(tab.get_by_role("button", name="Leave")).to_be_visible()


def say(tab, text: str) -> None:
    tab.get_by_label("Message", exact=True).fill(text)
    tab.get_by_label("Message", exact=True).press("Enter")


def test_two_people_talk_and_who_closes_the_tab_comes_back_and_reads_all(person):
    ann, ben = person("ann"), person("ben")
    enter(ann)
    enter(ben)
    say(ann, "Hello Ben, <b>this</b> is <script>alert(1)</script>")
    heard = ben.locator("#said .line", has_text="<script>alert(1)</script>")
    expect(heard).to_have_count(1)
    expect(ben.locator("#said script, #said .x b")).to_have_count(0)
    expect(ann.locator(".dock .lines")).to_contain_text("PRIVMSG #lab")
    ann.goto("/")
    for number in range(3):
        say(ben, f"While you were away, {number}")
    say(ben, "/me waves to ann")
    expect(ben.locator("#said .line.action")).to_contain_text("waves to ann")
    enter(ann)
    for number in range(3):
        expect(ann.locator("#said .line", has_text=f"While you were away, {number}")).to_have_count(1)
    expect(ann.locator("#unread-mark")).to_be_visible()
    expect(ann.locator("#said .line.named")).to_contain_text("waves to ann")
    clean(ann)


def test_a_channel_is_joined_a_topic_set_and_a_word_that_is_none_stays_in_the_box(person):
    ann = person("ann")
    enter(ann)
    say(ann, "/join #course")
    expect(ann.get_by_role("heading", name="#course")).to_be_visible()
    say(ann, "/topic IRC by hand")
    expect(ann.locator("#talk-topic")).to_have_text("IRC by hand")
    expect(ann.locator("#members")).to_contain_text("ann")
    say(ann, "/nosuch thing")
    expect(ann.locator("#pending")).to_contain_text("There is no command /nosuch")
    expect(ann.get_by_label("Message", exact=True)).to_have_value("/nosuch thing")
    clean(ann)
    ann.get_by_role("button", name="All channels").click()
    expect(ann.locator("#list-rows")).to_contain_text("#course")
    clean(ann)

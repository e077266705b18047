"""The first letter: ann writes to ben, both watch the wire while it happens, nobody reloads a page."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

WATCH = """() => {
    // What the person sees, in the order in which it comes: lines of the dock, and the letter's state.
    window.seen = [];
    const look = () => {
        for (const line of document.querySelectorAll(".dock .lines li q")) if (!line.noted) {
            line.noted = true;
            window.seen.push(line.textContent + " " + line.parentElement.querySelector("code").textContent);
        }
        const state = document.querySelector("#outgoing .outcome")?.textContent.trim();
        if (state && state !== window.seen.state) { window.seen.state = state; window.seen.push("state: " + state); }
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def wire(tab: Page):
    return tab.get_by_role("region", name="Wire")


def compose(tab: Page, to: str, subject: str, text: str) -> None:
    tab.get_by_role("link", name="Mail", exact=True).click()
    # The list has one as well, for phones: it is in sight until the style sheet has come.
    tab.get_by_role("link", name="Compose").first.click()
    tab.get_by_label("To", exact=True).fill(to)
    tab.get_by_label("Subject").fill(subject)
    tab.get_by_label("Message").fill(text)


def test_ann_writes_to_ben_and_both_see_their_protocols_run(person, tmp_path):
    ann, ben = person("ann"), person("ben")
    ben.get_by_role("link", name="Mail", exact=True).click()
    expect(ben.get_by_role("link", name="Inbox")).to_be_visible()

    picture = tmp_path / "tin can.bin"
    picture.write_bytes(bytes(range(256)) * 4096)
    compose(ann, "ben@lab.test", "Tin can telephone", "Hello Ben, do you hear me?")
    ann.get_by_label("Attach").set_input_files(picture)
    expect(ann.get_by_text("tin can.bin")).to_be_visible()
    ann.evaluate(WATCH)
    ann.get_by_role("button", name="Send").click()

    dock = wire(ann)
    expect(dock.get_by_role("tab", name="SMTP Send")).to_have_attribute("aria-selected", "true")
    for speaker, said in (
        ("S:", "220 "),
        ("C:", "ehlo"),
        ("C:", "MAIL FROM:<ann@lab.test>"),
        ("C:", "RCPT TO:<ben@lab.test>"),
        ("S:", "354"),
        ("S:", "250"),
    ):
        expect(
            dock.get_by_role("listitem")
            .filter(has_text=re.compile(f"{speaker}\\s*{re.escape(said)}", re.I))
            .first
        ).to_be_visible()
    expect(ann.locator("#outgoing").get_by_text("Sent.")).to_be_visible()
    assert "/outgoing/" in ann.url
    seen = ann.evaluate("window.seen")
    spoken = [n for n, text in enumerate(seen) if re.match(r"C: RCPT TO", text, re.IGNORECASE)]
    assert spoken and spoken[0] < seen.index("state: Sent."), (
        "the dialogue is shown while the letter is on its way"
    )
    assert not dock.get_by_text("Nothing is known of this line").count()
    assert "demo story secret" not in ann.content()

    badge = dock.locator("li .badge.done", has_text="250").first
    expect(badge).to_be_visible()
    dock.get_by_role("listitem").filter(has_text="RCPT TO:<ben@lab.test>").first.click()
    explained = dock.get_by_role("complementary", name="Explanation")
    expect(explained).to_contain_text("recipient")
    expect(explained.get_by_role("link", name=re.compile("RFC 5321"))).to_be_visible()

    letter = ben.get_by_role("link", name=re.compile("Tin can telephone"))
    expect(letter).to_be_visible()  # without reloading: the page stands as it was opened
    letter.click()
    expect(ben.get_by_role("region", name="Letter").get_by_text("Hello Ben, do you hear me?")).to_be_visible()
    with ben.expect_download() as download:
        ben.get_by_role("link", name=re.compile("tin can.bin")).click()
    assert download.value.path().read_bytes() == picture.read_bytes()
    dock = wire(ben)
    tabs = dock.get_by_role("tab", name="IMAP New mail")
    expect(tabs.first).to_be_visible()
    brought = dock.locator(".dock-pane", has_text=re.compile(r"C:\w+ UID FETCH .*BODY.PEEK"))
    expect(brought.first).to_be_attached()
    dock.get_by_role("tab", name="IMAP Open a message").click()
    expect(dock.get_by_role("listitem").filter(has_text=re.compile(r"C:\w+ UID STORE")).first).to_be_visible()
    assert not dock.get_by_text("Nothing is known of this line").count()


def test_a_letter_to_nobody_says_what_the_server_said_and_loses_nothing(person):
    ann = person("ann")
    compose(ann, "bem@lab.test", "To nobody", "Is there a bem?")
    ann.get_by_role("button", name="Send").click()
    expect(ann.get_by_text(re.compile("The server answered 550"))).to_be_visible()
    dock = wire(ann)
    expect(dock.locator("li.refused", has_text="550")).to_be_visible()
    expect(dock.get_by_role("complementary", name="Explanation")).to_contain_text("550")
    ann.keyboard.press("w")
    expect(dock.get_by_role("button", name="Wire")).to_have_attribute("aria-expanded", "false")
    expect(dock.get_by_role("button", name="Wire")).to_have_attribute("data-outcome", "refused")
    ann.keyboard.press("w")
    ann.get_by_role("button", name="Change and send anew").click()
    expect(ann.get_by_label("To", exact=True)).to_have_value("bem@lab.test")
    expect(ann.get_by_label("Message")).to_have_value("Is there a bem?")
    ann.get_by_label("To", exact=True).fill("")
    ann.get_by_role("button", name="Send").click()
    expect(ann.get_by_text("Write at least one address.")).to_be_visible()
    expect(ann.get_by_label("Message")).to_have_value("Is there a bem?")

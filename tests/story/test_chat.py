"""Channels, topics and words that are no commands, in a browser."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect


def clean(tab) -> None:
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(tab).response["violations"]]
    assert not found, found


def enter(tab) -> None:
    tab.goto("/chat/")
    tab.locator("#networks [data-open]", has_text="#lab").click()
    expect(tab.get_by_role("heading", name="#lab")).to_be_visible()
    expect(tab.get_by_role("button", name="Leave")).to_be_visible()


def say(tab, text: str) -> None:
    tab.get_by_label("Message", exact=True).fill(text)
    tab.get_by_label("Message", exact=True).press("Enter")


def opener(tab, name: str):
    """The button that opens a talk."""
    return tab.locator("#networks [data-open]", has_text=name)


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
    ann.get_by_label("Find a channel").fill("nosuch")
    expect(ann.locator("#list-cut")).to_have_text("No channel like that.")
    ann.get_by_label("Find a channel").fill("Welcome to the")  # its topic is looked through as well
    ann.locator("#list-rows").get_by_role("button", name="#lab").click()
    expect(ann.get_by_role("heading", name="#lab")).to_be_visible()


def test_people_talk_alone_tab_completes_and_each_line_of_a_paste_is_a_message(person):
    ann, ben = person("ann"), person("ben")
    enter(ann)
    enter(ben)
    box = ann.get_by_label("Message", exact=True)
    expect(ann.locator("#members")).to_contain_text("ben")
    for begun, complete in (
        ("be", "ben: "),
        ("hello be", "hello ben "),
        ("/to", "/topic "),
        ("see #la", "see #lab "),
    ):
        box.fill(begun)
        box.press("Tab")
        expect(box).to_have_value(complete)
    box.fill("/")
    for key in ("ArrowDown", "ArrowDown"):
        box.press(key)
    expect(ann.get_by_role("option", selected=True)).to_contain_text("/part")
    box.press("Enter")
    expect(box).to_have_value("/part ")
    box.fill("a thought, not said yet")

    say(ben, "/query ann")
    expect(ben.get_by_role("heading", name="ann")).to_be_visible()
    say(ben, "just between us")
    talk = ann.locator("#networks li", has_text="ben")
    expect(talk.locator(".count.named")).to_contain_text("unread: 1")
    box.press("Alt+a")
    expect(ann.get_by_role("heading", name="ben")).to_be_visible()
    expect(ann.locator("#said .line")).to_have_count(1)
    expect(talk.locator(".count")).to_have_count(0)
    expect(box).to_have_value("")  # what was begun in #lab waits there
    ann.get_by_role("button", name="Close", exact=True).click()
    expect(talk).to_have_count(0)
    opener(ann, "#lab").click()
    expect(box).to_have_value("a thought, not said yet")

    box.fill("".join(f"row {number}\n\n" for number in range(1, 121)))
    expect(ann.locator("#lines")).to_have_text("120 messages")
    box.press("Enter")
    opener(ben, "#lab").click()
    expect(ben.locator("#said .line", has_text="row 120")).to_have_count(1)
    rows = [row for row in ben.locator("#said .line .x").all_inner_texts() if row.startswith("row ")]
    assert rows[-100:] == [f"row {number}" for number in range(21, 121)]
    expect(ann.locator("#pending li")).to_have_count(0)

    ann.reload()
    expect(ann.locator("#said .line", has_text="row 120")).to_have_count(1)
    expect(ann.locator("#said .line", has_text="row 9")).to_have_count(10)  # 90 to 99: a page has a hundred
    ann.locator("#scroll").evaluate("it => { it.scrollTop = 0; }")
    expect(ann.locator("#said .line", has_text="row 9")).to_have_count(11)
    assert ann.locator("#scroll").evaluate("it => it.scrollTop") > 200, "the view jumped to what was loaded"


def test_an_operator_edits_the_topic_in_its_place_asks_who_one_is_and_throws_somebody_out(person):
    ann, ben = person("ann"), person("ben")
    enter(ben)
    ann.goto("/chat/#%E0%A4")  # no address ends the room
    enter(ann)
    for tab in (ann, ben):
        say(tab, "/join #rule")
        expect(tab.get_by_role("heading", name="#rule")).to_be_visible()
    expect(ann.locator("#members")).to_contain_text("ben")
    expect(ben.locator("#members")).to_contain_text("ben")
    expect(ben.locator("#topic-edit")).to_be_hidden()

    ann.get_by_role("button", name="Set a topic").press("Enter")
    ann.get_by_label("Topic", exact=True).fill("Rules of <b>talk</b>")
    opener(ann, "#lab").click()
    expect(ann.get_by_label("Topic", exact=True)).to_be_hidden()
    opener(ann, "#rule").click()
    ann.get_by_role("button", name="Set a topic").click()
    expect(ann.get_by_label("Topic", exact=True)).to_have_value("Rules of <b>talk</b>")
    clean(ann)
    ann.get_by_label("Topic", exact=True).press("Enter")
    expect(ben.locator("#talk-topic")).to_have_text("Rules of <b>talk</b>")
    expect(ann.get_by_role("button", name="Edit the topic")).to_be_focused()

    say(ann, "/whois ben")
    card = ann.locator("#said .who")
    expect(card).to_contain_text("ben.lab.test")
    expect(card.get_by_role("definition").filter(has_text="#rule")).to_have_count(1)
    expect(card).to_contain_text("encrypted (TLS)")
    expect(ann.locator("#said .told", has_text="318")).to_have_count(0)

    say(ben, "loud words")
    ann.locator("#members button.nick", has_text="ben").click()
    ann.get_by_role("menuitem", name="Ignore").click()
    folded = ann.locator("#said .fold.away")
    expect(folded.locator("summary")).to_have_text("a message of ben, whom you ignore")
    expect(folded.locator(".x", has_text="loud words")).to_be_hidden()
    folded.locator("summary").press("Enter")
    expect(folded.locator(".x", has_text="loud words")).to_be_visible()
    say(ann, "/ignore")
    expect(ann.get_by_role("dialog")).to_contain_text("Whom you ignore")
    clean(ann)
    ann.get_by_role("button", name="Hear again: ben").click()
    expect(ann.get_by_role("dialog")).to_contain_text("Nobody on this network.")
    ann.keyboard.press("Escape")
    expect(folded).to_have_count(0)

    ann.locator("#members button.nick", has_text="ben").click()
    expect(ann.get_by_role("menuitem", name="Take the rank away")).to_be_hidden()
    ann.get_by_role("menuitem", name="Throw out …").click()
    expect(ann.get_by_role("dialog")).to_contain_text("Throw ben out of #rule?")
    clean(ann)
    ann.get_by_label("Words to go with it").fill("go and read")
    ann.keyboard.press("Enter")
    expect(ben.locator("#said")).to_contain_text("ann threw ben out (go and read)")

    ann.locator("#talk-topic").click()
    ann.get_by_label("Topic", exact=True).fill("mine again")
    say(ann, "/deop")
    expect(ann.locator("#members h2")).to_contain_text("People")
    ann.get_by_label("Topic", exact=True).press("Enter")
    expect(ann.get_by_role("alert").filter(has_text="Not set:")).to_contain_text("operators set the topic")
    expect(ann.get_by_label("Topic", exact=True)).to_have_value("mine again")
    ann.get_by_label("Topic", exact=True).press("Escape")
    say(ann, "/query nobodyhere are you there")  # what was refused is told in the talk that it led to
    expect(ann.get_by_role("heading", name="nobodyhere")).to_be_visible()
    expect(ann.locator("#pending")).to_contain_text("Not said: 401")
    expect(ann.get_by_label("Message", exact=True)).to_have_value("/query nobodyhere are you there")
    opener(ann, "#rule").click()
    expect(ann.locator("#pending li")).to_have_count(0)
    say(ann, "/cycle")  # out and in again: the channel was empty meanwhile, and is hers again
    expect(ann.get_by_role("heading", name="#rule")).to_be_visible()
    expect(ann.locator("#members h2")).to_contain_text("Operators")


def test_what_one_tab_read_is_read_in_the_other_and_names_are_text(person):
    ann, ben = person("ann"), person("ben")
    enter(ann)
    enter(ben)
    second = ann.context.new_page()
    for tab in (ann, second):
        tab.goto("/chat/?join=%23%3Cb%3Ehall%3C/b%3E")
        expect(tab.get_by_role("heading", name="#<b>hall</b>")).to_be_visible()
    say(ann, "/topic <img src=x onerror=alert(1)> at https://lab.test/a?b=<i>")
    expect(second.locator("#talk-topic")).to_have_text(
        "<img src=x onerror=alert(1)> at https://lab.test/a?b=<i>"
    )
    expect(second.locator("#talk-topic a")).to_have_attribute("rel", "noopener noreferrer nofollow")
    say(ann, "files at ftp://localhost/pub/?a=1&b=2, talk in #course")
    link = second.locator("#said .line .x a")
    expect(link).to_have_attribute("href", "/web/?url=ftp%3A%2F%2Flocalhost%2Fpub%2F%3Fa%3D1%26b%3D2")
    expect(second.locator("#talk-topic img, #talk-name b, #networks b b")).to_have_count(0)

    say(ben, "ann: both of your tabs")
    counts = [tab.locator("#networks li", has_text="#lab").locator(".count.named") for tab in (ann, second)]
    for count in counts:
        expect(count).to_contain_text("you were named: 1")
    opener(ann, "#lab").click()
    expect(ann.locator("#unread-mark")).to_be_visible()
    expect(counts[1]).to_have_count(0)


def test_on_a_phone_one_goes_from_the_talks_to_a_talk_to_its_people_and_back(person):
    ann = person("ann", viewport={"width": 390, "height": 780}, has_touch=True)
    ann.goto("/chat/")
    networks, said, people = ann.locator("#networks"), ann.locator("#scroll"), ann.locator("#people")
    expect(networks).to_be_visible()
    expect(said).to_be_hidden()
    opener(ann, "#lab").tap()
    expect(said).to_be_visible()
    expect(networks).to_be_hidden()
    ann.get_by_role("button", name="People").tap()
    expect(people).to_contain_text("ann")
    expect(said).to_be_hidden()
    clean(ann)
    ann.get_by_role("button", name="Back to the talk").tap()
    say(ann, "from a phone")
    expect(ann.locator("#said .line", has_text="from a phone").last).to_be_in_viewport()
    assert ann.evaluate("document.documentElement.scrollWidth") <= 390
    ann.get_by_role("button", name="Talks", exact=True).tap()
    expect(networks).to_be_visible()
    clean(ann)
    ann.get_by_role("button", name="Disconnect").tap()
    ann.get_by_role("button", name="Connect", exact=True).tap()
    expect(ann.locator(".dot.on")).to_be_visible()
    expect(networks.locator(".outside")).to_have_count(0)
    expect(networks).to_be_visible()  # news of a talk does not pull one out of the list


def test_what_is_typed_while_the_line_is_broken_stays_in_the_box_and_is_said_when_it_is_back(person):
    ann = person("ann")
    sockets = []

    def between(socket):
        if len(sockets) == 1:
            return socket.close()  # the second attempt fails as well
        sockets.append(socket)
        return socket.connect_to_server()

    ann.route_web_socket("**/ws/chat/", between)
    enter(ann)
    sockets[0].close()
    expect(ann.locator("#banner")).to_contain_text("Not connected to netlab")
    say(ann, "said into the dark")
    box = ann.get_by_label("Message", exact=True)
    expect(box).to_have_value("said into the dark")
    expect(ann.locator("#pending")).to_contain_text("Not said")
    sockets.clear()
    expect(ann.locator("#banner")).to_be_hidden()
    box.press("Enter")
    expect(ann.locator("#said .line", has_text="said into the dark")).to_have_count(1)
    expect(ann.locator("#pending li")).to_have_count(0)

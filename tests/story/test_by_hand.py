"""The course done in the lab: its dialogues typed by hand, each heard by somebody else; its addresses opened."""

from __future__ import annotations

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.console.test_by_hand import PRINTED
from tests.story.conftest import PASSWORD


def clean(tab: Page) -> None:
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in Axe().run(tab).response["violations"]]
    assert not found, found


def connect(tab: Page, protocol: str, greeting: str) -> None:
    tab.goto(f"/console/?server={protocol}")
    tab.get_by_role("button", name="Connect").click()
    answered(tab, greeting)


def say(tab: Page, *lines: str) -> None:
    for text in lines:
        tab.keyboard.type(text)
        tab.keyboard.press("Enter")


def line(tab: Page, text: str, who: str = ""):
    return tab.locator(f"#con-lines li{who}", has=tab.locator("code", has_text=text))


def answered(tab: Page, text: str) -> None:
    expect(line(tab, text, ".s").last).to_be_visible()


def over(tab: Page) -> None:
    expect(tab.locator("#con-status")).to_have_text("Not connected")


def test_the_courses_letter_is_typed_as_printed_and_friend_reads_it(person):
    ann = person("ann")
    ann.goto("/web/")
    open_address(ann, "telnet://www.example.com:25")  # the course: telnet www.example.com 25
    ann.wait_for_url("**/console/**")
    expect(ann.locator("#con-server option:checked")).to_contain_text("SMTP")
    ann.get_by_role("button", name="Connect").click()
    answered(ann, "220 ")
    say(ann, *PRINTED)
    expect(ann.get_by_text("The server waits for a line with a lone dot")).to_be_visible()
    expect(line(ann, "Hello,", ".c")).to_contain_text("no blank line came before it")
    expect(line(ann, "QUIT", ".c")).to_contain_text("Taken for a line of the letter, not for a command")
    clean(ann)
    say(ann, ".")
    answered(ann, "250 2.0.0 Ok: queued as")
    say(ann, "QUIT")
    answered(ann, "221 ")
    over(ann)
    expect(ann.locator("#con-lines")).to_contain_text("no blank line ends its headers")
    friend = person("friend")
    friend.get_by_role("link", name="Mail", exact=True).click()
    friend.get_by_role("link", name=re.compile("test message")).first.click()
    letter = friend.get_by_role("region", name="Letter")
    expect(letter).to_contain_text("sender@mydomain.com")
    expect(letter).to_contain_text("This is a test.")


def test_ftp_pop3_and_imap_are_spoken_by_hand(person):
    ann = person("ann")
    data = ann.locator("#con-data-text")
    connect(ann, "ftp", "220 FTP Server ready.")
    say(ann, "USER anonymous", "PASS ann@lab.test")
    answered(ann, "230 ")
    say(ann, "PASV")
    expect(ann.locator("#con-data-hint")).to_be_visible()
    say(ann, "LIST")
    for name in ("sendmail-7.5", "tcp-wrapper", "innd", "project.dat"):
        expect(data).to_contain_text(name)
    answered(ann, "226 ")
    say(ann, "EPSV")
    answered(ann, "229 ")
    say(ann, "RETR project.dat")
    expect(ann.locator("#con-data-number")).to_have_text("2")
    expect(data).to_contain_text("no;title;protocol")
    expect(ann.locator("#con-data-state")).to_contain_text("closed")
    clean(ann)
    say(ann, "QUIT")
    answered(ann, "221 Goodbye.")
    over(ann)

    connect(ann, "pop3", "+OK")
    say(ann, "USER ann", f"PASS {PASSWORD}", "STAT", "LIST", "QUIT")
    over(ann)
    expect(line(ann, "STAT", ".c")).to_be_visible()
    expect(ann.locator("#con-lines")).not_to_contain_text(PASSWORD)

    connect(ann, "imap", "* OK")
    say(ann, f"a1 LOGIN ann {{{len(PASSWORD)}}}")
    answered(ann, "+ ")
    say(ann, PASSWORD)
    answered(ann, "a1 OK")
    expect(ann.locator("#con-lines")).not_to_contain_text(PASSWORD)
    say(ann, "a2 SELECT INBOX")
    answered(ann, "a2 OK")
    say(ann, "a3 APPEND INBOX {31}")
    expect(ann.locator("#con-waits")).to_contain_text("31")
    say(ann, "Subject: a literal", "", "by hand", "")
    answered(ann, "a3 OK")
    say(ann, "a4 LOGOUT")
    over(ann)
    ann.goto("/mail/")
    expect(ann.get_by_role("link", name=re.compile("a literal")).first).to_be_visible()


def test_a_channel_joined_by_hand_is_heard_in_chat(person):
    ben, ann = person("ben"), person("ann")
    ben.goto("/web/")
    open_address(ben, "irc://localhost/by-hand")
    expect(ben.get_by_role("heading", name="#by-hand")).to_be_visible()
    expect(ben.locator("#members")).to_contain_text("ben")
    connect(ann, "irc", "")
    say(ann, f"PASS ann:{PASSWORD}", "NICK ann-by-hand", "USER ann 0 * :Ann by hand")
    answered(ann, " 001 ann-by-hand ")
    say(ann, "JOIN #by-hand")
    answered(ann, " 366 ")
    expect(ben.locator("#members")).to_contain_text("ann-by-hand")
    say(ann, "PRIVMSG #by-hand :Xin chào by telnet")
    expect(ben.locator("#said .line", has_text="Xin chào by telnet")).to_have_count(1)
    ben.get_by_label("Message", exact=True).fill("I hear you")
    ben.get_by_label("Message", exact=True).press("Enter")
    answered(ann, "PRIVMSG #by-hand :I hear you")
    say(ann, "QUIT :bye")
    over(ann)
    expect(ben.locator("#members")).not_to_contain_text("ann-by-hand")


def open_address(tab: Page, url: str) -> None:
    bar = tab.get_by_label("Address", exact=True)
    bar.fill(url)
    bar.press("Enter")


def test_an_address_of_each_scheme_opens_where_it_belongs(person, lab):
    tab = person("ann")

    def typed(url: str, room: str) -> None:
        tab.goto("/web/")
        open_address(tab, url)
        tab.wait_for_url(f"**/{room}/**")

    typed("ftp://ftp.vnd.net/project.dat", "files")
    expect(tab.locator(".entry", has_text="project.dat")).to_be_visible()
    expect(tab.locator(".sites a[aria-current]")).to_contain_text("anonymous")
    typed("mailto:friend@example.com?cc=ben@lab.test&subject=Hi%20you&body=One%0D%0Atwo", "mail")
    expect(tab.get_by_label("To", exact=True)).to_have_value("friend@example.com")
    expect(tab.get_by_label("Cc", exact=True)).to_have_value("ben@lab.test")
    expect(tab.get_by_label("Subject")).to_have_value("Hi you")
    expect(tab.get_by_label("Message")).to_have_value("One\ntwo")
    typed("imap://localhost/INBOX", "mail")
    expect(tab.get_by_role("link", name="Inbox")).to_be_visible()
    typed("pop://localhost", "mail")
    expect(tab.get_by_text("POP3 can be spoken in the Console")).to_be_visible()
    typed(f"telnet://localhost:{lab.environment['NETLAB_IMAPS_PORT']}", "console")
    expect(tab.locator("#con-server option:checked")).to_contain_text("IMAP")
    expect(tab.get_by_label("Security")).to_have_value("tls")
    for url, room in (("ftp://evil.example/", "files"), ("irc://evil.example/x", "chat")):
        typed(url, room)
        expect(tab.get_by_text(re.compile(r"evil\.example.* is no server of this lab"))).to_be_visible()
        clean(tab)
    tab.goto("/web/")
    open_address(tab, "http://www.example.com/")  # what has no other room stays here
    expect(tab.frame_locator("#frame").get_by_role("heading", name="www.example.com")).to_be_visible()
    # The course's own address, and the link to a page that the lab's server does not have.
    open_address(tab, "http://goccongnghe.net/html/trangtruoc.htm")
    expect(tab.locator("#visit")).to_contain_text("200")
    open_address(tab, "http://goccongnghe.net/html/html_basic.htm")
    expect(tab.locator("#visit")).to_contain_text("404")
    open_address(tab, "gopher://x/")
    expect(tab.get_by_text(re.compile("gopher", re.I)).last).to_be_visible()

"""The reference: complete, found by what one remembers, in both languages, and tied to one's own transcripts."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from accounts.models import Server, User
from protocols import catalog
from protocols.events import Crossed, Opened
from protocols.line import Line
from reference import entries, facts, tries
from transcripts import seen
from transcripts.recorder import open_recording


@pytest.fixture
def ann(transactional_db):
    return User.objects.create_user("ann", password="x")


@pytest.fixture
def as_ann(client, ann):
    client.force_login(ann)
    return client


def at(entry):
    return reverse("reference-entry", args=[entry.place, entry.table, entry.word])


def words(found):
    return [(entry.place, entry.word) for entry in found]


def test_every_row_of_every_table_is_an_entry_in_both_languages_with_its_source():
    found = entries.entries()
    assert len(found) == sum(len(rows) for place in entries.PLACES for _, rows in catalog.lists(place)) > 1400
    assert {entry.place for entry in found.values()} >= set(catalog.NAMES)
    for entry in found.values():
        assert entry.told("en") and entry.meaning.get("vi"), entry.key
    told = sum(bool(entry.refs) for entry in found.values())
    assert told > len(found) * 0.85, f"{told} of {len(found)} say where they are written"


def test_every_remark_of_the_tables_has_its_vietnamese():
    seen_words = {
        fact
        for entry in entries.entries().values()
        for column in (
            "allowed",
            "note",
            "class",
            "category",
            "group",
            "kind",
            "direction",
            "source",
            "status",
        )
        if isinstance(fact := entry.facts.get(column), str) and " " in fact
    }
    assert [word for word in seen_words if catalog.word(word, "vi") == word] == []


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("550", ("smtp", "550")), ("ehlo", ("smtp", "EHLO")), ("set-cookie", ("http", "Set-Cookie")),
        ("404", ("http", "404")), ("001", ("irc", "001")), ("\\seen", ("imap", "\\Seen")), ("+ok", ("pop3", "+OK")),
        ("PASV", ("ftp", "PASV")), ("multipart/mixed", ("message", "multipart/mixed")), ("993", ("ports", "993")),
        ("hom thu", None), ("hộp thư", None), ("mailbox busy", None),
    ],
)  # fmt: skip
def test_what_one_remembers_is_found_first(asked, first):
    found = entries.search(asked)
    assert found and (first is None or first in words(found)[:3])


def test_filters_narrow_and_nonsense_finds_nothing():
    assert {entry.place for entry in entries.search(place="irc")} == {"irc"}
    assert {entry.kind for entry in entries.search(place="http", kind="header")} == {"header"}
    assert entries.search("zzzzqx") == []


def test_every_entrys_page_can_be_opened(as_ann):
    for entry in list(entries.entries().values())[::23]:
        page = as_ann.get(at(entry))
        assert page.status_code == 200, entry.key
    assert as_ann.get("/reference/smtp/commands/NOBODY/").status_code == 404


def test_odd_words_have_pages_of_their_own(as_ann):
    for key in (
        "imap.flags.\\Seen",
        "pop3.replies.+OK",
        "message.media_types.multipart/mixed",
        "pop3.response_codes.[IN-USE]",
    ):
        assert as_ann.get(at(entries.entries()[key])).status_code == 200


def test_the_list_answers_htmx_with_its_results_alone(as_ann):
    whole = as_ann.get(reverse("reference"), {"q": "550"}).content.decode()
    part = as_ann.get(reverse("reference"), {"q": "550"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole and "<html" not in part and "/reference/smtp/reply_codes/550/" in part
    assert "Nothing of that name" in as_ann.get(reverse("reference"), {"q": "zzzzqx<b>"}).content.decode()


def test_a_code_of_an_entry_leads_to_that_code(as_ann):
    page = as_ann.get(at(entries.entries()["smtp.commands.RCPT"])).content.decode()
    assert 'href="/reference/smtp/reply_codes/550/"' in page and "rfc5321.html#section-4.1.1.3" in page
    assert "server=smtp&amp;send=RCPT" in page


def test_what_is_tried_is_a_line_of_the_protocol():
    known = entries.entries()
    assert tries.lines(known["imap.commands.FETCH"]) == "a1 FETCH "
    assert tries.lines(known["smtp.commands.QUIT"]) == "QUIT"
    assert tries.lines(known["http.methods.GET"]).startswith("GET / HTTP/1.1\nHost: ")
    assert tries.lines(known["http.headers.If-None-Match"]).split("\n")[2] == "If-None-Match: "
    assert tries.lines(known["ports.ports.25"]) == ""


def test_facts_are_told_in_vietnamese(as_ann, ann):
    ann.language = "vi"
    ann.save()
    page = as_ann.get(at(entries.entries()["smtp.reply_codes.450"])).content.decode()
    assert "từ chối tạm thời" in page and "hộp thư rỗng luôn nhận được thư" in page


def record(owner, *lines):
    server, _ = Server.objects.get_or_create(
        protocol="smtp", name="t", host="h", port=1, address="127.0.0.1", security="plain"
    )
    recording = open_recording(owner=owner, server=server)
    with recording.transcript("Send") as action:
        recording.sink(Opened(1.0, "h", "a", "b"))
        for who, raw in lines:
            recording.sink(Crossed(1.0, who, raw + b"\r\n"))
    recording.close()
    return action.id


DIALOGUE = (
    ("S", b"220 lab ESMTP"), ("C", b"EHLO me"), ("S", b"250-lab"), ("S", b"250 SIZE 1000"),
    ("C", b"MAIL FROM:<a@b> SIZE=5"), ("S", b"250 2.1.0 Ok"), ("C", b"RCPT TO:<nobody@b>"),
    ("S", b"550 5.1.1 no such user"),
)  # fmt: skip


def test_an_entry_knows_the_lines_of_ones_own_transcripts_and_of_nobody_elses(as_ann, ann):
    eve = User.objects.create_user("eve")
    mine, hers = record(ann, *DIALOGUE), record(eve, *DIALOGUE)
    page = as_ann.get(at(entries.entries()["smtp.reply_codes.550"])).content.decode()
    assert f"/transcripts/{mine}#L9" in page and f"/transcripts/{hers}#" not in page
    for key in (
        "smtp.commands.EHLO", "smtp.commands.MAIL", "smtp.extensions.SIZE", "smtp.mail_rcpt_parameters.SIZE=",
        "smtp.enhanced_status.codes.X.1.1", "smtp.reply_codes.220",
    ):  # fmt: skip
        assert [line for _, line in seen.places(ann, key)], key
    record(ann, *DIALOGUE)
    counts = as_ann.get(reverse("reference-seen")).json()
    assert counts["smtp.reply_codes.550"] == 2 and counts["smtp.commands.MAIL"] == 2
    assert set(counts) <= set(entries.entries())


def test_every_entry_a_line_is_about_is_one_of_the_reference():
    for name in catalog.NAMES:
        known = catalog.knowledge(name)
        for raw in (b"250 OK", b"+OK", b"* OK hi", b":s 001 a :hi", b"HTTP/1.1 200 OK", b"NOOP", b"a NOOP"):
            for speaker in ("S", "C"):
                line = Line(speaker, raw, size=len(raw) + 2)
                assert seen.entries(name, line, known.explainer().feed(line)) <= set(entries.entries())


def test_the_courses_tables_are_shown_with_every_slip_set_right(as_ann):
    page = as_ann.get(reverse("reference-course")).content.decode()
    course = catalog.course()
    for slip in course["slips"]:
        assert f'id="{slip["slip"]}"' in page
        assert set(slip["entries"]) <= set(entries.entries())
        assert slip["said"].keys() == slip["correct"].keys() == {"en", "vi"} and slip["refs"]
    for table in course["tables"]:
        for row in table["rows"]:
            assert row["entry"] in entries.entries() and row.get("slip", "smtp-450") in {
                s["slip"] for s in course["slips"]
            }
    assert [len(table["rows"]) for table in course["tables"]] == [21, 9, 23]
    assert "mailbox is empty" in page and len(re.findall(r'class="slip"', page)) == 18


def test_both_slips_of_the_printed_letter_are_entries():
    slips = {slip["slip"]: slip for slip in catalog.course()["slips"]}
    assert "lone dot" in slips["smtp-no-dot"]["correct"]["en"] and slips["smtp-no-dot"]["in_chapter"]
    assert "empty line" in slips["smtp-no-blank-line"]["correct"]["en"]


def test_labels_of_facts_stand_for_columns_that_are_there():
    columns = {column for entry in entries.entries().values() for column in entry.facts}
    assert set(facts.LABELS) <= columns

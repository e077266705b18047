"""Every line of IMAP is explained, in both languages, with the session's state in mind."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import catalog
from protocols.imap.commands import attribute, commands, fetch_item, flag, rows, search_key
from protocols.imap.explain import Explainer
from protocols.imap.replies import codes, responses
from protocols.line import Line, Note
from tests.protocols.imap.dialogue import COURSE, explained


def said(note: Note) -> None:
    for language in ("en", "vi"):
        assert catalog.say(note, language)
    for detail in note.details:
        said(detail)


def test_the_courses_dialogue_is_explained_line_by_line():
    for _, note in explained(COURSE):
        assert note.known, note
        said(note)


def test_the_four_states_are_passed():
    states = [note.state for _, note in explained(COURSE)]
    assert list(dict.fromkeys(states)) == list(Explainer.STATES)


def told(key: str) -> Note:
    return next(note for _, note in explained(COURSE) if note.key == key)


def test_the_answers_of_select_are_told_one_by_one():
    assert told("imap.data.EXISTS").params["number"] == 3
    assert told("imap.code.UIDVALIDITY").params["value"] == "7"
    assert told("imap.code.UIDNEXT").params["value"] == "9"
    assert told("imap.tagged.OK.SELECT").params["about"] == "INBOX"


def test_an_envelope_is_told_decoded():
    [row] = [note for note in told("imap.data.FETCH").details if note.badge == "ENVELOPE"]
    texts = {note.key.rsplit(".")[-1]: note.params["text"] for note in row.details}
    assert texts == {"date": "Mon", "subject": "Thư", "from": "Ben <ben@lab.test>", "message-id": "<1@x>"}


def test_a_mailbox_name_is_told_decoded():
    assert told("imap.data.LIST").params["about"] == "Thư"


def test_a_push_while_waiting_is_told_as_news():
    assert told("imap.idle.EXISTS").params["number"] == 4 and told("imap.go.idle").next == ("DONE",)


def test_a_failed_select_leaves_no_mailbox_open():
    notes = explained([*COURSE[:8], ("C", b"b SELECT x\r\n"), ("S", b"b NO [NONEXISTENT] no\r\n")])
    assert notes[-1][1].state == "authenticated" and notes[-1][1].outcome == "refused"


def test_a_command_without_a_tag_is_told_what_is_missing():
    assert explained([COURSE[0], ("C", b"LOGIN ann x\r\n")])[-1][1].key == "imap.command.no-tag"


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_command_of_the_table_is_explained(name: str):
    note = Explainer().feed(Line("C", b"a " + (b"UID FETCH 1 FLAGS" if name == "UID" else name.encode())))
    assert note.known and note.refs
    said(note)


@pytest.mark.parametrize("name", sorted(responses()))
def test_each_response_of_the_table_is_explained(name: str):
    raw = (
        b"+ go"
        if name == "+"
        else b"* " + (b"1 " if name in ("EXISTS", "RECENT", "EXPUNGE", "FETCH") else b"")
    )
    explainer = Explainer()
    if name != "PREAUTH":
        explainer.feed(Line("S", b"* OK hi"))
    note = explainer.feed(Line("S", raw if name == "+" else raw + name.encode()))
    assert note.known and note.refs
    said(note)


@pytest.mark.parametrize("code", sorted(codes()))
def test_each_response_code_of_the_table_is_explained(code: str):
    _, note = explained([COURSE[0], ("S", f"* OK [{code}] text\r\n".encode())])[-1]
    assert note.known and note.refs
    said(note)


@pytest.mark.parametrize(
    ("table", "find"),
    [
        ("flags", flag),
        ("fetch_items", fetch_item),
        ("search_keys", search_key),
        ("list_attributes", attribute),
    ],
)
def test_each_word_of_the_tables_is_found(table, find):
    for name, entry in rows(table).items():
        assert find(name.split(" ")[0]) == entry


def test_the_tables_are_whole_in_both_languages():
    sizes = [
        len(catalog.tables("imap")[name]) for name in ("commands", "responses", "response_codes", "flags")
    ]
    assert sizes == [39, 19, 34, 11]
    for key, texts in {**catalog.meanings("imap"), **catalog.phrases("imap")}.items():
        assert texts.get("en") and texts.get("vi"), key


def test_the_state_survives_a_blocks_border():
    lines = [line for line, _ in explained(COURSE)]
    for at in range(len(lines)):
        first, second = Explainer(), Explainer()
        for line in lines[:at]:
            first.feed(line)
        second.restore(json.loads(json.dumps(first.state())))
        assert [second.feed(line) for line in lines[at:]] == [first.feed(line) for line in lines[at:]]


@given(st.lists(st.tuples(st.sampled_from("CS"), st.binary(max_size=60)), max_size=8))
def test_any_bytes_are_explained_without_an_error(turns):
    for _, note in explained([(speaker, raw + b"\r\n") for speaker, raw in turns]):
        catalog.say(note, "vi")

"""Every line of HTTP is explained, in both languages, with the connection's state in mind."""

from __future__ import annotations

import json

import pytest
import yaml

from protocols import catalog
from protocols.http.commands import cache_directives, cookie_attributes, fields, methods
from protocols.http.explain import Explainer
from protocols.http.replies import codes
from protocols.line import Line, Note
from tests.protocols.dialogue import Turn
from tests.protocols.http.dialogue import CHUNKED, FORM, GET, HEAD, OK, explained, notes
from tests.protocols.http.test_grammar import DIALOGUES

PLAIN = [name for name in DIALOGUES if name not in ("garbage", "more-than-announced")]


def sentences(note: Note) -> list[str]:
    return [catalog.say(one, language) for one in (note, *note.details) for language in ("en", "vi")]


@pytest.mark.parametrize("name", PLAIN)
def test_each_line_is_known_in_both_languages(name: str):
    for note in notes(DIALOGUES[name]):
        assert note.known and all(sentences(note)), note
        assert not any("…" in text for text in sentences(note)), note


def test_the_state_follows_the_connection():
    states = [note.state for note in notes([GET, OK, GET, ("S", b"HTTP/1.0 200 OK\r\n\r\nx")])]
    assert states == (
        ["request"] * 2 + ["waiting"] + ["response"] * 4 + ["open"]
        + ["request"] * 2 + ["waiting"] + ["response"] * 2 + ["closing"]
    )  # fmt: skip


def test_a_connection_used_again_is_told_so():
    again = notes([GET, OK, GET])[-3]
    assert "http.again" in [detail.key for detail in again.details]


def test_the_answer_to_head_and_a_304_are_told_to_have_no_body():
    assert notes([HEAD, ("S", OK[1][:-5])])[-1].key == "http.head.S.HEAD"
    answer: Turn = ("S", b"HTTP/1.1 304 Not Modified\r\n\r\n")
    asked: Turn = ("C", b'GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: "a"\r\n\r\n')
    told = notes([asked, answer])
    assert [detail.key for detail in told[-2].details] == ["http.condition.304"]
    assert told[-1].key == "http.head.S.never"


def test_chunks_tell_their_size_and_their_extension():
    chunk = notes([GET, CHUNKED])[7]
    assert chunk.params["size"] == 5 and [detail.key for detail in chunk.details] == ["http.chunk.extension"]


def test_a_body_that_is_not_whole_is_told_so():
    body = notes([GET, ("S", OK[1][:-3])])[-1]
    assert [detail.key for detail in body.details] == ["http.body.short"]


def test_a_form_and_its_hidden_password_are_told():
    turns: list[Turn] = [FORM, ("S", b"HTTP/1.1 100 Continue\r\n\r\n"), ("C", b"a=1&password=hunter2")]
    [detail] = notes(turns)[-1].details
    assert (detail.key, detail.params["names"]) == ("http.body.form", "a, password")


@pytest.mark.parametrize("code", sorted(codes()))
def test_each_status_of_the_table_is_explained(code: int):
    note = notes([GET, ("S", b"HTTP/1.1 %d x\r\n" % code)])[-1]
    assert note.known and note.refs and note.outcome and note.badge == str(code) and sentences(note)


@pytest.mark.parametrize("code", [199, 299, 399, 499, 599])
def test_a_status_that_is_in_no_table_counts_by_its_class(code: int):
    note = notes([GET, ("S", b"HTTP/1.1 %d x\r\n" % code)])[-1]
    assert note.known and sentences(note)


@pytest.mark.parametrize("method", sorted(methods()))
def test_each_method_of_the_table_is_explained(method: str):
    note = Explainer().feed(Line("C", f"{method} / HTTP/1.1".encode()))
    assert note.known and note.refs and all(sentences(note))


VALUES = [
    "", "0", "-1", "x", "*", "bytes=0-4,5-,-6,x", "bytes 0-4/9", "bytes */9", "Wed, 25 Nov 2026 10:00:00 GMT",
    "Wednesday, 25-Nov-26 10:00:00 GMT", "Sun Nov  6 08:49:37 1994", 'W/"a", "b"', "gzip, br;q=0.5, x;q=0",
    'text/html; charset=utf-8; boundary="x y"', "close, keep-alive, upgrade, x", "max-age=60, no-store, odd=1",
    'Basic realm="lab"', "Basic", "100-continue", 'attachment; filename="a b"', "[::1]:80", "a:80", "GET, HEAD",
    "Accept, X-None, *", "{brace}", 'unclosed="', "\x1b[31m", "a=b; Path=/; Max-Age=1; HttpOnly; odd",
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(fields()))
def test_each_field_of_the_table_is_explained_whatever_its_value(name: str):
    for value in VALUES:
        turns: list[Turn] = [("C", f"GET / HTTP/1.1\r\n{name}: {value}\r\n\r\n".encode())]
        turns += [("S", f"HTTP/1.1 200 OK\r\n{name}: {value}\r\n\r\n".encode())]
        for _, note in explained(turns):
            assert sentences(note)


def test_the_tables_are_complete_against_the_reference():
    whole = catalog.tables("http")
    assert (len(methods()), len(codes())) == (9, 63) and len(fields()) > 90
    assert len(cookie_attributes()) == 7 and len(cache_directives()) > 12
    for table in ("methods", "status_codes", "headers", "cookie_attributes"):
        for row in whole[table]:
            assert row["meaning"]["en"] and row["meaning"]["vi"] and row["refs"], row
    assert yaml.safe_dump(whole)


def test_what_is_no_http_is_told_as_unknown():
    assert [note.known for note in notes(DIALOGUES["garbage"])] == [False, False, False]
    assert not notes([("C", b"HELO x\r\n")])[-1].known
    assert not notes([("C", b"GET / HTTP/1.1\r\nX-Nobody-Knows: 1\r\n")])[-1].known


@pytest.mark.parametrize("name", sorted(DIALOGUES))
def test_a_saved_state_goes_on_as_if_nothing_had_happened(name: str):
    lines = [line for line, _ in explained(DIALOGUES[name])]
    whole = notes(DIALOGUES[name])
    for at in range(len(lines)):
        first, second = Explainer(), Explainer()
        for line in lines[:at]:
            first.feed(line)
        second.restore(json.loads(json.dumps(first.state())))
        assert [second.feed(line) for line in lines[at:]] == whole[at:]

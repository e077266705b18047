"""Addresses: taken apart for people, resolved by RFC 3986, and read as browsers read them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import catalog
from protocols.url import rfc3986
from protocols.url.dissect import Dissected, components, dissect, schemes

DATA = Path(__file__).resolve().parents[1] / "data" / "urltestdata.json"
CASES = [case for case in json.loads(DATA.read_text()) if isinstance(case, dict)]
PARTS = (
    "href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash", "origin",
)  # fmt: skip

LEFT_OUT = {
    **dict.fromkeys(
        [
            f"http://{name}.{label}"
            for name in ("a.b.c", "10.0.0")
            for label in ("xn--pokxncvks", "XN--pokxncvks", "xN--pokxncvks", "Xn--pokxncvks")
        ],
        "the label is Punycode of a digit that UTS 46 of 2023 refused and a later Unicode lets pass",
    ),
    **dict.fromkeys(
        ["file://xn--/p", "https://xn--/"],
        "an empty Punycode label: the list of 2023 refuses what today's UTS 46 lets pass with CheckHyphens off",
    ),
    **dict.fromkeys(
        [
            "foo://host/ !\"$%&'()*+,-./:;<=>@[\\]^_`{|}~",
            "wss://host/ !\"$%&'()*+,-./:;<=>@[\\]^_`{|}~",
        ],
        "the standard has since put ^ into the path's percent-encode set (2023-11)",
    ),
}
"""Cases on which a browser of today says otherwise than this list of 2023: left out, one by one."""


def agrees(case: dict) -> bool:
    found = dissect(case["input"], case["base"] or "").browser
    if case.get("failure"):
        return found is None
    return found is not None and all(getattr(found, part) == case[part] for part in PARTS if part in case)


def told(found: Dissected) -> list[str]:
    notes = [*found.notes, *(note for piece in found.pieces for note in piece.notes)]
    return [catalog.say(note, language) for note in notes for language in ("en", "vi")]


def test_the_list_is_whatwgs_own_unchanged():
    whole = hashlib.sha256(DATA.read_bytes()).hexdigest()
    assert whole == "3f71e188f21f6cc0bbc25c7f6cc997fe2847de6893262c8bee539778e46117d2" and len(CASES) > 800


def test_whatwgs_cases_never_make_the_dissector_raise_and_each_note_has_its_sentence():
    for case in CASES:
        assert all(told(dissect(case["input"], case["base"] or "")))


def test_all_of_whatwgs_cases_agree_but_those_left_out_by_name():
    left_out = [case for case in CASES if case["input"] in LEFT_OUT]
    assert len(left_out) <= len(CASES) // 10
    assert [case["input"] for case in CASES if not agrees(case) and case["input"] not in LEFT_OUT] == []
    # Nothing stands on the list of exceptions that would agree.
    assert not any(agrees(case) for case in left_out)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("g:h", "g:h"), ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"), ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"), ("g#s", "http://a/b/c/g#s"), ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"),
        ("../..", "http://a/"), ("../../", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"), ("g#s/../x", "http://a/b/c/g#s/../x"), ("http:g", "http:g"),
    ],
)  # fmt: skip
def test_rfc_3986_resolves_its_own_examples(reference: str, expected: str):
    assert rfc3986.resolve("http://a/b/c/d;p?q", reference) == expected


def test_the_courses_address_is_taken_apart():
    found = dissect("http://www.example.com/html/trangtruoc.htm")
    assert [(piece.name, piece.value, piece.given) for piece in found.pieces] == [
        ("scheme", "http", True),
        ("host", "www.example.com", True),
        ("port", "80", False),
        ("path", "/html/trangtruoc.htm", True),
        ("file", "trangtruoc.htm", True),
    ]


def test_every_piece_of_a_full_address_is_named_and_the_password_is_not_shown():
    found = dissect("ftp://ann:pass%20word@FTP.example.com:2121/pub/a%20b.txt;type=i?x=1+2#top")
    assert [piece.name for piece in found.pieces] == [
        "scheme", "user", "password", "host", "port", "path", "file", "query", "fragment",
    ]  # fmt: skip
    secret = found.piece("password")
    assert secret and secret.secret and not secret.value
    assert found.value("host") == "ftp.example.com" and found.value("file") == "a b.txt;type=i"
    assert not any("pass word" in text or "pass%20word" in text for text in told(found))


@pytest.mark.parametrize("scheme", sorted(schemes()))
def test_each_scheme_of_the_table_is_explained_and_its_port_filled_in(scheme: str):
    port = schemes()[scheme].port
    found = dissect(f"{scheme}://host/x")
    assert found.value("port") == (str(port) if port else "") and all(told(found))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("http://0x7f.1/", "url.host.number"),
        ("http://2130706433/", "url.host.number"),
        ("http://[::ffff:127.0.0.1]/", "url.host.ipv6"),
        ("http://localhost./", "url.host.dot"),
        ("http://thư.example/", "url.host.punycode"),
        ("http://a b/", "url.host.none"),
        ("http://x:99999/", "url.port.none"),
        ("http://x:80/", "url.port.same"),
        ("http://x/%zz", "url.percent.bad"),
        ("http://x/%C3%A9", "url.percent"),
        ("http://x/?a+b", "url.query.plus"),
    ],
)
def test_what_is_odd_in_a_piece_is_said(text: str, key: str):
    found = dissect(text)
    assert key in [note.key for piece in found.pieces for note in piece.notes] and all(told(found))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("http://example.com@evil.test/", "url.userinfo"),
        ("http:\\\\x\\y", "url.backslash"),
        (" http://x/", "url.space"),
        ("http://x/a b", "url.illegal"),
        ("http://[", "url.browser.none"),
        ("www.example.com", "url.relative"),
    ],
)
def test_what_is_odd_in_an_address_is_said(text: str, key: str):
    found = dissect(text)
    assert key in [note.key for note in found.notes] and all(told(found))


def test_a_relative_reference_is_seen_from_its_page():
    found = dissect("../img/a.png", "http://x/html/b/")
    assert found.absolute == "http://x/html/img/a.png" and found.notes[0].key == "url.resolved"
    assert found.browser and found.browser.href == found.absolute


@given(st.text(max_size=200), st.sampled_from(["", "http://a/b/c", "mailto:x", "\ud800", "//"]))
def test_any_text_gives_an_answer(text: str, base: str):
    assert all(told(dissect(text, base)))


def test_a_very_long_address_is_cut_not_choked_on():
    assert dissect("http://x/" + "a/../" * 200_000).text
    assert dissect("http://" + "[" * 90_000).browser is None
    assert dissect("http://x:" + "9" * 90_000).pieces


def test_every_component_is_defined_somewhere():
    assert len(components()) == 11 and all(components().values())

"""Encoded words and character sets: whatever a header says, a text comes out that a database and a page take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import letter


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Ch=C3=A0o_b=E1=BA=A1n?=", "Chào bạn"),
        ("=?UTF-8?B?VGjGsA==?= hello =?iso-8859-1?Q?caf=E9?=", "Thư hello café"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=\r\n =?utf-8?q?c?=", "abc"),
        ("=?utf-8?q?Th=C6?= =?utf-8?q?=B0?=", "Thư"),
        ("=?us-ascii*en?Q?Keith?=", "Keith"),
        ("=?utf-8?q?half", "=?utf-8?q?half"),
        ("=?utf-8?b?VGjGsA?=", "Thư"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("=?no-such?q?=C3=A0?=", "à"),
        ("=?utf-7?q?+2AA-?=", "\ufffd"),
        ("=?utf-8?q?=00?=", "\ufffd"),
        ("=?punycode?q?abc?=", "abc"),
    ],
)
def test_encoded_words_are_undone_and_what_is_none_stays(written, read):
    assert letter.decoded(written) == read


PIECES = ["=?", "?=", "=?utf-8?b?", "=?utf-7?q?+2AA-?=", "=?utf-16?b?2AA=?=", "=?utf-8?Q?=ZZ?=", " ", "\r\n "]
CHARSETS = ["utf-8", "utf-7", "utf-16", "punycode", "rot13", "hex", "", "a\0b", "iso-2022-jp"]
ODD = st.lists(st.one_of(st.text(max_size=8), st.sampled_from(PIECES)), max_size=12).map("".join)


@given(ODD)
def test_no_header_raises_and_each_can_be_stored(text):
    letter.decoded(text).encode()
    assert "\0" not in letter.decoded(text)


@given(
    st.binary(max_size=60),
    st.sampled_from(CHARSETS),
)
def test_no_bytes_in_any_character_set_raise_and_each_text_can_be_stored(raw, charset):
    letter.in_charset(raw, charset).encode()

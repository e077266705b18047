"""MIME taken apart: exact sizes, exact bytes, and nothing that mail can hold raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers import addresses
from servers.imap import mime, structure
from servers.imap.letter import content, decoded
from servers.imap.section import section

NESTED = b"""From: Ann <ann@lab.test>
To: undisclosed: ben@lab.test, "C, D" <c@lab.test>;
Subject: outer
Content-Type: multipart/mixed; boundary="b1"

preamble
--b1
Content-Type: multipart/alternative; boundary=b2

--b2

plain text
--b2
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<b>h=C3=A9</b>
--b2--
--b1
Content-Type: message/rfc822

Subject: inner
From: c@lab.test

inner body
--b1
Content-Type: application/octet-stream; name="a\\"b"
Content-Disposition: attachment; filename=x.bin
Content-Transfer-Encoding: base64

AAEC
--b1--
epilogue
""".replace(b"\n", b"\r\n")

SCRAPS = [
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n", b"--x--\r\n", b"\r\n", b"\n", b"\r", b"\0",
    b"Content-Type: message/rfc822\r\n", b"From: ", b"To: a: b, <@r,@s:c@d>;", b'"', b"(", b"\\", b"=?utf-8?b?w6k?=",
    b"=?x?q?=ff?=", b"Content-Type: /;;=\r\n", b"Content-Transfer-Encoding: base64\r\n", b"\xff\xfe", b": \r\n \t",
    b"Content-Type: multipart/digest; boundary=\r\n", b"Date: Mon, 99 Foo 2026\r\n",
]  # fmt: skip


def test_the_structure_of_a_nested_message_is_told_with_exact_sizes():
    told = structure.body(mime.parse(NESTED), False)
    assert told == (
        b'((("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 10 0)'
        b'("TEXT" "HTML" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" 14 0) "ALTERNATIVE")'
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 46 (NIL "inner" ((NIL NIL "c" "lab.test")) '
        b'((NIL NIL "c" "lab.test")) ((NIL NIL "c" "lab.test")) NIL NIL NIL NIL NIL) '
        b'("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 10 0) 3)'
        b'("APPLICATION" "OCTET-STREAM" ("NAME" "a\\"b") NIL NIL "BASE64" 4) "MIXED")'
    )


@pytest.mark.parametrize(
    ("path", "text", "bytes_"),
    [
        ((1, 1), "", b"plain text"),
        ((1, 2), "MIME", NESTED[NESTED.index(b"Content-Type: text/html") : NESTED.index(b"<b>")]),
        ((2,), "HEADER", b"Subject: inner\r\nFrom: c@lab.test\r\n\r\n"),
        ((2,), "TEXT", b"inner body"),
        ((2, 1), "", b"inner body"),
        ((3,), "", b"AAEC"),
        ((9,), "", None),
        ((3, 1), "", None),
        ((1,), "HEADER", None),
    ],
)  # fmt: skip
def test_a_section_is_the_very_bytes_of_the_message(path, text, bytes_):
    assert section(mime.parse(NESTED), path, text) == bytes_


def test_header_fields_are_chosen_without_regard_to_case_and_end_in_an_empty_line():
    raw = b"A: 1\r\nB: 2\r\n folded\r\nbroken line\r\na: 3\r\n\r\nbody"
    root = mime.parse(raw)
    assert section(root, (), "HEADER.FIELDS", ("a",)) == b"A: 1\r\na: 3\r\n\r\n"
    assert section(root, (), "HEADER.FIELDS.NOT", ("a",)) == b"B: 2\r\n folded\r\nbroken line\r\n\r\n"


@given(st.lists(st.sampled_from(SCRAPS) | st.binary(max_size=12), max_size=40).map(b"".join))
def test_no_message_raises_and_every_part_lies_within_it(raw):
    root = mime.parse(raw)
    structure.envelope(root)
    for extended in (False, True):
        assert structure.body(root, extended).startswith(b"(")
    waiting = [root]
    while waiting:
        part = waiting.pop()
        assert 0 <= part.start <= part.body <= part.end <= len(raw)
        content(part)
        waiting += part.parts + ([part.message] if part.message else [])


def test_a_bomb_of_nested_parts_ends():
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000)
    )
    assert structure.body(mime.parse(raw), True).count(b"(") < 1000
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 50_000
    assert len(mime.parse(raw).parts) <= mime.MOST


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@b", [(None, None, "a", "b")]),
        ('"A, B" <a@b>, c@d', [("A, B", None, "a", "b"), (None, None, "c", "d")]),
        ("a@b (Ann (the first))", [("Ann (the first)", None, "a", "b")]),
        ("g: a@b;", [(None, None, "g", None), (None, None, "a", "b"), (None, None, None, None)]),
        ("nobody", [(None, None, "nobody", "")]),
        ("", []),
        ("<>", []),
    ],
)  # fmt: skip
def test_addresses_are_read_as_people_write_them(text, found):
    assert addresses.parse(text) == found


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?q?h=C3=A9?=", "hé"),
        ("Th\u00c6\u00b0", "Th\u01b0"),
        ("=?no-such?q?a?=", "a"),
        ("=?utf-8?b?####?=", "=?utf-8?b?####?="),
    ],
)
def test_encoded_words_and_bare_utf_8_are_decoded(raw, text):
    assert decoded(raw) == text or text.startswith("=?")

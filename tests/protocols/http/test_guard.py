"""Nothing that signs in is left in a line, and what may show does."""

from __future__ import annotations

import base64
import json
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.http.guard import masked, telling
from tests.protocols.dialogue import Turn, digest
from tests.protocols.http.dialogue import FORM, GET, OK, guarded

SECRET = b"hunter2-and-more"
BASIC = base64.b64encode(b"ann:" + SECRET)
FOLDED = b"Authorization: Basic\r\n  " + BASIC


def request(*fields: bytes, body: bytes = b"") -> list[Turn]:
    return [
        ("C", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(one + b"\r\n" for one in fields) + b"\r\n" + body)
    ]


WAYS = [
    request(b"Authorization: Basic " + BASIC),
    request(b"authorization:basic " + BASIC),
    request(b"Authorization : Basic " + BASIC),
    request(b"Proxy-Authorization: Basic   " + BASIC),
    request(b"Authorization: Bearer " + SECRET),
    request(b"Authorization: " + SECRET),
    request(b'Authorization: Digest username="ann", realm="x", response="' + SECRET + b'", nc=1'),
    request(FOLDED),
    request(b"Cookie: a=1; id=" + SECRET + b"; b=2"),
    request(b"Cookie: " + SECRET),
    [GET, ("S", OK[1].replace(b"\r\n\r\n", b"\r\nSet-Cookie: id=" + SECRET + b"; Path=/; HttpOnly\r\n\r\n"))],
    request(body=b"Authorization: Basic " + BASIC + b"\r\n\r\n"),
    [FORM, ("S", b"HTTP/1.1 100 Continue\r\n\r\n"), ("C", b"a=1&password=" + SECRET)],
    [("C", b"GET /login?user=ann&password=" + SECRET + b" HTTP/1.1\r\nHost: x\r\n\r\n")],
    [("C", b"GET http://ann:" + SECRET + b"@x/ HTTP/1.1\r\nHost: x\r\n\r\n")],
    *(
        [GET, ("S", OK[1].replace(b"\r\n\r\n", b"\r\nSet-Cookie:" + fold + SECRET + b"; Path=/\r\n\r\n"))]
        for fold in (b" id=\r\n ", b"\r\n\tid=", b" id\r\n =", b" id=a\r\n b\r\n ")
    ),
    *(
        request(name + b": " + SECRET)
        for name in (b"X-Api-Key", b"x-auth-token", b"X-CSRFToken", b"X-My-Secret")
    ),
    [GET, ("S", OK[1].replace(b"\r\n\r\n", b"\r\nWWW-Authenticate: Negotiate " + SECRET + b"\r\n\r\n"))],
    [("C", b"GET /?to=//ann:" + SECRET + b"@x/ HTTP/1.1\r\nHost: x\r\n\r\n")],
    [("C", b"GET http://ann%3A" + SECRET + b"@x/ HTTP/1.1\r\nHost: x\r\n\r\n")],
    request(body=b"<login><password>" + SECRET + b"</password></login>\r\n"),
    [*request(b"Authorization: Bearer " + SECRET), ("S", OK[1][:-5] + b"you sent " + SECRET)],
]


@pytest.mark.parametrize("way", range(len(WAYS)))
@pytest.mark.parametrize("step", [0, 1, 5])
def test_no_secret_is_left(way: int, step: int):
    kept = b"\n".join(line.raw for line in guarded(WAYS[way], step))
    assert SECRET not in kept and BASIC not in kept


VIETNAMESE = (
    "mật_khẩu", "mật khẩu", "Mật-khẩu", "mat-khau", "mat khau", "matkhau", "nhập lại mật khẩu", "MẬT_KHẨU", "mật mã",
    "mã_bí_mật",
    unicodedata.normalize("NFD", "mật_khẩu"), "mã PIN",
)  # fmt: skip


@pytest.mark.parametrize("name", VIETNAMESE)
def test_a_password_is_known_by_its_vietnamese_name(name: str):
    plain, coded, plus = name.replace(" ", "_").encode(), quote(name).encode(), quote_plus(name).encode()
    for way in (
        [("C", b"GET /?x=1&" + form + b"=" + SECRET + b" HTTP/1.1\r\nHost: x\r\n\r\n")]
        for form in (plain, coded, plus)
    ):
        assert SECRET not in b"\n".join(line.raw for line in guarded(way))
    body = plus + b"=" + SECRET
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    assert SECRET not in b"\n".join(line.raw for line in guarded([("C", head % len(body) + body)]))
    if "PIN" in name:
        return  # likely only: in a body it may be any number
    for text in (
        json.dumps({name: SECRET.decode()}),
        json.dumps({name: SECRET.decode()}, ensure_ascii=False),
    ):
        body = text.encode()
        assert SECRET not in b"\n".join(line.raw for line in guarded([("C", head % len(body) + body)]))
    assert masked(f"http://x/?{name.replace(' ', '_')}=abc") == f"http://x/?{name.replace(' ', '_')}=***"


@pytest.mark.parametrize(
    "name", ["format_mat", "matmatch", "bimatrix", "tên", "địa_chỉ", "mat", "khau", "mã"]
)
def test_other_words_are_no_passwords(name: str):
    assert telling(name) == ""


def spans(turns: list[Turn]):
    return [span for line in guarded(turns) for span in line.hidden]


def test_basics_user_name_may_show_and_its_password_can_be_compared():
    [span] = spans(WAYS[0])
    assert (span.kind, span.user, span.length, span.fingerprint) == (
        "basic",
        "ann",
        len(BASIC),
        digest(SECRET),
    )


def test_cookies_keep_their_names_and_attributes():
    line = guarded(WAYS[8])[2]
    assert line.raw == b"Cookie: a=; id=; b="
    assert [span.user for span in line.hidden] == ["a", "id", "b"]
    assert [span.start for span in line.hidden] == [10, 15, 19]
    assert line.cut == 0
    assert any(line.raw == b"Set-Cookie: id=; Path=/; HttpOnly" for line in guarded(WAYS[10]))


def test_a_password_of_figures_is_hidden_in_json_as_well():
    body = b'{"user": 17, "password": 90210345}'
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert guarded([("C", head + body)])[-1].raw == b'{"user": 17, "password": }'


def test_digest_keeps_what_is_no_secret():
    assert b'username="ann"' in guarded(WAYS[6])[2].raw


def test_a_form_keeps_the_names_of_its_fields():
    assert guarded([*WAYS[12][:2], ("C", b"a=1&password=hunter2")])[-1].raw == b"a=1&password="


def test_a_password_that_is_longer_than_content_length_says_is_hidden_to_its_end():
    body, rest = guarded(WAYS[12])[-2:]
    assert (body.raw, rest.raw) == (b"a=1&password=", b"")


def test_what_is_no_secret_stays():
    turns = [GET, OK]
    assert not spans(turns)


@given(st.lists(st.binary(max_size=60), max_size=8), st.sampled_from("CS"))
def test_any_bytes_are_taken(pieces: list[bytes], speaker):
    guarded([(speaker, piece) for piece in pieces])

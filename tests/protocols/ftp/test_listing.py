"""Listings as servers write them, and as nobody should."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.ftp.listing import Listing, parse_facts, parse_list, parse_time

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

LINES = [
    # how vsftpd, ProFTPD, pyftpdlib write it
    ("-rw-r--r--   1 1000    1000      1234 Jan 2 12:34 project.dat", "file", "project.dat", 1234, "2026-01-02 12:34"),
    ("drwxr-xr-x   2 ftp      ftp        96 Nov 25  2019 sendmail-7.5", "dir", "sendmail-7.5", 96, "2019-11-25 00:00"),
    ("-rw-r--r--   1 ann ann 0 Nov 25 23:59  two  spaces ", "file", " two  spaces ", 0, "2025-11-25 23:59"),
    ("lrwxrwxrwx   1 root root 11 Mar 10 09:00 now -> 2026/march", "link", "now", 11, "2026-03-10 09:00"),
    ("-rw-rw-r--+  1 ann Domain Users 5 Feb 29  2024 leap", "file", "leap", 5, "2024-02-29 00:00"),
    ("-rw-r--r-- 1 ann 77 Mar 11 02:00 ahead of us", "file", "ahead of us", 77, "2026-03-11 02:00"),
    ("-rw-r--r-- 1 ann ann 77 2026-01-02 12:34 long-iso", "file", "long-iso", 77, "2026-01-02 12:34"),
    ("-rw-r--r-- 1 ann ann 77 2 Jan 2026 day first", "file", "day first", 77, "2026-01-02 00:00"),
    ("brw-rw----  1 root disk 8, 0 Jan  2 12:34 sda", "other", "sda", None, "2026-01-02 12:34"),
    ("drwxr-xr-x  9 ann ann 4096 Jan  2 12:34 .", "here", ".", 4096, "2026-01-02 12:34"),
    ("drwxr-xr-x  9 ann ann 4096 Jan  2 12:34 ..", "parent", "..", 4096, "2026-01-02 12:34"),
    ("-rw-r--r-- 1 ann ann 6 Jan  2 12:34 1 5 Jan 3 12:34 odd", "file", "1 5 Jan 3 12:34 odd", 6, "2026-01-02 12:34"),
    ("-rw-r--r-- 1 ann ann 6 Jan  2 12:34 Bài tập số 1.txt", "file", "Bài tập số 1.txt", 6, "2026-01-02 12:34"),
    # NetWare
    ("d [R----F--] supervisor            512       Jan 16 18:53 login", "dir", "login", 512, "2026-01-16 18:53"),
    ("- [R----F--] rhesus             214059       Oct 20 15:27 cx.exe", "file", "cx.exe", 214059, "2025-10-20 15:27"),
    # DOS and IIS
    ("04-27-20  09:09PM       <DIR>          licensed", "dir", "licensed", None, "2020-04-27 21:09"),
    ("07-18-2026  10:16AM                 1,234 my file.txt", "file", "my file.txt", 1234, "2026-07-18 10:16"),
    ("2026-01-02  12:34       <DIR>          iso", "dir", "iso", None, "2026-01-02 12:34"),
    # EPLF
    ("+i8388621.48594,m825718503,r,s280,\tdjb.html", "file", "djb.html", 280, "1996-03-01 22:15"),
    ("+i8388621.50690,m824255907,/,\t514", "dir", "514", None, "1996-02-13 23:58"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "kind", "name", "size", "modified"), LINES)
def test_a_line_of_list_is_read(line, kind, name, size, modified):
    entry = parse_list(line.encode(), NOW)
    assert (entry.kind, entry.name, entry.raw_name, entry.size) == (kind, name, name.encode(), size)
    assert f"{entry.modified:%Y-%m-%d %H:%M}" == modified


def test_owner_group_mode_and_target_are_told():
    entry = parse_list(b"-rw-rw-r--+  1 ann Domain Users 5 Feb 29  2024 leap", NOW)
    assert (entry.owner, entry.group, entry.mode) == ("ann", "Domain Users", "rw-rw-r--")
    assert parse_list(b"lrwxrwxrwx 1 r r 11 Mar 10 09:00 a -> b -> c", NOW).target == "b -> c"
    entry = parse_list(b"-rw-r--r-- 1 ann 77 Mar 11 02:00 x", NOW)
    assert (entry.owner, entry.group) == ("ann", "")


def test_facts_are_read_with_every_sign_of_the_name():
    line = "Type=file;Size=12;Modify=20260102123456.789;Perm=adfr;UNIX.mode=0640;x.y=z; ;a=b; ộ".encode()
    entry = parse_facts(line)
    assert (entry.kind, entry.name, entry.size, entry.perm, entry.mode) == (
        "file",
        ";a=b; ộ",
        12,
        "adfr",
        "rw-r-----",
    )
    assert entry.exact and entry.modified == datetime(2026, 1, 2, 12, 34, 56, tzinfo=UTC)
    assert entry.facts["x.y"] == "z"
    kinds = [
        parse_facts(b"type=" + kind + b"; x").kind for kind in (b"dir", b"cdir", b"pdir", b"OS.unix=slink:/y")
    ]
    assert kinds == ["dir", "here", "parent", "link"]
    assert parse_facts(b"type=OS.unix=slink:/y; x").target == "/y"
    assert parse_facts(b" no facts at all").name == "no facts at all"


def test_a_name_that_is_no_utf8_is_shown_and_said_again_as_it_was():
    entry = parse_list(b"-rw-r--r-- 1 a a 6 Jan  2 12:34 caf\xe9", NOW)
    assert (entry.name, entry.raw_name) == ("café", b"caf\xe9")


@pytest.mark.parametrize(
    "line", [b"hello", b"drwx", b"-rw-r--r-- 1 ann ann 6 Foo 2 12:34 x", b"type=file; ", b"\x00\xff"]
)
def test_a_line_that_is_none_of_them_is_given_raw(line):
    how = parse_facts if line.startswith(b"type") else lambda raw: parse_list(raw, NOW)
    entry = how(line)
    assert (entry.raw_name in (line, b"")) and not entry.usable


@pytest.mark.parametrize("name", [b"..", b".", b"../x", b"/etc/passwd", b"a\0b", b"a\rb", b""])
def test_a_name_that_may_not_be_said_is_not_usable(name):
    assert not parse_facts(b"type=file;size=1; " + name).usable


def test_a_listing_comes_in_any_pieces_and_total_is_no_entry():
    raw = b"total 12\r\n" + b"".join(line[0].encode() + b"\r\n" for line in LINES) + b"nonsense"
    whole = Listing("LIST", NOW)
    entries = whole.feed(raw) + whole.close()
    assert len(entries) == len(LINES) + 1 and entries[-1].kind == ""
    bytewise, again = Listing("LIST", NOW), []
    for at in range(len(raw)):
        again += bytewise.feed(raw[at : at + 1])
    assert again + bytewise.close() == entries


def test_names_alone_have_no_path():
    listing = Listing("NLST")
    assert [entry.name for entry in listing.feed(b"a.dat\r\n./b.dat\r\n/pub/c.dat\n")] == [
        "a.dat",
        "b.dat",
        "c.dat",
    ]


def test_times():
    assert (
        parse_time("20260102123456") and parse_time("19126010212345") == parse_time("2026010212345") is None
    )
    assert parse_time("191260102123456") == datetime(2026, 1, 2, 12, 34, 56, tzinfo=UTC)
    assert parse_time("20261302123456") is None and parse_time("") is None


@given(st.binary(max_size=300), st.sampled_from(["LIST", "MLSD", "NLST"]))
def test_no_line_is_an_error_and_none_is_lost(raw, how):
    lines = [line for line in raw.split(b"\n") if line.strip() and not line.strip().startswith(b"total")]
    listing = Listing(how, NOW)
    found = listing.feed(raw) + listing.close()
    assert len(found) >= len(lines) - raw.lower().count(b"total")


@pytest.mark.parametrize(
    "line",
    [b"-rw-r--r-- " + b"1 " * 4000, b"-rw-r--r-- " + b" " * 8000, b"-rw-r--r-- " + b"9" * 8000, b"1" * 8000,
     b"-rw-r--r-- " + b"1 Jan 1 " * 1000, b"01-01-20 10:10PM" + b" " * 8000, b"a=b;" * 2000, b"-[" + b"R" * 8000],
)  # fmt: skip
def test_a_hostile_line_costs_no_time(line):
    began = time.monotonic()
    parse_list(line, NOW), parse_facts(line)
    assert time.monotonic() - began < 0.1

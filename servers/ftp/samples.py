"""What ``anonymous`` finds: the files of the course's session, and some to try ASCII and binary on."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path

CHANGED = datetime(2026, 9, 1, 7, 30, tzinfo=UTC).timestamp()

README = """\
Welcome to the public folder of the lab's FTP server.

Everybody may read here: the user name is "anonymous", and for a password the
server asks, by old custom, for your e-mail address. Nobody may write here; your
own folder is where you come when you sign in with your own name.

Things to try
  dir                       a long listing, brought over a data connection
  get project.dat           one file
  mget *.dat                several: the client asks for their names first
  cd lessons                another folder
  ascii, binary             how line ends travel (lessons/ascii-or-binary.txt)
  passive                   who connects to whom for the data
"""

SENDMAIL = """\
sendmail
--------
A mail transfer agent: it takes a letter from a program or from another computer,
looks where the recipient's mail is to go, and hands it on, by SMTP, to the next
computer on the way. For many years it carried most of the Internet's mail, and its
rules for rewriting addresses filled books.

On an FTP server of the nineties a folder or an archive of this name held its
source, for whoever ran a mail server to fetch and build. This file stands in its
place. What it did you can see in the lab: open the console, connect to the SMTP
server and type MAIL FROM, RCPT TO and DATA yourself.
"""

WRAPPER = """\
tcp-wrapper
-----------
A small guard in front of other servers. The system listens on their ports; when
somebody connects, the wrapper looks at where from, compares it with two lists
(hosts.allow and hosts.deny), writes a line into the log, and only then starts the
real server, or hangs up.

The idea lives on in every firewall: decide by address before a program that might
be attacked reads its first byte. The lab's servers do a little of it themselves:
the FTP server opens data connections to nobody but the client that asked.
"""

INND = """\
innd
----
A news server. Before there were web forums, discussions travelled from server to
server as articles, sorted into groups such as comp.protocols.tcp-ip. innd took
them in from its neighbours, kept them for some days, and passed them on, by NNTP,
a protocol that looks much like SMTP: commands of a few letters, replies of three
digits, a lone dot at the end of a text.

Try to see the family likeness: 220 greets in FTP, in SMTP and in NNTP alike.
"""

ASCII = """\
ASCII or binary?
================
FTP has two ways to carry a file. In ASCII mode (TYPE A) it is text: each line end
is turned into CR LF on the wire, and into what the receiving computer uses at the
other end. In binary mode (TYPE I) every byte goes as it is.

Try it with ../random.dat, which is no text:
  ascii   then  get random.dat     the size differs from what the server has
  binary  then  get random.dat     65,536 bytes, and the SHA-256 of ../SHA256SUMS

Text survives both. Pictures, programs and archives survive only binary mode, which
is why every program of today begins with TYPE I.
"""

LESSON = """\
Bài 1: FTP
==========
FTP dùng hai kết nối: một kết nối điều khiển, trên đó máy khách gửi lệnh và máy chủ
trả lời, và mỗi lần truyền một kết nối dữ liệu.

  chế độ chủ động (PORT): máy chủ kết nối tới máy khách
  chế độ bị động (PASV):  máy khách kết nối tới máy chủ

Hãy tải tệp này về và xem trong bảng điều khiển: tên tệp được gửi bằng UTF-8.
"""

PROJECT = [
    ("1", "Mail server", "SMTP", "ann,ben", "2026-10-05"),
    ("2", "Mailbox reader", "POP3", "chi,dung", "2026-10-12"),
    ("3", "File browser", "FTP", "giang,hoa", "2026-10-19"),
    ("4", "Chat room", "IRC", "khanh,linh", "2026-10-26"),
    ("5", "Page fetcher", "HTTP", "minh,nam", "2026-11-02"),
]

CITIES = ("Hanoi", "Hue", "Da Nang", "Da Lat", "Saigon")


def make(public: Path) -> None:
    """Make the folder with its files, if there is none; what an operator put there or took away stays so."""
    if public.exists():
        return
    public.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = public.with_name(f".public-{secrets.token_hex(4)}")
    for name, content in contents().items():
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
    for path in sorted([fresh, *fresh.rglob("*")], reverse=True):
        os.utime(path, (CHANGED, CHANGED))
    try:
        fresh.rename(public)
    except OSError:  # another door was quicker
        shutil.rmtree(fresh, ignore_errors=True)


def contents() -> dict[str, bytes]:
    """Name to bytes; the same at every lab, so that a class can compare."""
    files = {
        "README": README.encode(),
        "sendmail-7.5": SENDMAIL.encode(),
        "tcp-wrapper": WRAPPER.encode(),
        "innd": INND.encode(),
        "project.dat": _table("no;title;protocol;by;due", PROJECT),
        "temperature.dat": _table("city;month;celsius", _temperatures()),
        "primes.dat": "".join(f"{number}\n" for number in _primes(5000)).encode(),
        "squares.dat": "".join(f"{number:4d} {number * number:8d}\n" for number in range(1, 201)).encode(),
        "random.dat": _bytes(65_536),
        "lessons/ascii-or-binary.txt": ASCII.encode(),
        "lessons/Bài 1 - FTP.txt": LESSON.encode(),
    }
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return {**files, "SHA256SUMS": "".join(sums).encode()}


def _table(head: str, rows: list[tuple[str, ...]]) -> bytes:
    return "".join(line + "\n" for line in (head, *(";".join(row) for row in rows))).encode()


def _temperatures() -> list[tuple[str, ...]]:
    """Made up, with a summer and a winter, and the south warmer than the north."""
    swing = (0, 1, 3, 6, 9, 11, 11, 10, 9, 7, 4, 1)
    return [
        (city, str(month), f"{17 + 2 * at + swing[month - 1] * (5 - at) / 5:.1f}")
        for at, city in enumerate(CITIES)
        for month in range(1, 13)
    ]


def _primes(below: int) -> list[int]:
    return [number for number in range(2, below) if all(number % by for by in range(2, int(number**0.5) + 1))]


def _bytes(count: int) -> bytes:
    """Bytes that look random and never change."""
    blocks = (hashlib.sha256(b"netlab %d" % at).digest() for at in range(count // 32))
    return b"".join(blocks)

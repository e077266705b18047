"""What a request may be, and the words for one that is none: ``site`` does not get to see it."""

from __future__ import annotations

import re

import h11

from protocols.http.replies import reason
from servers.http.message import TEXT, Reply

HEAD = 32 * 1024
"""Bytes of a request's head, and of the buffer that waits for one."""
TARGET = 8000
"""Bytes of a request's target (RFC 9112 section 3 asks for 8000 at least)."""
_VERSION = re.compile(rb"[ \t]HTTP/[0-9.]{1,10}[ \t]*\r?$")

_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.]+\]|[A-Za-z0-9._~!$&'()*+;=%\x80-\xff-]*)(?::[0-9]*)?")


class Refused(Exception):
    """A request that ``site`` does not get to see; the connection ends with the answer."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


def hold(request: h11.Request) -> None:
    """Hold a head to its bounds where it came in one piece, which h11 does not count."""
    target = request.target
    if len(target) > TARGET:
        raise Refused(414, f"A target may have {TARGET} bytes at most, this one has {len(target)}.")
    if sum(len(name) + len(value) + 4 for name, value in request.headers.raw_items()) > HEAD:
        raise Refused(431, f"The head of a request may have {HEAD} bytes at most.")
    fields = dict(request.headers)
    if b"content-length" in fields and b"transfer-encoding" in fields:
        raise Refused(
            400,
            "a body's end is told by Content-Length or by chunks, not by both (RFC 9112, 6.1): they may differ.",
        )
    if not _HOST.fullmatch(fields.get(b"host", b"")):
        raise Refused(
            400, "Host names one site, and its port where that is not the usual one (RFC 9112, 3.2)."
        )
    if (
        request.method != b"CONNECT"
        and target != b"*"
        and not target.startswith(b"/")
        and b"://" not in target
    ):
        raise Refused(
            400, "a target begins with / (RFC 9112, 3.2): it is a path on this server, or a whole address."
        )


def look(line: bytes) -> None:
    """Refuse a first line without a version at once; h11 would wait for the blank line, and so would a person."""
    if not _VERSION.search(line):
        raise Refused(400, _no_request(line.strip()))


def _no_request(line: bytes) -> str:
    """Why a first line without a version is none."""
    if re.fullmatch(rb"GET[ \t]+\S+", line):
        return (
            "a request without a version is HTTP/0.9 (1991), which nobody speaks any more. Say HTTP/1.0 or HTTP/1.1 "
            "at its end, then the fields, then a blank line."
        )
    return "a request begins with a method, a target and a version, as in GET / HTTP/1.1 (RFC 9112, 3)."


def plain(code: int, why: str) -> Reply:
    """An answer of one line."""
    return Reply(
        code, f"{code} {reason(code)}: {why}\n".encode(), TEXT, close=code in (400, 408, 413, 414, 431, 503)
    )


def why(code: int, text: str) -> str:
    """What h11 found wrong, for people."""
    if "Host: header" in text:
        return "a request in HTTP/1.1 has to name the site it wants in one Host field (RFC 9112, 3.2)."
    if code == 431:
        return f"The head of a request may have {HEAD} bytes at most."
    return f"this is no request that HTTP/1.1 knows ({text})."

"""Lessons: redirects, any status code, and what an answer says of copies, languages and codings (RFC 9110, 9111)."""

from __future__ import annotations

import gzip
import re
import time
from html import escape

from protocols import catalog
from protocols.http.replies import codes
from servers.http.conditional import date
from servers.http.message import TEXT, Asked, Reply
from servers.http.page import BACK, file, label, page
from servers.http.state import REALM


def redirect(asked: Asked) -> Reply:
    """``/redirect/301`` and so on, ``/redirect/chain/3``, ``/redirect/loop``, ``/redirect/away``."""
    what = asked.path.removeprefix("/redirect/")
    if what in ("301", "302", "303", "307", "308"):
        return _to(int(what), f"/redirected.html?by={what}")
    if found := re.fullmatch(r"chain/([0-9]{1,2})", what):
        left = int(found[1])
        return _to(302, f"/redirect/chain/{left - 1}" if left > 1 else "/redirected.html?by=chain")
    if what == "loop":
        return _to(302, "/redirect/loop")
    if what == "relative":
        return _to(302, "../redirected.html?by=relative")
    if what == "away":
        return _to(302, "http://somewhere.else.example/")
    return page("No such redirect", BACK, 404)


def _to(code: int, where: str) -> Reply:
    text = f'<p>This page is at <a href="{escape(where)}">{escape(where)}</a>.</p>'
    return page("Go elsewhere", text, code).with_fields(("Location", where))


def status(asked: Asked) -> Reply:
    """``/status/404``: an answer with that code."""
    text = asked.path.removeprefix("/status/")
    if not re.fullmatch(r"[2-5][0-9]{2}", text):
        return page("No such code", f"<p>A number from 200 to 599.</p>{BACK}", 404)
    code, entry = int(text), codes().get(int(text))
    said = catalog.phrase(f"http.status_codes.{code}", {}) if entry else "This code is in no table."
    title = f"{code} {entry.name}" if entry else str(code)
    if code in (204, 205, 304):
        return Reply(code, kind="")
    extra = {
        401: ("WWW-Authenticate", f'Basic realm="{REALM}"'),
        405: ("Allow", "GET"),
        407: ("Proxy-Authenticate", f'Basic realm="{REALM}"'),
        416: ("Content-Range", "bytes */0"),
        426: ("Upgrade", "HTTP/2.0"),
        429: ("Retry-After", "10"),
        503: ("Retry-After", "10"),
    }.get(code)
    if code in (300, 301, 302, 303, 307, 308):
        extra = ("Location", f"/redirected.html?by={code}")
    reply = page(title, f"<p>{escape(said)}</p>{BACK}", code)
    reply = reply.with_fields(extra) if extra else reply
    return reply.with_fields(("Connection", "Upgrade")) if code == 426 else reply


def cache_fresh(asked: Asked) -> Reply:
    """``/cache/fresh``: may be used again for a minute without asking."""
    now = time.time()
    text = (
        f'<p class="big">{time.strftime("%H:%M:%S", time.gmtime(now))} UTC</p>'
        "<p>This was made at that moment and stays fresh for 60 seconds. Follow a link here within "
        "them, and a browser shows the same time without asking; "
        f"after a reload, or later, it asks.</p><p><a href='/cache/fresh'>This page again</a></p>{BACK}"
    )
    return page("Fresh for a minute", text).with_fields(
        ("Cache-Control", "max-age=60"), ("Expires", date(now + 60))
    )


def cache_never(asked: Asked) -> Reply:
    """``/cache/never``: never to be kept."""
    now = time.strftime("%H:%M:%S", time.gmtime())
    text = f'<p class="big">{now} UTC</p><p>No copy of this may be kept: it is made anew each time.</p>{BACK}'
    return page("Never kept", text).with_fields(("Cache-Control", "no-store"))


def language(asked: Asked) -> Reply:
    """``/language``: one address, two languages; Accept-Language chooses (RFC 9110 section 12.5.4)."""
    chosen = _preferred(asked.value("accept-language"), ("en", "vi"))
    found = file(f"language.{chosen}.html")
    if found is None:
        return Reply(500)
    fields = (("Content-Language", chosen), ("Vary", "Accept-Language"))
    return Reply(body=found.body, etag=found.etag, fields=fields)


def compressed(asked: Asked) -> Reply:
    """``/compressed``: gzip for a client that says it understands it."""
    found = file("alphabet.txt")
    body = found.body if found else b""
    reply = Reply(body=body, kind=TEXT, fields=(("Vary", "Accept-Encoding"),))
    if _preferred(asked.value("accept-encoding"), ("identity", "gzip")) != "gzip":
        return reply
    packed = gzip.compress(body, mtime=0)
    return Reply(body=packed, kind=TEXT, etag=label(packed), fields=reply.fields).with_fields(
        ("Content-Encoding", "gzip")
    )


def _preferred(wanted: str, offered: tuple[str, ...]) -> str:
    """Which of ``offered`` a list by preference wants most; the first where it says nothing of any."""
    best, choice = 0.0, offered[0]
    for part in wanted.split(",")[:50]:
        name, _, rest = part.strip().partition(";")
        found = re.search(r"q=([0-9.]{1,5})", rest)
        try:
            weight = float(found[1]) if found else 1.0
        except ValueError:
            continue
        base = name.strip().lower()
        match = next((one for one in offered if base == one or base.partition("-")[0] == one), "")
        if match and weight > best:
            best, choice = weight, match
    return choice

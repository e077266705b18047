"""Pages that show one thing of HTTP each: forms, redirects, sign-in, cookies, caches, chunks, codes, time."""

from __future__ import annotations

import asyncio
import base64
import binascii
import email
import email.policy
import gzip
import random
import re
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from html import escape
from typing import cast

from protocols import catalog
from protocols.http.replies import codes
from servers.http.conditional import date
from servers.http.message import TEXT, Asked, Reply, pairs
from servers.http.page import file, label, page, table

GUEST = ("guest", "hypertext")
REALM = "the lab's private pages"
SLOWEST, MOST_CHUNKS, MOST_BYTES = 10.0, 50, 1024 * 1024
_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]{0,200}")
BACK = '<p><a href="/lessons.html">All lessons</a></p>'


def request(asked: Asked) -> Reply:
    """``/request``: what the client said, as this server understood it."""
    hidden = ("authorization", "proxy-authorization", "cookie")
    rows = [(name, value if name.lower() not in hidden else "…") for name, value in asked.fields]
    first = f"{asked.method} {asked.target} HTTP/{asked.version}"
    text = (
        f"<p>Your request began with</p><pre>{escape(first)}</pre>"
        f"<p>and had {len(rows)} fields and a body of {len(asked.body)} bytes. It came from {escape(asked.peer)}, as "
        f"number {asked.count} on this connection.</p>{table(rows, ('Field', 'Value'))}{BACK}"
    )
    return page("What you sent", text)


# Forms


def form_get(asked: Asked) -> Reply:
    """``/forms/get``: a form's data in the address."""
    text = (
        f"<p>What you typed came in the address, after the question mark:</p><pre>{escape(asked.target[:2000])}</pre>"
        f'{table(asked.query)}<p>So it can be a bookmark, and stands in every log. <a href="/forms.html">Back to the '
        "forms</a></p>"
    )
    return page("A form by GET", text)


def form_post(asked: Asked) -> Reply:
    """``/forms/post``: a form's data in the body."""
    if asked.method != "POST":
        return Reply(303, kind="", fields=(("Location", "/forms.html"),))
    if not asked.value("content-type").lower().startswith("application/x-www-form-urlencoded"):
        return page(
            "No form", "<p>Only <code>application/x-www-form-urlencoded</code> is read here.</p>", 415
        )
    rows = [
        (name, value if "password" not in name.lower() else f"({len(value)} characters)")
        for name, value in pairs(asked.body.decode("utf-8", "replace"))
    ]
    text = (
        f"<p>What you typed came in the body, {len(asked.body)} bytes of it; the address has nothing of it.</p>"
        f"{table(rows)}<p>Reload this page: a browser asks first, for POST may do something twice. "
        '<a href="/forms.html">Back to the forms</a></p>'
    )
    return page("A form by POST", text)


def form_upload(asked: Asked) -> Reply:
    """``/forms/upload``: a form with a file, in parts (RFC 7578)."""
    if asked.method != "POST":
        return Reply(303, kind="", fields=(("Location", "/forms.html"),))
    kind = asked.value("content-type")
    if not kind.lower().startswith("multipart/form-data"):
        return page("No form with a file", "<p>Only <code>multipart/form-data</code> is read here.</p>", 415)
    rows = [(name, what) for name, what in _parts(kind, asked.body)]
    text = (
        f"<p>The body had {len(asked.body)} bytes in {len(rows)} parts. Nothing of it was kept.</p>"
        f'{table(rows, ("Part", "What came"))}<p><a href="/forms.html">Back to the forms</a></p>'
    )
    return page("A form with a file", text)


def _parts(kind: str, body: bytes) -> list[tuple[str, str]]:
    head = f"Content-Type: {kind}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", "replace")
    whole = cast(EmailMessage, email.message_from_bytes(head + body, policy=email.policy.HTTP))
    rows = []
    for part in list(whole.iter_parts())[:50] if whole.is_multipart() else []:
        name = str(part.get_param("name", "?", header="content-disposition"))
        raw = part.get_payload(decode=True) or b""
        raw = raw if isinstance(raw, bytes) else b""
        file_name = part.get_filename()
        if file_name is None:
            rows.append((name, raw.decode("utf-8", "replace")[:500]))
        else:
            rows.append((name, f"file “{file_name}”, {part.get_content_type()}, {len(raw)} bytes"))
    return rows


# Redirects


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


# Signing in


async def private(asked: Asked) -> Reply:
    """``/private/``: Basic authentication (RFC 7617), with a lab login or the guest's."""
    user, password = _basic(asked.value("authorization"))
    if not user:
        return _who_are_you("This page is for people who sign in.")
    if (user, password) != GUEST and not await asked.service.authenticator.check(
        "http", user, password, asked.peer
    ):
        return _who_are_you("That name and that password do not go together.")
    text = (
        f"<p>You are <strong>{escape(user)}</strong>. Your browser says so again with every request for this page, in "
        "the field <code>Authorization</code>: the server remembers nothing.</p><p>What stands there is base64 of "
        f"name and password. It is encoded, not encrypted: without TLS whoever listens can read it.</p>{BACK}"
    )
    return page("Private", text).with_fields(("Cache-Control", "no-store"))


def _basic(value: str) -> tuple[str, str]:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return user, password


def _who_are_you(why: str) -> Reply:
    text = (
        f"<p>{why}</p><p>Take your lab login (its password is on the lab's home page), or the guest's: the name "
        f"<code>{GUEST[0]}</code>, the password <code>{GUEST[1]}</code>.</p>{BACK}"
    )
    return page("Who are you?", text, 401).with_fields(
        ("WWW-Authenticate", f'Basic realm="{REALM}", charset="UTF-8"')
    )


# Cookies


def counter(asked: Asked) -> Reply:
    """``/counter``: a counter that lives in the client's cookie."""
    said = asked.cookies.get("visits", "0")
    visits = min(int(said) if re.fullmatch(r"[0-9]{1,6}", said) else 0, 999_998) + 1
    how = "Your browser said so: it sent the cookie" if said != "0" else "Your browser sent no cookie"
    text = (
        f'<p class="big">{visits}</p><p>{how} <code>visits</code>. This server kept nothing between your requests; '
        f"with the answer it asks your browser to remember <code>visits={visits}</code> for an hour.</p><p>"
        "Load the page again, then look into the cookie jar, change the number there, or empty it. Beside it, "
        'the same <a href="/stateless">without a cookie</a>.</p>'
    )
    cookie = f"visits={visits}; Path=/; Max-Age=3600; SameSite=Lax; HttpOnly"
    return page("A counter", text).with_fields(("Set-Cookie", cookie), ("Cache-Control", "no-store"))


def stateless(asked: Asked) -> Reply:
    """``/stateless``: the same counter without a cookie."""
    text = (
        '<p class="big">1</p><p>It is always your first visit. Each request is complete in itself, and the server '
        "that answered it forgets it: HTTP is <em>stateless</em>. What seems to remember you on the web is your own "
        'browser, which sends a cookie along. <a href="/counter">Try it with one.</a></p>'
    )
    return page("A counter without a cookie", text).with_fields(("Cache-Control", "no-store"))


def cookies(asked: Asked) -> Reply:
    """``/cookies``: what came, and a form to have one set."""
    rows = [(name, value) for name, value in asked.cookies.items()]
    came = table(rows, ("Cookie", "Value")) if rows else "<p>No cookie came with this request.</p>"
    text = (
        f"{came}<h2>Have one set</h2><form action='/cookies/set' method='post'>"
        "<p><label>Name <input name='name' value='colour' required></label></p>"
        "<p><label>Value <input name='value' value='blue'></label></p>"
        "<p><label>Seconds to keep it <input name='age' value='600' inputmode='numeric'></label></p>"
        "<p><button>Set it</button></p></form><form action='/cookies/forget' method='post'>"
        f"<p><button>Forget all</button></p></form>{BACK}"
    )
    return page("Cookies", text).with_fields(("Cache-Control", "no-store"))


def cookie_set(asked: Asked) -> Reply:
    """``/cookies/set``: a cookie of the client's own choice, then back (303)."""
    given = dict(pairs(asked.body.decode("utf-8", "replace")) if asked.method == "POST" else asked.query)
    name, value, age = given.get("name", ""), given.get("value", ""), given.get("age", "")
    if not _COOKIE.fullmatch(name) or not _VALUE.fullmatch(value):
        return page(
            "No cookie", "<p>A name is one word, a value has no blanks, commas or semicolons.</p>", 400
        )
    kept = f"; Max-Age={age}" if re.fullmatch(r"-?[0-9]{1,8}", age) else ""
    return Reply(
        303, kind="", fields=(("Location", "/cookies"), ("Set-Cookie", f"{name}={value}; Path=/{kept}"))
    )


def cookies_forget(asked: Asked) -> Reply:
    """``/cookies/forget``: a cookie goes when it is set anew with a time that is over."""
    gone = [
        ("Set-Cookie", f"{name}=; Path=/; Max-Age=0") for name in asked.cookies if _COOKIE.fullmatch(name)
    ]
    return Reply(303, kind="", fields=(("Location", "/cookies"), *gone[:50]))


# Caches, languages, codings


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


# Bodies, connections, time


def chunked(asked: Asked) -> Reply:
    """``/chunked?n=5``: a body whose length nobody knows when it begins."""
    count = _number(asked.asked("n"), 5, MOST_CHUNKS)

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(1, count + 1):
            yield f"This is piece {number} of {count}, made {time.strftime('%H:%M:%S', time.gmtime())} UTC.\n".encode()
            await asyncio.sleep(0.1 if number < count else 0)

    return Reply(kind=TEXT, pieces=pieces(), fields=(("Cache-Control", "no-store"),))


def connection(asked: Asked) -> Reply:
    """``/connection``: how often this connection has been used."""
    text = (
        f'<p class="big">{asked.count}</p><p>So many requests came on this very connection, this one included. '
        "In HTTP/1.1 it stays open unless one side says <code>Connection: close</code>; in HTTP/1.0 each request "
        'had one of its own.</p><p><a href="/connection">Ask again</a> · <a href="/connection/close">Ask, and let '
        f"the server close</a></p>{BACK}"
    )
    return page("This connection", text).with_fields(("Cache-Control", "no-store"))


def connection_close(asked: Asked) -> Reply:
    """``/connection/close``: the server ends the connection after its answer."""
    text = (
        f"<p>With this answer the server closes the connection: the next request needs a new one.</p>{BACK}"
    )
    reply = page("The last on this connection", text, close=True)
    return reply.with_fields(("Cache-Control", "no-store"))


async def slow(asked: Asked) -> Reply:
    """``/slow?seconds=3``: an answer that takes its time, ten seconds at most."""
    seconds = _number(asked.asked("seconds"), 3, int(SLOWEST))
    await asyncio.sleep(seconds)
    return page("Slow", f"<p>This took {seconds} seconds. Nothing was sent meanwhile.</p>{BACK}")


def early(asked: Asked) -> Reply:
    """``/early``: a page that names what it will need (Link)."""
    return page("Named early", BACK).with_fields(("Link", "</style.css>; rel=preload; as=style"))


def some_bytes(asked: Asked) -> Reply:
    """``/bytes/1000``: so many bytes, the same each time, to ask for parts of."""
    text = asked.path.removeprefix("/bytes/")
    if not re.fullmatch(r"[0-9]{1,7}", text) or int(text) > MOST_BYTES:
        return page("No such size", f"<p>A number up to {MOST_BYTES}.</p>", 404)
    body = random.Random(int(text)).randbytes(int(text))  # noqa: S311  (no secret: a lesson's filling)
    return Reply(body=body, kind="application/octet-stream", etag=label(body), ranges=True)


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


def _number(text: str, default: int, most: int) -> int:
    return min(int(text), most) if re.fullmatch(r"[0-9]{1,6}", text) else default

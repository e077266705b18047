"""Lessons: HTTP remembers nothing. Signing in (RFC 7617) and cookies (RFC 6265), which a client says each time."""

from __future__ import annotations

import base64
import binascii
import re
from html import escape

from servers.http.message import Asked, Reply, pairs
from servers.http.page import BACK, page, table

GUEST = ("guest", "hypertext")
REALM = "the lab's private pages"
_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]{0,200}")


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

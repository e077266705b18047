"""Which answer a request gets: the site's paths, and the methods that every one of them takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape

from servers.http import answers, flow, forms, notes, state
from servers.http.message import Asked, Reply
from servers.http.page import MADE, file, page

Answer = Callable[[Asked], Awaitable[Reply] | Reply]

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
ALLOWED = (*SAFE, "POST", "PUT", "DELETE")

PATHS: dict[str, tuple[Answer, tuple[str, ...]]] = {
    "/request": (forms.request, (*SAFE, "POST", "PUT", "DELETE", "PATCH")),
    "/forms/get": (forms.form_get, SAFE),
    "/forms/post": (forms.form_post, (*SAFE, "POST")),
    "/forms/upload": (forms.form_upload, (*SAFE, "POST")),
    "/private/": (state.private, SAFE),
    "/counter": (state.counter, SAFE),
    "/stateless": (state.stateless, SAFE),
    "/cookies": (state.cookies, SAFE),
    "/cookies/set": (state.cookie_set, (*SAFE, "POST")),
    "/cookies/forget": (state.cookies_forget, (*SAFE, "POST")),
    "/cache/fresh": (answers.cache_fresh, SAFE),
    "/cache/never": (answers.cache_never, SAFE),
    "/language": (answers.language, SAFE),
    "/chunked": (flow.chunked, SAFE),
    "/compressed": (answers.compressed, SAFE),
    "/connection": (flow.connection, SAFE),
    "/connection/close": (flow.connection_close, SAFE),
    "/slow": (flow.slow, SAFE),
    "/early": (flow.early, SAFE),
    "/notes/": (notes.listing, SAFE),
}
BELOW: dict[str, tuple[Answer, tuple[str, ...]]] = {
    "/status/": (answers.status, (*SAFE, "POST", "PUT", "DELETE", "PATCH")),
    "/redirect/": (answers.redirect, (*SAFE, "POST")),
    "/bytes/": (flow.some_bytes, SAFE),
    "/notes/": (notes.note, (*SAFE, "PUT", "DELETE")),
}
"""Whatever stands below these paths."""

HOMES = {"www.example.com": "example.html", "goccongnghe.net": "goccongnghe.vi.html"}
"""Sites of their own on the same server and port: which one is meant, the Host field says."""


async def answer(asked: Asked) -> Reply:
    """Return what is said to ``asked``, before its conditions and ranges are looked at."""
    if asked.target == "*" and asked.method == "OPTIONS":
        return Reply(204, kind="", fields=(("Allow", ", ".join(ALLOWED)),))
    found = _found(asked)
    if found is None:
        return _nothing(asked)
    reply, allowed = found
    if asked.method not in allowed:
        text = (
            f"<p>Here {escape(asked.method)} is not possible. What is, the field <code>Allow</code> says.</p>"
        )
        return page("Not with this method", text, 405).with_fields(("Allow", ", ".join(allowed)))
    if asked.method == "OPTIONS":
        return Reply(204, kind="", fields=(("Allow", ", ".join(allowed)),))
    if asked.method == "TRACE":
        return _trace(asked)
    said = reply(asked)
    return said if isinstance(said, Reply) else await said


def _found(asked: Asked) -> tuple[Answer, tuple[str, ...]] | None:
    if asked.path in PATHS:
        return PATHS[asked.path]
    for start, found in BELOW.items():
        if asked.path.startswith(start) and len(asked.path) > len(start):
            return found
    return (_file, SAFE) if _name(asked) else None


def _name(asked: Asked) -> str:
    """The file that a path names: ``/`` the home of the site that Host asks for, ``/html/x.htm`` its file."""
    path = asked.path
    name = HOMES.get(asked.host, "index.html") if path in ("/", "/index.html", "") else path.lstrip("/")
    name = name.removeprefix("html/") if name == "html/trangtruoc.htm" else name
    return name if "/" not in name and file(name) else ""


def _file(asked: Asked) -> Reply:
    found = file(_name(asked))
    if found is None:
        return _nothing(asked)
    return Reply(body=found.body, kind=found.kind, etag=found.etag, modified=MADE, ranges=True).with_fields(
        ("Cache-Control", "no-cache")
    )


def _nothing(asked: Asked) -> Reply:
    text = (
        f"<p>There is nothing at <code>{escape(asked.path[:300])}</code> on this server. The server is there and "
        'understood you: it is the path that is wrong.</p><p><a href="/">To the first page</a></p>'
    )
    return page("Nothing here", text, 404)


def _trace(asked: Asked) -> Reply:
    """The request as it came, but for what signs in (RFC 9110 section 9.3.8)."""
    secret = ("authorization", "proxy-authorization", "cookie")
    lines = [f"TRACE {asked.target} HTTP/{asked.version}"]
    lines += [f"{name}: {value}" for name, value in asked.fields if name.lower() not in secret]
    return Reply(body="\r\n".join([*lines, "", ""]).encode("latin-1", "replace"), kind="message/http")

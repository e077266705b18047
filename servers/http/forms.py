"""Lessons: what a form sends, in the address, in the body, in parts; and what a client said at all."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from html import escape
from typing import cast

from protocols.http.guard import telling
from servers.http.message import Asked, Reply, pairs
from servers.http.page import BACK, page, table


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
    rows = [(name, _told(name, value)) for name, value in pairs(asked.body.decode("utf-8", "replace"))]
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


def _told(name: str, value: str) -> str:
    """A field's value; of a password's its length."""
    return f"({len(value)} characters)" if telling(name) == "password" else value


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
            rows.append((name, _told(name, raw.decode("utf-8", "replace"))[:500]))
        else:
            rows.append((name, f"file “{file_name}”, {part.get_content_type()}, {len(raw)} bytes"))
    return rows

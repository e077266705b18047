"""Notes that anyone may PUT and DELETE: resources with a state, and what ETag and If-Match are for.

They live in memory, few and small, until the server ends.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from html import escape

from servers.http.conditional import still
from servers.http.message import TEXT, Asked, Reply
from servers.http.page import label, page

MOST, SIZE = 32, 8 * 1024
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True)
class Note:
    """A note: its bytes and when it was put."""

    body: bytes
    put: float


_notes: dict[str, Note] = {
    "hello": Note(b"A note to begin with. PUT another one beside it.\n", 1_794_500_000.0)
}


def listing(asked: Asked) -> Reply:
    """``/notes/``: the notes there are."""
    rows = "".join(f'<li><a href="/notes/{escape(name)}">{escape(name)}</a></li>' for name in sorted(_notes))
    text = (
        "<p>Each note is a resource with a state of its own: <code>GET</code> reads it, <code>PUT</code> makes or "
        "replaces it, <code>DELETE</code> takes it away. A browser's links and forms can only GET and POST, so use a "
        "request that you build yourself, or <code>curl -T file http://…/notes/name</code>.</p>"
        f"<ul>{rows}</ul><p>With <code>If-Match</code> and the note's ETag a PUT works only on the version you read; "
        "otherwise the answer is 412, and nobody's change is lost.</p>"
    )
    return page("Notes", text)


def note(asked: Asked) -> Reply:
    """``/notes/NAME``: GET, HEAD, PUT, DELETE."""
    name = asked.path.removeprefix("/notes/")
    if not _NAME.fullmatch(name):
        return page("No name for a note", "<p>Letters, digits, <code>_ . -</code>, 40 at most.</p>", 404)
    there = _notes.get(name)
    etag = label(there.body) if there else ""
    if asked.method in ("PUT", "DELETE") and not still(asked, etag):
        return page(
            "It has changed", "<p>The note is no longer the one you know. GET it again first.</p>", 412
        )
    if asked.method == "PUT":
        return _put(name, asked)
    if there is None:
        return page("No such note", '<p><a href="/notes/">The notes there are</a></p>', 404)
    if asked.method == "DELETE":
        del _notes[name]
        return Reply(204, kind="")
    return Reply(body=there.body, kind=TEXT, etag=etag, modified=there.put, ranges=True)


def _put(name: str, asked: Asked) -> Reply:
    if len(asked.body) > SIZE:
        return page("Too long for a note", f"<p>{SIZE} bytes at most.</p>", 413)
    new = name not in _notes
    if new and asked.value("if-none-match").strip() != "*" and len(_notes) >= MOST:
        return page("No room", f"<p>There are {MOST} notes; delete one first.</p>", 507)
    _notes[name] = Note(asked.body, time.time())
    fields = (("ETag", label(asked.body)), *((("Location", f"/notes/{name}"),) if new else ()))
    return Reply(201 if new else 204, kind="", fields=fields)

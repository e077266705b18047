"""The site's pages: texts in ``pages/``, put into one frame, whatever comes from outside escaped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from servers.http.message import Reply

FOLDER = files("servers.http").joinpath("pages")
KINDS = {
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "gif": "image/gif",
    "txt": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "htm": "text/html; charset=utf-8",
}
MADE = 1_794_500_000.0
"""When the site's texts were written (November 2026): the Last-Modified of what never changes."""

BACK = '<p><a href="/lessons.html">All lessons</a></p>'

FRAME = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="/icon.png">
</head>
<body>
<header>
<a href="/">netlab's web site</a>
<a href="/lessons.html">Lessons</a>
<a href="/links.html">Addresses</a>
</header>
<main>
{body}
</main>
<footer>
<p>This site is part of the lab and lives on its machine. <a href="/about.html">How it works</a></p>
</footer>
</body>
</html>
"""


@dataclass(frozen=True)
class File:
    """A file of the site: its bytes, its media type, and the label of exactly these bytes."""

    body: bytes
    kind: str
    etag: str


@cache
def file(name: str) -> File | None:
    """Return the file ``name`` of the site (``style.css``), None where there is none."""
    ending = name.rpartition(".")[2]
    if ending not in KINDS or not _listed(name):
        return None
    body = FOLDER.joinpath(name).read_bytes()
    if ending in ("html", "htm"):
        title, _, text = body.decode().partition("\n")
        body = framed(title, text, "vi" if name.endswith("vi.html") or ending == "htm" else "en")
    return File(body, KINDS[ending], label(body))


def label(body: bytes) -> str:
    """The entity tag of ``body``."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def framed(title: str, body: str, language: str = "en") -> bytes:
    """Put ``body``, which is HTML, into the site's frame; ``title`` is text."""
    return FRAME.format(title=escape(title), body=body, language=language).encode()


def page(title: str, body: str, code: int = 200, **rest) -> Reply:
    """An answer that is a page of the site; ``body`` is HTML, ``title`` text."""
    return Reply(code, framed(title, f"<h1>{escape(title)}</h1>\n{body}"), **rest)


def table(rows: list[tuple[str, str]], names: tuple[str, str] = ("Name", "Value")) -> str:
    """Rows as a table, every cell escaped."""
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>"


@cache
def _names() -> frozenset[str]:
    return frozenset(entry.name for entry in FOLDER.iterdir())


def _listed(name: str) -> bool:
    return name in _names()

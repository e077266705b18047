"""A form that was filled in on a page of the frame, as the request that a browser makes of it (HTML, 4.10.21)."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from protocols.url import whatwg

MOST = 200
FILE = 1024 * 1024
"""Bytes of one file; the lab's web server takes no more."""


class TooLarge(ValueError):
    """A file is larger than may be sent; str() is its name."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What to ask: ``kind`` is the body's Content-Type, "" for a request without one; ``secret`` are the names of
    its password fields."""

    method: str
    url: str
    kind: str = ""
    body: bytes = b""
    secret: tuple[str, ...] = ()


def read(posted: Any, files: Any) -> Filled:
    """Read what the frame's script told: action, method, enctype, entries (JSON: name, value or file number), and
    secret (JSON: the names of the fields that are of the type password).

    ValueError where it is none; TooLarge for a file that is too large.
    """
    entries = json.loads(posted.get("entries", "[]"))[:MOST]
    method = "POST" if posted.get("method", "").upper() == "POST" else "GET"
    url = whatwg.read(posted.get("action", ""))
    if url is None:
        raise ValueError("a form leads nowhere")
    secret = tuple(str(name)[:200] for name in json.loads(posted.get("secret", "[]"))[:MOST])
    plain = [(str(one["name"]), str(one.get("value", ""))) for one in entries]
    if method == "GET":
        address = f"{url.href.partition('#')[0].partition('?')[0]}?{urlencode(plain)}"
        return Filled("GET", address, secret=secret)
    if posted.get("enctype") != "multipart/form-data":
        body = urlencode(plain).encode()
        return Filled("POST", url.href, "application/x-www-form-urlencoded", body, secret)
    mark = f"netlab{secrets.token_hex(12)}"
    body = b"".join(_part(mark, one, files) for one in entries)
    body += f"--{mark}--\r\n".encode()
    return Filled("POST", url.href, f"multipart/form-data; boundary={mark}", body, secret)


def _part(mark: str, entry: dict[str, Any], files: Any) -> bytes:
    """One part (RFC 7578); quotes and line ends of names are percent-encoded, as browsers do."""
    head = f'--{mark}\r\nContent-Disposition: form-data; name="{_quoted(str(entry["name"]))}"'
    if "file" not in entry:
        value = str(entry.get("value", "")).replace("\r\n", "\n").replace("\n", "\r\n")
        return f"{head}\r\n\r\n{value}\r\n".encode()
    file = files.get(f"file-{int(entry['file'])}")
    if file is None:
        return f'{head}; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n'.encode()
    if file.size > FILE:
        raise TooLarge(file.name)
    kind = file.content_type or "application/octet-stream"
    kind = kind if kind.isascii() and kind.isprintable() else "application/octet-stream"
    return (
        f'{head}; filename="{_quoted(file.name)}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        + file.read()
        + b"\r\n"
    )


def _quoted(text: str) -> str:
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")

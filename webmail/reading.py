"""A letter's bytes as people read them. Whatever arrives is shown somehow: nothing here raises on odd mail."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from protocols.letter import decoded, in_charset, parse
from webmail import sanitise

TEXT_LIMIT = 512 * 1024
"""Bytes of text or HTML that are shown; the rest is in the source."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something to download; ``number`` counts the leaves of the letter from 0."""

    number: int
    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Letter:
    """What is shown of a letter."""

    subject: str
    sender: tuple[str, str]
    to: list[tuple[str, str]]
    cc: list[tuple[str, str]]
    reply_to: list[tuple[str, str]]
    date: str
    message_id: str
    references: str
    text: str
    html: str
    cut: bool
    files: list[Part]


def read(raw: bytes) -> Letter:
    """Return what is shown of ``raw``."""
    message = parse(raw)
    text, html, files, cut = "", "", [], False
    for number, part in enumerate(_leaves(message)):
        kind = part.get_content_type()
        attached = _disposition(part) == "attachment" or bool(_name(part, ""))
        if kind == "text/plain" and not attached:
            piece, was_cut = _text(part)
            text, cut = f"{text}\n{piece}" if text else piece, cut or was_cut
        elif kind == "text/html" and not attached and not html:
            html, was_cut = _text(part)
            cut = cut or was_cut
        else:
            files.append(Part(number, _name(part, f"part-{number}"), kind, len(_bytes(part))))
    return Letter(
        subject=_header(message, "Subject"),
        sender=next(iter(_people(message, "From")), ("", "")),
        to=_people(message, "To"),
        cc=_people(message, "Cc"),
        reply_to=_people(message, "Reply-To"),
        date=_header(message, "Date"),
        message_id=_header(message, "Message-ID"),
        references=_header(message, "References"),
        text=_flowed(message, text),
        html=html,
        cut=cut,
        files=files,
    )


def part(raw: bytes, number: int) -> tuple[str, str, bytes] | None:
    """Return name, type and bytes of leaf ``number``, or None."""
    message = parse(raw)
    for at, leaf in enumerate(_leaves(message)):
        if at == number:
            return _name(leaf, f"part-{number}"), leaf.get_content_type(), _bytes(leaf)
    return None


def safe_html(raw: bytes) -> str:
    """The letter's HTML with nothing in it that runs, sends or loads; images that came with it are inlined."""
    return sanitise.clean(read(raw).html, _inlined(parse(raw)))


def has_remote(html: str) -> bool:
    """Whether HTML asks for something from elsewhere, which is not loaded."""
    return bool(re.search(r"""(?i)(src|background)\s*=\s*["']?\s*(https?:)?//|url\(\s*["']?https?:""", html))


def _inlined(message: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for leaf in _leaves(message):
        kind = leaf.get_content_type()
        identity = str(leaf.get("Content-ID", "")).strip().strip("<>")
        if identity and kind in ("image/png", "image/jpeg", "image/gif", "image/webp"):
            raw = _bytes(leaf)
            if len(raw) <= 2 * 1024 * 1024:
                found[identity] = f"data:{kind};base64,{base64.b64encode(raw).decode()}"
    return found


def _leaves(message: Message) -> Iterator[Message]:
    waiting, count = [message], 0
    while waiting and count < 500:
        one = waiting.pop(0)
        count += 1
        if one.is_multipart() and one.get_content_maintype() == "multipart":
            waiting[:0] = [child for child in one.get_payload() if isinstance(child, Message)]
        else:
            yield one


def _bytes(leaf: Message) -> bytes:
    if leaf.is_multipart():
        try:
            return leaf.get_payload(0).as_bytes()
        except Exception:  # email's generator raises many things on odd mail
            return b""
    try:
        raw = leaf.get_payload(decode=True)
        return raw if isinstance(raw, bytes) else b""
    except Exception:  # the same for its decoders
        return str(leaf.get_payload()).encode("utf-8", "replace")


def _text(leaf: Message) -> tuple[str, bool]:
    raw = _bytes(leaf)
    shown = raw[:TEXT_LIMIT]
    text = in_charset(shown, leaf.get_content_charset("utf-8"))
    return text.replace("\r\n", "\n"), len(raw) > TEXT_LIMIT


def _flowed(message: Message, text: str) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676, 4.1)."""
    if "format=flowed" not in str(message.get("Content-Type", "")).lower():
        return text
    lines: list[str] = []
    open_line = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        bare = line.removeprefix(" ")
        if open_line and not quoted and line != "-- ":
            lines[-1] += bare
        else:
            lines.append(bare if not quoted else line)
        open_line = line.endswith(" ") and line != "-- " and not quoted
    return "\n".join(lines)


def _disposition(leaf: Message) -> str:
    return str(leaf.get("Content-Disposition", "")).split(";")[0].strip().lower()


def _name(leaf: Message, otherwise: str) -> str:
    try:
        name = leaf.get_filename() or ""
    except Exception:  # broken RFC 2231 parameters raise LookupError, UnicodeError, TypeError
        name = ""
    return file_name(decoded(str(name))) or otherwise


def file_name(name: str) -> str:
    """A name that is no path, holds no control or direction sign and no more than 150 characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(" .")[:150]


def _header(message: Message, name: str) -> str:
    return " ".join(decoded(str(message.get(name, ""))).split())[:4000]


def _people(message: Message, name: str) -> list[tuple[str, str]]:
    try:
        pairs = getaddresses([str(value) for value in message.get_all(name, [])])
    except Exception:  # getaddresses recurses on hostile nests of comments
        return []
    return [(decoded(who)[:300], address[:320]) for who, address in pairs[:200] if who or address]

"""An answer as something to look at: HTML with nothing in it that runs, loads or leads out of the lab's browser.

What is shown stands in a sandboxed frame under a policy of its own; sanitising is the second lock, not the first.
Pictures and styles are those that were fetched as requests of their own, put into the page.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

import nh3

from browser.bounds import too_much
from protocols.http.grammar import pairs
from protocols.url import whatwg

SHOWN = 1024 * 1024
"""Bytes of a text that are shown; the rest is in the download."""
BARE = 64 * 1024
"""Signs of the source of a page that is too much to be laid out."""
HEX = 4096

TAGS = {
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "blockquote", "body", "br", "button", "caption",
    "center", "cite", "code", "col", "colgroup", "data", "dd", "del", "details", "dfn", "div", "dl", "dt", "em",
    "fieldset", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "i", "img", "input", "ins", "kbd", "label", "legend", "li", "main", "mark", "menu", "nav", "ol", "optgroup",
    "option", "output", "p", "pre", "q", "s", "samp", "section", "select", "small", "span", "strike", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var",
    "wbr",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "name"},
    "button": {"type", "name", "value", "disabled", "form"},
    "col": {"span"},
    "fieldset": {"disabled"},
    "font": {"color", "size"},
    "form": {"action", "method", "enctype", "name"},
    "img": {"src", "alt", "width", "height"},
    "input": {
        "type", "name", "value", "checked", "disabled", "readonly", "required", "placeholder", "size", "maxlength",
        "min", "max", "step", "pattern", "autocomplete", "inputmode", "multiple", "accept", "form",
    },
    "label": {"for"},
    "ol": {"start", "reversed", "type"},
    "optgroup": {"label", "disabled"},
    "option": {"value", "selected", "disabled", "label"},
    "select": {"name", "multiple", "required", "disabled", "size", "form"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "textarea": {"name", "rows", "cols", "required", "placeholder", "maxlength", "disabled", "readonly", "form"},
    "th": {"colspan", "rowspan", "align", "valign", "scope"},
    "time": {"datetime"},
    "*": {"id", "class", "title", "dir", "lang"},
}  # fmt: skip
SCHEMES = {
    "http", "https", "ftp", "ftps", "mailto", "irc", "ircs", "telnet", "imap", "imaps", "pop", "pops", "gopher", "news",
    "nntp", "wais", "data",
}  # fmt: skip
TO = "#to:"
"""Before the address of a link that leads out of the page. Without the frame's script, or whatever a page does to
it, what is left is a place in the page that is not there: the frame itself goes nowhere."""
DROPPED = {
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "embed",
    "svg",
    "math",
    "head",
    "title",
}
PICTURES = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/svg+xml",
    "image/x-icon",
    "image/avif",
)


@dataclass
class _Named(HTMLParser):
    """What a page names: its title, its base, its pictures and its styles."""

    title: str = ""
    base: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    _inside: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._inside = tag
        if tag == "base" and not self.base:
            self.base = told.get("href", "")
        elif tag == "img" and told.get("src"):
            self.parts.append(("picture", told["src"]))
        elif tag == "link" and "stylesheet" in told.get("rel", "").lower().split() and told.get("href"):
            self.parts.append(("style", told["href"]))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title" and not self.title:
            self.title = "".join(sign for sign in " ".join(data.split()) if sign.isprintable())
        elif self._inside == "style" and sum(map(len, self.styles)) < 256 * 1024:
            self.styles.append(data)


def decoded(kind: str, raw: bytes) -> str:
    """A text in the charset its type names, a BOM or a page's meta; UTF-8, else Windows-1252, where none does."""
    told = dict(pairs(kind)).get("charset", "")
    meta = re.search(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", raw[:1024], re.IGNORECASE)
    for name in (
        told,
        "utf-8-sig" if raw[:3] == b"\xef\xbb\xbf" else "",
        meta[1].decode() if meta else "",
        "utf-8",
    ):
        try:
            if name:
                return raw.decode(name)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return raw.decode("cp1252", "replace")


def title_of(kind: str, raw: bytes) -> str:
    """A page's title, "" where it has none."""
    return _named(decoded(kind, raw[:SHOWN])).title if kind.lower().startswith("text/html") else ""


def parts_of(kind: str, raw: bytes, url: str) -> list[tuple[str, str]]:
    """The pictures and styles a page names, as absolute URLs, each once."""
    named = _named(decoded(kind, raw[:SHOWN]))
    base = _absolute(named.base, url) or url
    found = ((what, _absolute(href, base)) for what, href in named.parts)
    return list(dict.fromkeys((what, href.partition("#")[0]) for what, href in found if href))


@dataclass(frozen=True)
class Shown:
    """A frame's content: ``style`` and ``body`` are safe to put into HTML. ``bare``: the page was too much to be
    laid out, and ``body`` is its source."""

    style: str
    body: str
    bare: bool = False


def shown(kind: str, raw: bytes, url: str, parts: dict[str, tuple[str, bytes]]) -> Shown:
    """Make what is shown of an answer of type ``kind``. ``parts``: URL to type and bytes of what was fetched."""
    media = (pairs(kind) or [("", "")])[0][0].lower()
    if media in ("text/html", "application/xhtml+xml"):
        return _html(decoded(kind, raw[:SHOWN]), url, parts)
    if media in PICTURES:
        return Shown("", f'<p class="picture"><img src="{_data(media, raw)}" alt=""></p>')
    if media.startswith(("text/", "message/", "multipart/")) or media in (
        "application/json",
        "application/xml",
    ):
        return Shown("", f"<pre>{escape(decoded(kind, raw[:SHOWN]))}</pre>")
    if not raw:
        return Shown("", "")
    return Shown("", f"<pre>{escape(hexdump(raw[:HEX]))}</pre>")


def printable(text: str) -> str:
    """``text`` with its control characters written out: an ESC is read, not obeyed."""
    return "".join(sign if sign.isprintable() or sign == "\t" else f"\\x{ord(sign):02x}" for sign in text)


def hexdump(raw: bytes) -> str:
    """Bytes as hexadecimal and as text, 16 to a line."""
    lines = []
    for at in range(0, len(raw), 16):
        piece = raw[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{at:08x}  {piece.hex(' '):<47}  {text}")
    return "\n".join(lines)


def _html(text: str, url: str, parts: dict[str, tuple[str, bytes]]) -> Shown:
    if too_much(text):
        return Shown("", f"<pre>{escape(text[:BARE])}</pre>", bare=True)
    named = _named(text)
    base = _absolute(named.base, url) or url

    def rewritten(tag: str, attribute: str, value: str) -> str | None:
        if (tag, attribute) == ("img", "src"):
            found = parts.get((_absolute(value, base) or "").partition("#")[0])
            media = (pairs(found[0]) or [("", "")])[0][0].lower() if found else ""
            return _data(media, found[1]) if found and media in PICTURES else None
        if (tag, attribute) == ("form", "action"):
            return _leading(value, base) or None
        if (tag, attribute) == ("a", "href"):
            if value.startswith("#"):
                return None if value.startswith(TO) else value
            href = _leading(value, base)
            return f"{TO}{href}" if href else None
        return value

    body = nh3.clean(
        text,
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES,
        attribute_filter=rewritten,
        url_schemes=SCHEMES,
        strip_comments=True,
        link_rel="noreferrer",
    )
    sheets = [decoded(kind, raw) for kind, raw in parts.values() if kind.lower().startswith("text/css")]
    return Shown(_style("\n".join([*sheets, *named.styles])), body)


def _style(text: str) -> str:
    """A style sheet that cannot end its element; what it would load, the frame's policy does not let in."""
    return text[: 512 * 1024].replace("<", "\\3c ")


def _named(text: str) -> _Named:
    named = _Named()
    if too_much(text):
        return named
    try:
        named.feed(text)
    except (AssertionError, ValueError):
        # html.parser gives up on some broken declarations; what it saw until then is enough.
        return named
    return named


def _absolute(href: str, base: str) -> str:
    seen = whatwg.read(href, base)
    return seen.href if seen else ""


def _leading(href: str, base: str) -> str:
    """Where a link or a form leads, as an absolute URL; "" where no browser follows it."""
    found = _absolute(href, base)
    scheme = found.partition(":")[0]
    return found if scheme in SCHEMES and scheme != "data" else ""


def _data(media: str, raw: bytes) -> str:
    return f"data:{media};base64,{base64.b64encode(raw[: 4 * SHOWN]).decode()}"

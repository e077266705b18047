"""A letter's HTML without what runs, sends or loads (nh3), in time however deep it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

import nh3

DEPTH = 200
"""Elements within elements that are shown as HTML: a sanitiser's time grows with the square of the depth."""

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
    "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol",
    "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "tt", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "ol": {"start"},
    "font": {"color", "size"},
    "*": {"dir", "lang"},
}
SILENT = {"script", "style", "title", "svg", "math", "noscript", "template", "object", "iframe"}
"""Elements that go with all that stands in them."""

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_NEVER_DEEP = {
    "area", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p", "td", "th",
    "tr",
}  # fmt: skip
"""Elements that hold nothing, or that the next of their kind ends."""


def clean(html: str, images: Mapping[str, str]) -> str:
    """Return ``html`` as it may be shown; ``images`` are those that came along: Content-ID to data URL."""
    if _too_deep(html):
        return f"<pre>{escape(re.sub('<[^>]*>', ' ', html))}</pre>"

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "src":
            return images.get(value.removeprefix("cid:")) if value.startswith("cid:") else None
        return value

    return nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=SILENT,
        attributes=ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _too_deep(html: str) -> bool:
    """Whether more than DEPTH elements stand open at once, as far as the tags tell."""
    opened: list[str] = []
    for found in _TAG.finditer(html):
        name = found[2].lower()
        if name in _NEVER_DEEP:
            continue
        if not found[1]:
            opened.append(name)
            if len(opened) > DEPTH:
                return True
        elif name in opened:
            del opened[len(opened) - 1 - opened[::-1].index(name) :]
    return False

"""A letter's HTML without what runs, sends or loads (nh3), in time however deep it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

import nh3

from protocols.html import too_deep

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


def clean(html: str, images: Mapping[str, str]) -> str:
    """Return ``html`` as it may be shown; ``images`` are those that came along: Content-ID to data URL."""
    if too_deep(html):
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

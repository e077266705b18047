"""``{{ name|visible }}``: signs that draw nothing, or turn the words around them, seen as what they are.

A name of ``RLO`` and "gpj.exe" would read "exe.jpg". The sign stays in the text, so that what is copied is what came;
``.told-sign`` in shell.css draws its abbreviation and keeps it from turning what follows (UAX #9, RFC 20).
"""

from __future__ import annotations

import re
import unicodedata

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_CONTROLS = "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"  # noqa: E501
_NAMES = {chr(number): name for number, name in enumerate(_CONTROLS.split())} | {
    "\x7f": "DEL",
    "\u061c": "ALM",
    "\u200e": "LRM",
    "\u200f": "RLM",
    **dict(zip("\u202a\u202b\u202c\u202d\u202e", ("LRE", "RLE", "PDF", "LRO", "RLO"), strict=True)),
    **dict(zip("\u2066\u2067\u2068\u2069", ("LRI", "RLI", "FSI", "PDI"), strict=True)),
}
_SIGN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@register.filter
def visible(text: object) -> SafeString | str:
    """Return ``text``, escaped where it holds such signs; tabs and line ends are the layout's."""
    plain = conditional_escape(text)
    if not _SIGN.search(plain):
        return plain
    return mark_safe(_SIGN.sub(_drawn, plain))  # noqa: S308 (every part is escaped)


def _drawn(found: re.Match[str]) -> SafeString:
    sign = found[0]
    name = unicodedata.name(sign, "").lower()
    told = f"U+{ord(sign):04X}" + (f" {name}" if name else "")
    return format_html(
        '<span class="told-sign" data-sign="{}" title="{}">{}</span>', _NAMES[sign], told, sign
    )

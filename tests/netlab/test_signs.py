"""Signs that draw nothing or turn the words around them are seen in a name, and what is copied stays what came."""

from __future__ import annotations

import re

import pytest

from netlab.templatetags.signs import visible


def drawn(html: str) -> str:
    """Return what a person reads: a sign's name where it stands, and no sign itself."""
    return re.sub(r'<span class="told-sign" data-sign="(\w+)"[^>]*>.</span>', r"[\1]", html, flags=re.S)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Bank \u202elive\u202c", "Bank [RLO]live[PDF]"),
        ("\u2067a\u2069\u200f\u061c", "[RLI]a[PDI][RLM][ALM]"),
        ("\x01ACTION waves\x01", "[SOH]ACTION waves[SOH]"),
        ("a\x1b[31m\r\0", "a[ESC][31m[CR][NUL]"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("<b>\u202e&", "&lt;b&gt;[RLO]&amp;"),
        ("Nguyễn Ánh", "Nguyễn Ánh"),
    ],
)
def test_a_sign_that_draws_nothing_is_told_by_its_name(name, read):
    assert drawn(visible(name)) == read


def test_what_is_copied_is_what_came():
    assert re.sub("<[^>]*>", "", visible("\u202elive\u202c\x01")) == "\u202elive\u202c\x01"

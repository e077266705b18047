"""``{{ trouble|meaning }}``: what went wrong with a server, in the reader's language; ``{{ name|initial }}``."""

from __future__ import annotations

from django import template
from django.utils import translation

from protocols import catalog

register = template.Library()


@register.filter
def initial(name: str) -> str:
    """Return the first letter or digit of a name, large; "?" where it has none."""
    return next((sign.upper() for sign in str(name) if sign.isalnum()), "?")


@register.filter
def meaning(trouble: dict) -> str:
    """Return what the error that a row keeps means and what to do; "" where there is none, or an old row's."""
    try:
        return catalog.phrase(trouble["key"], trouble["params"], translation.get_language() or "en")
    except (KeyError, ValueError, TypeError):
        return ""

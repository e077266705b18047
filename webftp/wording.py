"""What went wrong, in the reader's language: the server's own words first, then what they mean and what to do."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from protocols import catalog
from protocols.errors import Refused, WireError


def told(trouble: dict) -> dict[str, str]:
    """Return ``words`` (the server's) and ``text`` (ours) of what a row keeps of an error."""
    if not trouble:
        return {}
    return {
        "words": trouble.get("words", ""),
        "text": sentence(trouble.get("key", ""), trouble.get("params", {}), trouble.get("words", "")),
    }


def spoken(error: WireError) -> str:
    """Return an error as one text, in the active language."""
    words = f"{error.code} {error.text}" if isinstance(error, Refused) else ""
    text = sentence(error.key, error.params, words)
    return f"{words}\n{text}" if words else text


def sentence(key: str, params: dict, words: str = "") -> str:
    """Return what an error's key says in the active language; a refusal is told by its code."""
    language = (get_language() or "en")[:2]
    code = str(params.get("code", words[:3]))
    own = {
        "exists": _("Something has that name already. Choose another name, or replace it."),
        "deep": _("The folders go too deep, or a link leads in a circle."),
    }
    if params.get("cause") in own:
        return own[str(params["cause"])]
    if key.startswith("error.refused") and code.isdecimal():
        try:
            return catalog.phrase(f"ftp.replies.{code}", {}, language)
        except (KeyError, OSError):
            key = "error.refused"
    try:
        return catalog.phrase(key, params, language)
    except (KeyError, OSError):
        return catalog.phrase("error.wire", {}, language)

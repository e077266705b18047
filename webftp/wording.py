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
    words, key = trouble.get("words", ""), trouble.get("key", "")
    text = sentence(key, trouble.get("params", {}), words) if key else ""
    return {"words": words, "text": " ".join(filter(None, (text, noted(trouble))))}


def noted(trouble: dict) -> str:
    """Return what stands where it should not, after a transfer that broke off; empty where nothing does."""
    sentences = {
        "half": _("“%(path)s” is not whole at the server: it holds what had arrived."),
        "part": _(
            "Its folder was moved or deleted meanwhile. What had arrived may stand there as “%(path)s”."
        ),
        "aside": _("The file that was to be replaced stands as “%(path)s” until it gets its name back."),
    }
    sentence = sentences.get(trouble.get("note", ""))
    return sentence % {"path": trouble.get("path", "")} if sentence else ""


def spoken(error: WireError) -> str:
    """Return an error as one text, in the active language."""
    said = isinstance(error, Refused) and "cause" not in error.params  # which is what we refuse ourselves
    words = f"{error.code} {error.text}" if said else ""
    text = sentence(error.key, error.params, words)
    return f"{words}\n{text}" if words else text


def sentence(key: str, params: dict, words: str = "") -> str:
    """Return what an error's key says in the active language; a refusal is told by its code."""
    language = (get_language() or "en")[:2]
    code = str(params.get("code", words[:3]))
    own = {
        "exists": _("Something has that name already. Choose another name."),
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

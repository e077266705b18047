"""The further columns of a table's row as people read them: a label, and words that may lead to other entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from protocols import catalog
from reference.entries import Entry, entries

LABELS = {
    "allowed": gettext_lazy("Allowed"), "states": gettext_lazy("Allowed in state"),
    "state": gettext_lazy("Allowed in state"),
    "success": gettext_lazy("Success"), "errors": gettext_lazy("Errors"), "seen_after": gettext_lazy("Seen after"),
    "class": gettext_lazy("Class"), "category": gettext_lazy("About"), "group": gettext_lazy("Group"),
    "kind": gettext_lazy("Kind"), "status": gettext_lazy("Status"), "on": gettext_lazy("Stands on"),
    "direction": gettext_lazy("Stands in"), "params": gettext_lazy("Parameters"), "wire": gettext_lazy("On the wire"),
    "example": gettext_lazy("Example"), "default_port": gettext_lazy("Default port"), "safe": gettext_lazy("Safe"),
    "idempotent": gettext_lazy("Idempotent"), "cacheable": gettext_lazy("Cacheable"),
    "request_body": gettext_lazy("Body in the request"), "in_rev1": "IMAP4rev1", "in_rev2": "IMAP4rev2",
    "optional": gettext_lazy("Optional"), "multiline_reply": gettext_lazy("Answer of several lines"),
    "typical_enhanced": gettext_lazy("Typical enhanced status"), "typical_basic": gettext_lazy("Typical reply codes"),
    "source": gettext_lazy("Source"), "arg": gettext_lazy("Takes a parameter"), "prefix": gettext_lazy("Prefix"),
    "note": gettext_lazy("Note"),
}  # fmt: skip
_TABLES = ("commands", "methods", "reply_codes", "reply_codes_rare", "enhanced_status.codes", "numerics")


def facts(entry: Entry, language: str) -> Iterator[dict[str, Any]]:
    """Yield ``label`` and ``values`` (each ``text`` and, where it is an entry of its own, ``entry``)."""
    for column, label in LABELS.items():
        value = entry.facts.get(column)
        if column == next(iter(entry.facts)) or value is None or value in ("", []):
            continue
        values = value if isinstance(value, list) else [value]
        yield {"label": label, "values": [_value(entry, one, language) for one in values]}


def _value(entry: Entry, value: Any, language: str) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"text": _("yes") if value else _("no"), "entry": None}
    text = str(value)
    code = "X" + text[1:] if text[1:2] == "." and text[:1].isdigit() else text
    keys = (f"{entry.place}.{table}.{code}" for table in _TABLES)
    return {
        "text": catalog.word(text, language),
        "entry": next((entries()[key] for key in keys if key in entries()), None),
    }

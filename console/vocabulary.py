"""The words of a protocol for completion and hints: the same tables that explainers read."""

from __future__ import annotations

from typing import Any

from protocols import catalog


def words(protocol: str, language: str) -> list[dict[str, Any]]:
    """Return the commands of ``protocol`` (HTTP: methods, then the headers of a request) in ``language``.

    Each has ``word``, ``syntax``, ``meaning``, whether something has to follow it (``argument``) and where it is
    written (``url``, ``name``). KeyError for a protocol
    that is none.
    """
    tables = catalog.tables(protocol)
    rows = [(row, str(row["command"])) for row in tables.get("commands", ())]
    rows += [(row, str(row["method"])) for row in tables.get("methods", ())]
    rows += [(row, f"{row['header']}:") for row in tables.get("headers", ()) if _asked(row)]
    return [_word(row, word, language) for row, word in rows]


def _asked(row: dict[str, Any]) -> bool:
    where = str(row.get("direction", row.get("kind", row.get("in", "request"))))
    return "request" in where or "both" in where


def _word(row: dict[str, Any], word: str, language: str) -> dict[str, Any]:
    meaning = row["meaning"]
    ref = next(iter(row.get("refs") or ()), {})
    name = (
        f"RFC {ref['rfc']}, {ref.get('section', '')}".rstrip(", ") if ref.get("rfc") else ref.get("doc", "")
    )
    return {
        "word": word,
        "syntax": row.get("syntax", word),
        "meaning": meaning.get(language) or meaning["en"] if isinstance(meaning, dict) else str(meaning),
        "argument": catalog.needs_argument(row),
        "url": ref.get("url", "") or row.get("modern", ""),
        "name": name,
    }

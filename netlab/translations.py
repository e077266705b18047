"""Translations without gettext's programs: what the sources say, what the catalogues answer, and their .mo files.

Only for those who work on the lab: babel and polib stand in requirements-dev.txt.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from babel.messages.extract import extract
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HOLE = re.compile(r"%(?:\((\w+)\))?[-+ #0]*\d*(?:\.\d+)?[sdifr]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a source wants translated: its context, its text, its plural, and where it stands."""

    context: str | None
    text: str
    plural: str
    where: str


def sentences(root: Path, folders: tuple[str, ...]) -> Iterator[Sentence]:
    """Yield every sentence that ``folders`` below ``root`` (Python) and its templates ask to be translated."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield from _of(path.read_text(), path.relative_to(root).as_posix())
    for path in sorted((root / "templates").rglob("*.html")):
        # Django turns a template into Python whose calls of gettext stand on the template's lines.
        source = "\n".join(line.strip() for line in templatize(path.read_text()).split("\n"))
        yield from _of(source, path.relative_to(root).as_posix())  # its indentation is HTML's, not Python's


def _of(source: str, name: str) -> Iterator[Sentence]:
    found = extract("python", io.BytesIO(source.encode()), KEYWORDS, options={"encoding": "utf-8"})
    for line, text, _, context in found:
        single, plural = (text[0], text[1]) if isinstance(text, tuple) else (text, "")
        if single:
            yield Sentence(context, single, plural, f"{name}:{line}")


def catalogues(root: Path, language: str) -> list[Path]:
    """The .po files of ``language``: the shell's, and each app's."""
    return sorted(
        path for path in root.glob(f"**/locale/{language}/LC_MESSAGES/django.po") if _ours(path, root)
    )


def _ours(path: Path, root: Path) -> bool:
    return not any(part.startswith(".") or part == "data" for part in path.relative_to(root).parts)


def faults(wanted: list[Sentence], files: list[Path], language: str) -> list[str]:
    """Say what is missing, unfinished or broken: one line of text each, empty where all is well."""
    entries = [(path, entry) for path in files for entry in polib.pofile(str(path)) if not entry.obsolete]
    known = {(entry.msgctxt, entry.msgid) for _, entry in entries if entry.translated()}
    django = trans_real.DjangoTranslation(language, domain="django")._catalog
    told = []
    for sentence in wanted:
        key = (sentence.context, sentence.text)
        plain = sentence.context is None and not sentence.plural
        if key not in known and not (plain and sentence.text in django):
            told.append(f"{sentence.where}: no translation of {sentence.text!r}")
    for path, entry in entries:
        if not entry.translated():
            told.append(f"{path.parents[3].name}: not finished: {entry.msgid!r}")
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and not _holes(text) <= _holes(entry.msgid) | _holes(entry.msgid_plural):
                told.append(f"{path.parents[3].name}: other placeholders than in {entry.msgid!r}: {text!r}")
    return sorted(set(told))


def _holes(text: str) -> set[str]:
    return {found.group(0) for found in HOLE.finditer(text)} if "%" in text else set()


def compiled(path: Path) -> bytes:
    """The .mo of a .po, the same bytes on every machine."""
    return bytes(polib.pofile(str(path)).to_binary())

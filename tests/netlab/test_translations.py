"""Sentences are found in Python and templates, and what no catalogue answers is named."""

from __future__ import annotations

from pathlib import Path

import polib

from netlab.translations import catalogues, compiled, faults, sentences

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext
_("Send"); ngettext("%(n)s letter", "%(n)s letters", 2); pgettext("verb", "Open"); other("Not this")
"""
TEMPLATE = """{% load i18n %}
<h1>{% translate "Inbox" %}</h1>
{% blocktranslate with name=x trimmed %}
  Hello,
  {{ name }}
{% endblocktranslate %}
{% blocktranslate count n=n %}{{ n }} word{% plural %}{{ n }} words{% endblocktranslate %}
    <a>
  {% translate "Indented" %}</a>
 """


def house(root: Path, *entries: polib.POEntry) -> tuple[list, list[Path]]:
    (root / "mail").mkdir()
    (root / "mail/views.py").write_text(PYTHON)
    (root / "templates").mkdir()
    (root / "templates/page.html").write_text(TEMPLATE)
    folder = root / "mail/locale/vi/LC_MESSAGES"
    folder.mkdir(parents=True)
    book = polib.POFile()
    book.metadata = {"Content-Type": "text/plain; charset=utf-8", "Plural-Forms": "nplurals=1; plural=0;"}
    book.extend(entries)
    book.save(str(folder / "django.po"))
    return list(sentences(root, ("mail",))), catalogues(root, "vi")


def test_sentences_of_python_and_of_templates_are_found_with_their_place(tmp_path):
    found, _ = house(tmp_path)
    assert [(one.context, one.text, one.plural) for one in found] == [
        (None, "Send", ""),
        (None, "%(n)s letter", "%(n)s letters"),
        ("verb", "Open", ""),
        (None, "Inbox", ""),
        (None, "Hello, %(name)s", ""),
        (None, "%(n)s word", "%(n)s words"),
        (None, "Indented", ""),
    ]
    assert found[0].where == "mail/views.py:3"
    assert found[3].where == "templates/page.html:2"


def test_a_sentence_without_translation_is_named(tmp_path):
    wanted, files = house(tmp_path, polib.POEntry(msgid="Inbox", msgstr="Hộp thư đến"))
    told = faults(wanted, files, "vi")
    assert "templates/page.html:3: no translation of 'Hello, %(name)s'" in told
    assert not any("Inbox" in line for line in told)


def test_an_empty_or_doubtful_translation_and_a_foreign_placeholder_are_named(tmp_path):
    wanted, files = house(
        tmp_path,
        polib.POEntry(msgid="Inbox", msgstr=""),
        polib.POEntry(msgid="Send", msgstr="Gửi", flags=["fuzzy"]),
        polib.POEntry(msgid="Hello, %(name)s", msgstr="Chào %(nmae)s"),
    )
    told = "\n".join(faults(wanted, files, "vi"))
    assert "not finished: 'Inbox'" in told
    assert "not finished: 'Send'" in told
    assert "other placeholders than in 'Hello, %(name)s'" in told


def test_compiling_gives_the_same_bytes_whatever_the_order(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    entries = [polib.POEntry(msgid=text, msgstr=text.upper()) for text in ("a", "b", "c")]
    one.mkdir()
    two.mkdir()
    _, (first,) = house(one, *entries)
    _, (second,) = house(two, *reversed(entries))
    assert compiled(first) == compiled(second)

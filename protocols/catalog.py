"""The six protocols by name, their tables, and the sentences that explanations are told in.

Each ``protocols/<name>/`` has ``tables.yaml`` (facts: commands, replies, codes; every ``meaning`` has ``en``
and may have ``vi``) and ``notes.yaml`` (``key: {en: ..., vi: ...}``, with ``{param}`` places). This module
reads them; nothing here does network I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, cast

import yaml

from protocols.line import Explainer, Framer, Guard, Note, Ref

NAMES = ("smtp", "pop3", "imap", "ftp", "http", "irc")
ADDRESSES = "url"
"""Addresses are no protocol: they have tables and sentences, and nothing that crosses a wire."""
MODERN = "modern.ircdocs.horse"
KNOWN = ("message", "ports", "telnet")
"""What else has tables to look things up in (``protocols/known/``), and no sentences."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of one protocol; the three classes are made anew for each conversation."""

    name: str
    title: str
    framer: Callable[[], Framer]
    guard: Callable[[Callable[[bytes], str]], Guard]
    explainer: Callable[[], Explainer]
    states: tuple[str, ...]
    talk: Callable[[bytes], tuple[int, int] | None] = lambda raw: None
    """Which bytes of a line are a person's own words (IRC's messages): they fold as a letter's body does."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a table: its key, name, meaning by language, and where it is written."""

    key: str
    name: str
    meaning: Mapping[str, str]
    refs: tuple[Ref, ...]
    facts: Mapping[str, Any]


def entry(row: Mapping[str, Any], key: str) -> Entry:
    """Make an Entry of a table's ``row`` whose key stands under ``key``; ``modern`` is IRC's living document."""
    refs = [
        Ref(ref.get("rfc", 0), str(ref.get("section", "")), ref.get("url", ""), ref.get("doc", ""))
        for ref in row.get("refs", ())
    ]
    if row.get("modern"):
        refs.append(Ref(url=row["modern"], doc=MODERN))
    return Entry(str(row[key]), row.get("name", ""), row["meaning"], tuple(refs), row)


@cache
def knowledge(name: str) -> Knowledge:
    """Return what is known of protocol ``name`` (one of NAMES); KeyError for any other."""
    if name not in NAMES:
        raise KeyError(name)
    grammar = import_module(f"protocols.{name}.grammar")
    guard = import_module(f"protocols.{name}.guard")
    explain = import_module(f"protocols.{name}.explain")
    return Knowledge(
        name=name,
        title=name.upper(),
        framer=grammar.Framer,
        guard=guard.Guard,
        explainer=explain.Explainer,
        states=explain.Explainer.STATES,
        talk=getattr(grammar, "talk", lambda raw: None),
    )


@cache
def tables(name: str) -> dict[str, Any]:
    """Return ``protocols/<name>/tables.yaml`` as plain values; of KNOWN ``protocols/known/<name>.yaml``."""
    return cast(dict[str, Any], _load(f"known/{name}.yaml" if name in KNOWN else f"{name}/tables.yaml"))


@cache
def course() -> dict[str, Any]:
    """Return the course's own ``tables`` and the ``slips`` in its chapter, as protocols/known/course.yaml has them."""
    return cast(dict[str, Any], _load("known/course.yaml"))


def word(text: str, language: str) -> str:
    """Return a word or remark of a table's further columns in ``language``; terms stay as they are."""
    return _words().get(text, text) if language == "vi" else text


@cache
def _words() -> dict[str, str]:
    return cast(dict[str, str], _load("known/words.yaml"))


def needs_argument(row: Mapping[str, Any]) -> bool:
    """Return whether a command's ``row`` has an argument that may not be left out (a method has its target).

    Only then does a blank follow the word while it is typed: ``a1 CHECK `` is a syntax error (RFC 9051, 9), and so is
    a blank behind a command whose argument was left out.
    """
    rest = str(row.get("syntax", "… …")).partition(" ")[2]
    return bool(rest) and not rest.startswith(("[", "..."))


def lists(name: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the tables of ``name``, each as its name (``enhanced_status.codes``) and its rows."""
    return _lists(tables(name))


@cache
def phrases(name: str) -> dict[str, dict[str, str]]:
    """Return the sentences of one protocol, or of the ground (``wire``): key to language to text."""
    path = f"{name}/notes.yaml" if name != "wire" else "notes.yaml"
    return cast(dict[str, dict[str, str]], _load(path))


def say(note: Note, language: str = "en") -> str:
    """Put ``note`` into a language (``en`` or ``vi``; English where there is no other).

    A note's key begins with the table that holds its sentence: ``smtp.``, ``pop3.``, ``imap.``, or ``wire.``
    and ``error.`` for the ground's own.
    """
    return phrase(note.key, dict(note.params), language)


def phrase(key: str, params: dict[str, str | int], language: str = "en") -> str:
    """Return the sentence ``key`` in ``language`` with ``params`` in their places; KeyError if unknown.

    A key is a sentence of notes.yaml, or ``<protocol>.<table>.<row>`` for the meaning that a table gives.
    """
    texts = _texts(key)
    return texts.get(language, texts["en"]).format_map(_Places(params))


def state(name: str, language: str = "en") -> str:
    """Return what a state of a protocol's STATES is called in ``language``."""
    return phrase(f"state.{name}", {}, language)


class _Place(str):
    """A value in its place. ``{size:byte|bytes}`` counts: the value, then the word that goes with it."""

    def __format__(self, words: str) -> str:
        if "|" not in words:
            return super().__format__(words)
        one, many = words.split("|", 1)
        return f"{self!s} {one if self == '1' else many}"


class _Places(dict[str, str | int]):
    """Values for a sentence's places; one that is missing leaves a gap, for a page must not fail by it."""

    def __getitem__(self, key: str) -> str:
        return _Place(super().__getitem__(key))

    def __missing__(self, key: str) -> str:
        return _Place("…")


def _texts(key: str) -> dict[str, str]:
    room = key.split(".", 1)[0]
    if room in NAMES or room == ADDRESSES:
        return phrases(room).get(key) or meanings(room)[key]
    found = phrases("wire").get(key)
    if found is None and room == "error":
        # A cause without a sentence of its own: the kind of error has one.
        found = phrases("wire")[".".join(key.split(".")[:2])]
    return found or phrases("wire")[key]


@cache
def meanings(name: str) -> dict[str, dict[str, str]]:
    """Return the meanings of one protocol's tables: ``smtp.commands.EHLO`` to language to text."""
    found = {}
    for table, rows in _lists(tables(name)):
        for row in rows:
            key = str(next(iter(row.values())))
            # A brace in a table is itself, never a place for a parameter.
            found[f"{name}.{table}.{key}"] = {
                language: text.replace("{", "{{").replace("}", "}}")
                for language, text in row["meaning"].items()
            }
    return found


def _lists(values: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    found = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += [(f"{key}.{inner}", rows) for inner, rows in _lists(value)]
        elif isinstance(value, list) and value and isinstance(value[0], dict) and "meaning" in value[0]:
            found.append((key, value))
    return found


def _load(path: str) -> Any:
    text = files("protocols").joinpath(path).read_bytes()
    return yaml.load(text, Loader=yaml.CSafeLoader)

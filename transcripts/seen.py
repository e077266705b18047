"""Which entries of the protocols' tables a line is about, so that the reference finds it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from django.db.models import Count

from accounts.models import User
from protocols import catalog
from protocols.line import Line, Note
from transcripts.models import Sighting, Transcript

LONGEST = 80
ASKED = ("commands", "methods")
"""Tables of what clients say; the others' words may stand on either side."""


def entries(protocol: str, line: Line, note: Note) -> set[str]:
    """Return the keys (``<protocol>.<table>.<row>``) of the entries that explain ``line``."""
    if protocol not in catalog.NAMES or line.kind not in ("text", "data"):
        return set()
    found: set[str] = set()
    for one in _all(note):
        if one.key in catalog.meanings(protocol):
            found.add(one.key)
        for word in {one.badge, *one.key.split(".")[2:]}:
            found.update(key for table, key in _index(protocol).get(word.upper(), ()) if _fits(table, line))
    return {key for key in found if len(key) <= LONGEST}


def counts(person: User) -> dict[str, int]:
    """Return how many of a person's own conversations said each entry."""
    rows = Sighting.objects.filter(conversation__owner=person).values_list("key")
    return dict(rows.annotate(count=Count("pk")))


def places(person: User, key: str, most: int = 10) -> list[tuple[Transcript, int]]:
    """Return the latest of a person's own transcripts that said the entry ``key``, each with the line's number."""
    rows = Sighting.objects.filter(key=key, conversation__owner=person).order_by("-conversation_id")[:most]
    found = []
    for row in rows:
        said = Transcript.objects.filter(
            conversation_id=row.conversation_id, owner=person, first__lte=row.line
        ).select_related("conversation")
        if transcript := said.order_by("-first").first():
            found.append((transcript, row.line))
    return found


def _fits(table: str, line: Line) -> bool:
    return (line.speaker == "C") == (table in ASKED) or table in ("headers", "capabilities")


def _all(note: Note) -> Iterator[Note]:
    yield note
    for detail in note.details:
        yield from _all(detail)


@cache
def _index(protocol: str) -> dict[str, list[tuple[str, str]]]:
    """Word in capitals to the tables and keys that have a row of that name."""
    index = defaultdict(list)
    for table, rows in catalog.lists(protocol):
        for row in rows:
            name = str(next(iter(row.values())))
            index[name.upper()].append((table, f"{protocol}.{table}.{name}"))
    return dict(index)

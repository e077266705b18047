"""Every line of every transcript that the tests make has an explanation: counted here, over the whole run.

The transcripts' writer is watched in each process of the run; what a lab recorded that ran in processes of its own
(the stories) is read from its database when it ends. A line is unexplained where its explainer says so
(``known`` False), where its sentence is missing in one of the languages, or where it is told by a phrase that would
suit any line. Bytes that are no protocol line at all are a kind of their own and counted apart. A test whose point
is such a line says so: ``@pytest.mark.unexplained("why")``.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from protocols import catalog
from protocols.line import Line, Note

FALLBACK = re.compile(r"\.digits\.|^wire\.unknown$|\.stranger$")
"""Sentences that say no more than that something was said."""
MOST_TOLD = 40


class Explained:
    """What the lines of this run came to. ``unexplained`` are (test, protocol, speaker, line, why)."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.unexplained: list[tuple[str, ...]] = []
        self.excused: set[str] = set()

    def take(self, test: str, protocol: str, line: Line, note: Note) -> None:
        self.kinds["binary" if line.kind == "binary" else protocol] += 1
        why = "" if line.kind == "binary" else fault(note)
        if why and test not in self.excused:
            self.unexplained.append((test, protocol, line.speaker, line.text[:120], why))


def fault(note: Note) -> str:
    """Why ``note`` explains nothing; "" where it does."""
    if not note.known:
        return f"{note.key or 'no note'}: unknown"
    if FALLBACK.search(note.key):
        return f"{note.key}: a phrase for anything"
    for language in ("en", "vi"):
        try:
            said = catalog.say(note, language)
        except (KeyError, IndexError, ValueError) as error:
            return f"{note.key}: no sentence ({error!r})"
        if not said.strip() or ("…" in said and language == "en" and not note.params):
            return f"{note.key}: an empty sentence"
    return ""


EXPLAINED = Explained()


def read_lab(database: Path) -> int:
    """Take every line that a lab which has ended left in its ``database``, as its own pages would explain it.

    Returns how many. It counts for the test that is running: the last one that used the lab.
    """
    from transcripts import blocks  # models: only once Django is set up

    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    wanted = """select c.protocol, b.state, b.payload from transcripts_block b
                join transcripts_conversation c on c.id = b.conversation_id order by c.id, b.first"""
    count = 0
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as kept:
        for protocol, state, payload in kept.execute(wanted):
            known = blocks.knowledge(protocol)
            explainer = known.explainer() if known else None
            if explainer and json.loads(state):
                explainer.restore(json.loads(state))
            for line in map(blocks._line, json.loads(payload)):
                EXPLAINED.take(test, protocol, line, blocks.explain(explainer, line))
                count += 1
    return count


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "unexplained(why): this test makes lines on purpose that mean nothing")


@pytest.fixture(scope="session", autouse=True)
def _every_line_is_explained() -> Any:
    """Explain each line that the transcripts' writer takes once more, the lines it passes over too."""
    from transcripts import blocks  # models: only once Django is set up
    from transcripts.conversation import Scribe

    init, add = Scribe.__init__, Scribe._add

    def begin(self: Any, pk: int, protocol: str, origin: str) -> None:
        init(self, pk, protocol, origin)
        known = blocks.knowledge(protocol)
        self.watched = (os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0], protocol)
        self.watching = known.explainer() if known else None

    def added(self: Any, line: Line) -> None:
        add(self, line)
        EXPLAINED.take(*self.watched, line, blocks.explain(self.watching, line))

    Scribe.__init__, Scribe._add = begin, added
    yield
    Scribe.__init__, Scribe._add = init, add


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("unexplained"):
        EXPLAINED.excused.add(item.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist hands its counts to the one that started it; a run with unexplained lines fails."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["explained"] = [dict(EXPLAINED.kinds), EXPLAINED.unexplained]
    elif EXPLAINED.unexplained and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of xdist has ended."""
    kinds, unexplained = getattr(node, "workeroutput", {}).get("explained", ({}, []))
    EXPLAINED.kinds.update(kinds)
    EXPLAINED.unexplained += [tuple(row) for row in unexplained]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    total = sum(EXPLAINED.kinds.values())
    if not total:
        return
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(EXPLAINED.kinds.items()))
    terminalreporter.section("lines of transcripts")
    terminalreporter.line(f"{total} lines ({told}); without an explanation: {len(EXPLAINED.unexplained)}")
    for test, protocol, speaker, line, why in EXPLAINED.unexplained[:MOST_TOLD]:
        terminalreporter.line(f"  {protocol} {speaker}: {line!r} ({why}) in {test}")

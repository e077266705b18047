"""``python -m bench [name ...]``: run every measurement of this folder (or those named) and print one table.

A measurement is a module with ``measure() -> dict[str, dict[str, float]]``: for each figure its numbers, the floor
beside it. Each runs in a process of its own, so that none warms up another. With ``--write`` the figures go into
docs/benchmarks.md, with the day and how busy the machine was.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPORT = HERE.parent / "docs" / "benchmarks.md"
NO_MEASUREMENT = ("pairs",)
RUN = "import importlib, json, sys; print(json.dumps(importlib.import_module(sys.argv[1]).measure()))"


def main(names: list[str]) -> int:
    """Run the measurements called ``names``, or all; return 1 where one of them failed."""
    failed = 0
    write = "--write" in names
    wanted = [name for name in names if name != "--write"]
    for name in wanted or _all():
        busy = os.getloadavg()[0]
        print(f"\n{name} (load {busy:.1f})", flush=True)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", RUN, f"bench.{name}"], cwd=HERE.parent, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            failed = 1
            print(f"  ended with {done.returncode}")
            continue
        figures = json.loads(done.stdout.splitlines()[-1])
        _table(figures)
        if write:
            _report(name, figures, busy)
    return failed


def _all() -> list[str]:
    stems = sorted(path.stem for path in HERE.glob("*.py"))
    return [stem for stem in stems if not stem.startswith("_") and stem not in NO_MEASUREMENT]


def _table(figures: dict[str, dict[str, float]]) -> None:
    for figure, row in figures.items():
        print(f"  {figure:<28}" + "  ".join(f"{key} {value:9.3f}" for key, value in row.items()))


def _report(name: str, figures: dict[str, dict[str, float]], busy: float) -> None:
    """Put a table in the place that docs/benchmarks.md keeps for this measurement."""
    columns = list(dict.fromkeys(key for row in figures.values() for key in row))
    lines = [f"Seen on {datetime.now(UTC):%d %B %Y} on {os.cpu_count()} cores at a load of {busy:.1f}.", ""]
    lines += ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for figure, row in figures.items():
        lines.append(
            f"| {figure} | " + " | ".join(f"{row[key]:g}" if key in row else "" for key in columns) + " |"
        )
    place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    text = REPORT.read_text()
    if not place.search(text):
        print(f"  docs/benchmarks.md has no place for {name}")
        return
    REPORT.write_text(place.sub(lambda found: found[1] + "\n".join(["", *lines, "", ""]) + found[2], text))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

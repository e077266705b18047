"""``python -m bench [name ...]``: run every measurement of this folder (or those named) and print one table.

A measurement is a module with ``measure() -> dict[str, dict[str, float]]``: for each figure its numbers, the floor
beside it. Each runs in a process of its own, so that none warms up another.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = "import importlib, json, sys; print(json.dumps(importlib.import_module(sys.argv[1]).measure()))"


def main(names: list[str]) -> int:
    """Run the measurements called ``names``, or all; return 1 where one of them failed."""
    failed = 0
    for name in names or sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_")):
        print(f"\n{name}", flush=True)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", RUN, f"bench.{name}"], cwd=HERE.parent, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            failed = 1
            print(f"  ended with {done.returncode}")
            continue
        _table(json.loads(done.stdout.splitlines()[-1]))
    return failed


def _table(figures: dict[str, dict[str, float]]) -> None:
    for figure, row in figures.items():
        print(f"  {figure:<28}" + "  ".join(f"{key} {value:9.3f}" for key, value in row.items()))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Medians of pairs: the work and its floor by turns, so that the machine's mood is in both. No measurement itself."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds that ``work`` took."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def compared(
    work: Callable[[], object], floor: Callable[[], object], pairs: int, asked: float = 0.0
) -> dict[str, float]:
    """Run both by turns ``pairs`` times, after one for warmth; return what ``row`` does."""
    work()
    floor()
    took, least = [], []
    for _ in range(pairs):
        took.append(timed(work))
        least.append(timed(floor))
    return row(took, least, asked)


def row(took: list[float], least: list[float], asked: float = 0.0) -> dict[str, float]:
    """Return median, 95th percentile, the floor's median, their ratio, and what was asked for, if anything was."""
    median, floor = statistics.median(took), statistics.median(least)
    found = {
        "median": round(median, 3),
        "p95": round(sorted(took)[min(len(took) - 1, int(len(took) * 0.95))], 3),
        "floor": round(floor, 3),
        "ratio": round(median / floor, 2) if floor else 0.0,
    }
    return found | ({"asked": asked} if asked else {})

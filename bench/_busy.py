"""Processor time of a lab's parts, from Linux' /proc: it says more than milliseconds on a shared machine."""

from __future__ import annotations

import os
from pathlib import Path

PARTS = {"uvicorn": "web", "gateway": "gateway", "servers": "servers", "recorder": "recorder"}
"""A word of a process' command line, and the part that it is."""

TICK = os.sysconf("SC_CLK_TCK")


def seconds(lab: int) -> dict[str, float]:
    """Return how long each part under the process ``lab`` has had a processor; nothing where there is no /proc."""
    found: dict[str, float] = {}
    for process in _below(lab):
        try:
            words = (Path("/proc") / str(process) / "cmdline").read_bytes().decode().split("\0")
            fields = (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        name = next((part for word, part in PARTS.items() if word in words), "others")
        found[name] = found.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICK
    return found


def between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return what each part took between two looks."""
    return {name: took - before.get(name, 0.0) for name, took in after.items()}


def _below(process: int) -> list[int]:
    try:
        threads = list((Path("/proc") / str(process) / "task").iterdir())
        children = [int(child) for one in threads for child in (one / "children").read_text().split()]
    except OSError:
        return [process]
    return [process, *(one for child in children for one in _below(child))]

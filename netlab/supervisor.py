"""Child processes kept alive, with one readable log: what `manage.py lab` is made of."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal a child gets when its parent dies, so that even kill -9 of the lab leaves nothing."""
GRACE = 7.0
"""Seconds that parts are given to end before they are killed."""
LINE = 1024 * 1024
COLOURS = {"web": 36, "worker": 33, "servers": 32, "redis": 35, "gateway": 34, "lab": 1}


@dataclass
class Part:
    """One child: its name in the log, its command, and its process while it runs. ``quiet`` keeps its log away."""

    name: str
    command: Sequence[str]
    quiet: bool = False
    stdin: bytes = b""
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)


class Supervisor:
    """Starts parts, prints their lines with a prefix, restarts what dies, ends all of them."""

    def __init__(self, environment: Mapping[str, str], folder: str) -> None:
        self._environment, self._folder = dict(environment), folder
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self.parts: list[Part] = []
        self.stopping = asyncio.Event()

    async def start(self, part: Part) -> None:
        """Start ``part`` and look after it from here on."""
        self.parts.append(part)
        await self._spawn(part)
        self._watchers[part.name] = asyncio.create_task(self._watch(part))

    async def stop(self) -> None:
        """End every part, the last started first; kill what has not ended after GRACE seconds."""
        self.stopping.set()
        for part in reversed(self.parts):
            _signal(part, signal.SIGTERM)
        _, late = await asyncio.wait(self._watchers.values(), timeout=GRACE) if self._watchers else ((), ())
        for part in self.parts:
            _signal(part, signal.SIGKILL)
        if late:
            await asyncio.wait(late, timeout=1)

    async def _spawn(self, part: Part) -> None:
        part.process = await asyncio.create_subprocess_exec(
            *part.command,
            stdin=asyncio.subprocess.PIPE if part.stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._folder,
            env=self._environment,
            limit=LINE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        if part.stdin and part.process.stdin:
            part.process.stdin.write(part.stdin)
            part.process.stdin.close()

    async def _watch(self, part: Part) -> None:
        pause = 0.5
        while True:
            began = asyncio.get_running_loop().time()
            await self._follow(part)
            code = await part.process.wait()
            if self.stopping.is_set():
                return
            lived = asyncio.get_running_loop().time() - began
            pause = 0.5 if lived > 30 else min(pause * 2, 30)
            say("lab", f"{part.name} ended with {code}; it is started again in {pause:.0f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), pause)
                return
            await self._spawn(part)

    async def _follow(self, part: Part) -> None:
        while True:
            try:
                line = await part.process.stdout.readline()
            except ValueError:
                continue  # a line longer than LINE: asyncio has thrown it away
            if not line:
                return
            if not part.quiet:
                say(part.name, line.decode("utf-8", "replace").rstrip())


def say(name: str, text: str) -> None:
    """Print one line of the lab's log: who says it, and what."""
    mark = f"{name:>8} |"
    if sys.stdout.isatty():
        mark = f"\033[{COLOURS.get(name, 37)}m{mark}\033[0m"
    print(mark, text, flush=True)


def _signal(part: Part, number: signal.Signals) -> None:
    """Signal the whole group of ``part``, so that children of a child end too."""
    if part.process:
        with suppress(ProcessLookupError):
            os.killpg(part.process.pid, number)


_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _prctl:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

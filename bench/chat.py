"""Words from one browser's WebSocket to those of 50 others, through the whole lab, recording and history on.

The lab runs as people run it (``manage.py lab``): web, gateway, its own IRC server with TLS, worker and Redis. Fifty
people and a speaker are always on. Beside it stands the floor: a bare ``websockets`` server that hands each frame to
fifty sockets, nothing stored, nothing recorded, no IRC.

``python -m bench.chat`` prints milliseconds and rates; ``measure`` is what ``python -m bench`` calls.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from socket import create_server
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import Server, User
from accounts.provision import provision_many
from bench import _busy as busy
from bench._tab import Tab, connect
from chat import bus, presence
from chat.models import Message, Window
from netlab import broker

PEOPLE, RATE, SECONDS, WARM = 50, 20, 12, 2.0
BURST, EACH_BURST = 40, 500
SUSTAINED, SUSTAINED_SECONDS = 200, 10
ROOT = Path(__file__).resolve().parent.parent
PORTS = (
    "PORT",
    *(f"{name}{tls}_PORT" for name in ("SMTP", "POP3", "IMAP", "FTP", "IRC", "HTTP") for tls in ("", "S")),
)


def measure() -> dict[str, dict[str, float]]:
    """Return the figures: latency at 20 messages/s, the hub saturated, 200 messages/s sustained, the floor."""
    ports = _free(len(PORTS))
    os.environ |= {f"NETLAB_{name}": str(port) for name, port in zip(PORTS, ports, strict=True)}
    os.environ |= {"NETLAB_DEMO_PASSWORD": "bench-pass-1", "NETLAB_LOG": "WARNING"}
    redis = _redis(settings.DATA)
    lab = subprocess.Popen(
        [sys.executable, "manage.py", "lab"], cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _ready(ports[0], lab)
        return _figures(ports[0], lab.pid)
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait(20)
        redis.terminate()


def _figures(port: int, lab: int) -> dict[str, dict[str, float]]:
    people = _people(PEOPLE + 1)
    floor_port = _free(1)[0]
    floor = subprocess.Popen([sys.executable, "-c", FLOOR, str(floor_port)])  # noqa: S603 - our own program
    try:
        url, floor_url = f"ws://127.0.0.1:{port}/ws/chat/", f"ws://127.0.0.1:{floor_port}/"
        return asyncio.run(_run(url, floor_url, people, lab))
    finally:
        floor.terminate()


async def _run(
    url: str, floor_url: str, people: list[tuple[int, str, int]], lab: int
) -> dict[str, dict[str, float]]:
    tabs = [await connect(url, f"sessionid={cookie}") for _, cookie, _ in people]
    bare = [await connect(floor_url) for _ in people]
    talk = people[0][2]
    figures: dict[str, dict[str, float]] = {}
    floor = await _latency(bare, lambda text: json.dumps({"x": text}))
    before = busy.seconds(lab)
    ours = await _latency(tabs, lambda text: json.dumps({"do": "say", "c": talk, "text": text, "n": 1}))
    spent = busy.between(before, busy.seconds(lab))
    for name, took in ours.items():
        figures[f"words_to_50_{name}_ms"] = _beside(took, floor[name])
    each = {name: round(took * 1000 / (RATE * (SECONDS + WARM)), 2) for name, took in spent.items()}
    figures["cpu_ms_per_message"] = each | {"all": round(sum(each.values()), 2)}
    figures["hub_deliveries_per_s"] = _beside(
        await _saturate(tabs, [pk for pk, _, _ in people]), await _saturate_floor(bare)
    )
    figures |= await _sustain(tabs, talk)
    for one in [*tabs, *bare]:
        one.close()
    return figures


async def _latency(tabs: list[Tab], frame: Any) -> dict[str, float]:
    """One speaks at RATE: milliseconds from the frame's sending to its coming at each of the others' sockets.

    ``read_p50`` is until the one process here that stands for fifty browsers had come to read it.
    """
    speaker, others = tabs[0], tabs[1:]
    sent: dict[str, float] = {}
    begin = time.perf_counter()
    for number in range(int(RATE * (SECONDS + WARM))):
        await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
        text = f"bench-{number:08d}"
        sent[text] = time.time()
        speaker.send(frame(text))
    await _until(lambda: all(len(tab.came) >= len(sent) for tab in others), 10)
    measured = list(sent)[int(RATE * WARM) :]
    missing = sum(text not in tab.came for tab in others for text in measured)
    if missing:
        raise RuntimeError(f"{missing} of {len(measured) * len(others)} did not come")
    came = sorted((tab.came[text] - sent[text]) * 1000 for tab in others for text in measured)
    read = sorted((tab.read[text] - sent[text]) * 1000 for tab in others for text in measured)
    for tab in tabs:
        tab.came.clear()
        tab.read.clear()
    parts = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    return {name: came[int(len(came) * part)] for name, part in parts.items()} | {
        "read_p50": read[len(read) // 2]
    }


async def _saturate(tabs: list[Tab], people: list[int]) -> float:
    """News for everybody, as fast as they come over the bus: deliveries a second that reach the sockets."""
    words = {"n": "ann", "x": "words of a usual length"}
    line = json.dumps({"told": "line", "id": 1, "c": 0, "t": 1, "k": "privmsg", **words})
    bundle = json.dumps({"items": [{"people": people, "frame": line}] * EACH_BURST})
    before, begin = sum(tab.lines for tab in tabs), time.perf_counter()
    wanted = BURST * EACH_BURST * len(tabs)
    for number in range(BURST):
        await asyncio.to_thread(bus.publish, bundle)
        # No socket may fall behind so far that it is told to look anew: that would be no delivery.
        least = before + number * EACH_BURST * len(tabs)
        await _until(lambda least=least: sum(tab.lines for tab in tabs) >= least, 20)
    await _until(lambda: sum(tab.lines for tab in tabs) - before >= wanted, 20)
    return (sum(tab.lines for tab in tabs) - before) / (time.perf_counter() - begin)


async def _saturate_floor(tabs: list[Tab]) -> float:
    count = 2_000
    before, begin = sum(tab.lines for tab in tabs), time.perf_counter()
    for number in range(count):
        words = {"told": "line", "id": number, "n": "ann", "x": "words of a usual length"}
        tabs[0].send(json.dumps(words))
        if number % 100 == 0:
            await asyncio.sleep(0)
    wanted = count * (len(tabs) - 1)
    await _until(lambda: sum(tab.lines for tab in tabs) - before >= wanted, 30)
    return (sum(tab.lines for tab in tabs) - before) / (time.perf_counter() - begin)


async def _sustain(tabs: list[Tab], talk: int) -> dict[str, dict[str, float]]:
    """Fifty speak, 200 messages a second together."""
    stored = sync_to_async(Message.objects.filter(text__startswith="bench-9").count)
    speakers, sent = tabs[1:], {}
    begin = time.perf_counter()
    for number in range(SUSTAINED * SUSTAINED_SECONDS):
        await asyncio.sleep(max(0.0, begin + number / SUSTAINED - time.perf_counter()))
        text = f"bench-9{number:07d}"
        sent[text] = time.time()
        frame = {"do": "say", "c": talk, "text": text, "n": number}
        speakers[number % len(speakers)].send(json.dumps(frame))
    said = time.perf_counter()
    complete = await _until(lambda: all(len(tab.came) >= len(sent) for tab in tabs), 60)
    after = time.perf_counter() - said
    took = sorted((at - sent[text]) * 1000 for tab in tabs for text, at in tab.came.items() if text in sent)
    return {
        "sustained_per_s": {
            "said": len(sent) / (said - begin),
            "stored": float(await stored()),
            "of": float(len(sent)),
            "all_heard": float(complete),
            "after_s": round(after, 2),
            "p50_ms": round(statistics.median(took), 1),
            "p99_ms": round(took[int(len(took) * 0.99)], 1),
        }
    }


async def _until(true: Any, seconds: float) -> bool:
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        if true():
            return True
        await asyncio.sleep(0.005)
    return False


def _people(count: int) -> list[tuple[int, str, int]]:
    """Make people who are always on; return the key, the session and the talk of each."""
    server = Server.objects.get(protocol="irc", lab=True)
    people = [User.objects.create(username=f"person{n:02d}") for n in range(count)]
    provision_many(people)
    found = []
    for person in people:
        presence.visit(person, server)
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.save()
        found.append((person.pk, session.session_key))
    bus.order("look")
    inside = Window.objects.filter(inside=True, talk__name=presence.DEFAULT)
    deadline = time.monotonic() + 60
    while inside.count() < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {inside.count()} of {count} are in {presence.DEFAULT}")
        time.sleep(0.1)
    talk = inside[0].talk_id
    return [(pk, key, talk) for pk, key in found]


FLOOR = """
import asyncio, sys, websockets
everybody = set()
async def one(socket):
    everybody.add(socket)
    try:
        async for text in socket:
            websockets.broadcast(everybody - {socket}, text)
    finally:
        everybody.discard(socket)
async def main():
    async with websockets.serve(one, "127.0.0.1", int(sys.argv[1]), compression=None):
        await asyncio.Future()
asyncio.run(main())
"""


def _beside(ours: float, floor: float) -> dict[str, float]:
    return {"netlab": round(ours, 2), "floor": round(floor, 2), "ratio": round(ours / floor, 2)}


def _redis(folder: Path) -> subprocess.Popen[bytes]:
    """A Redis of the bench's own, so that it can speak on the lab's bus."""
    own = broker.private(folder)
    if own is None:
        raise RuntimeError(broker.ADVICE)
    settings.REDIS_URL = os.environ["REDIS_URL"] = own.url
    process = subprocess.Popen(own.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603 - Redis
    assert process.stdin  # noqa: S101 - it is a pipe
    process.stdin.write(own.config)
    process.stdin.close()
    return process


def _ready(port: int, lab: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and lab.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (OSError, urllib.error.HTTPError):
            time.sleep(0.2)
    raise RuntimeError("the lab did not come up")


def _free(count: int) -> list[int]:
    doors = [create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(door.getsockname()[1]) for door in doors]
    for door in doors:
        door.close()
    return ports


if __name__ == "__main__":
    for name, row in measure().items():
        print(f"{name:28}" + "  ".join(f"{key} {value:10.2f}" for key, value in row.items()))

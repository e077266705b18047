"""Connections that live longer than a page: every person's IRC connections, in one asyncio process.

``run`` keeps a Link for each Network that is wanted, takes orders from the web's processes (``bus``), and looks at the
rows every LOOK seconds, so that an order that was lost costs a moment, not a connection.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext_noop

from chat import bus, presence, recording, writer
from chat.link import Link
from chat.models import Network, Window
from chat.recording import in_thread
from chat.shared import Shared
from chat.writer import Writer

log = logging.getLogger(__name__)
LOOK, TICK = 2.0, 5.0
NO_WINDOW = gettext_noop("There is no connection that this window belongs to. Connect, and say it again.")
SWITCH = 0.00005
"""Seconds after which a thread that computes (the recorder's) gives way to the loop; Python's own 5 ms would be
half of what a message may take from one browser to fifty."""


async def run(stop: asyncio.Event) -> None:
    """Keep everybody's connections until ``stop`` is set; then say goodbye on all of them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    gateway = Gateway()
    await in_thread(presence.begin)
    work = [
        asyncio.create_task(gateway.look()),
        asyncio.create_task(gateway.tick()),
        asyncio.create_task(gateway.listen()),
    ]
    try:
        await stop.wait()
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await gateway.stop()
        await asyncio.to_thread(recording.close)
        sys.setswitchinterval(before)


class Gateway:
    """All links by network. ``writer`` stores what they hear."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._line = bus.Line()
        self._links: dict[int, tuple[Link, asyncio.Task]] = {}
        self._shared: dict[tuple[int, str], Shared] = {}
        self._nicks: dict[tuple[int, str], Link] = {}
        self._look_now = asyncio.Event()
        self._working: set[asyncio.Task] = set()

    async def look(self) -> None:
        """Begin the links that are wanted, end those that are not; never returns."""
        while True:
            try:
                await self._look()
            except Exception:  # a database that is away for a moment must not end the gateway
                log.exception("could not look who wants to be connected")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), LOOK)
            self._look_now.clear()

    async def tick(self) -> None:
        """Look after each link now and then; never returns."""
        while True:
            await asyncio.sleep(TICK)
            for link, _ in list(self._links.values()):
                link.mouth.expire()
                try:
                    await link.tick()
                except Exception:
                    log.exception("network %s could not be looked after", link.network)

    async def listen(self) -> None:
        """Take orders; never returns."""
        await self._line.listen(bus.ORDERS, self._take, lambda: None)

    async def stop(self) -> None:
        """End every link with a QUIT, and store what was heard."""
        links = [link for link, _ in self._links.values()]
        await asyncio.gather(*(link.end("netlab is restarting") for link in links), return_exceptions=True)
        await self._end(list(self._links))
        self.writer.news(gateway="ended")
        await asyncio.to_thread(self.writer.stop)
        await self._line.close()

    # -- for the links --------------------------------------------------------------------------------------

    def shared(self, server: int, talk: int, key: str, name: str) -> Shared:
        """The channel of all links to ``server``; made where it is new."""
        found = self._shared.get((server, key))
        if found is None or found.talk != talk:
            found = self._shared[server, key] = Shared(talk, name)
        return found

    def know_nick(self, link: Link) -> None:
        """``link`` has its nick from now on."""
        self.forget_nick(link)
        self._nicks[link.server, link.fold(link.nick)] = link

    def forget_nick(self, link: Link) -> None:
        """``link`` has no nick any more."""
        for key in [key for key, one in self._nicks.items() if one is link]:
            del self._nicks[key]

    def person_of(self, link: Link, nick: str) -> int | None:
        """Who of us has ``nick`` on that link's server."""
        found = self._nicks.get((link.server, link.fold(nick)))
        return found.person if found else None

    def wish_nick(self, link: Link, nick: str) -> None:
        """The person wants another nick from now on."""
        link.row.wanted_nick = nick[:64]
        self.writer.change(presence.nick_wanted(link.network, nick))

    def keep_keys(self, link: Link, names: str, keys: str) -> None:
        """Keys of channels that the person is about to enter: sealed once they are in."""
        pairs = zip(names.split(","), keys.split(","), strict=False)
        link.keys = {link.fold(name): key for name, key in pairs}

    async def close_window(self, link: Link, window: Window) -> None:
        """Close a window; a channel is left."""
        if window.inside and link.session:
            await link.session.send("PART", window.talk.name)
        window.open = window.joined = False
        self.writer.change(writer.left(window.pk, joined=False, opened=False))
        link.ear.tell_window(window)

    async def hang_up(self, link: Link, words: str = "") -> None:
        """The person leaves the network until they connect again."""
        await in_thread(presence.want, link.network, False)
        link.row.wanted = False
        await link.end(words)
        self._look_now.set()

    async def meet(self, link: Link) -> None:
        """Connect, now."""
        await in_thread(presence.want, link.network, True)
        link.row.wanted = True
        link.hurry()
        self._look_now.set()

    # -- orders ---------------------------------------------------------------------------------------------

    def _take(self, text: str) -> None:
        order = json.loads(text)
        work = getattr(self, f"_do_{order['do']}", None)
        if work is None:
            log.warning("an order that is none: %s", order["do"])
            return
        task = asyncio.create_task(work(order))
        self._working.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task) -> None:
        self._working.discard(task)
        if not task.cancelled() and task.exception():
            log.error("an order failed", exc_info=task.exception())

    async def _do_look(self, order: dict[str, Any]) -> None:
        self._look_now.set()

    async def _do_hurry(self, order: dict[str, Any]) -> None:
        found = self._links.get(order["network"])
        if found:
            found[0].hurry()
        self._look_now.set()

    async def _do_hang(self, order: dict[str, Any]) -> None:
        found = self._links.get(order["network"])
        if found:
            await self.hang_up(found[0])

    async def _do_gone(self, order: dict[str, Any]) -> None:
        ours = [pk for pk, (link, _) in self._links.items() if link.person == order["person"]]
        await self._end(ours)

    async def _do_say(self, order: dict[str, Any]) -> None:
        link, window = self._window(order)

        def answer(taken: bool, **why: Any) -> None:
            told = {"told": "taken" if taken else "refused", "n": order["n"], **why}
            self.writer.news(socket=order["socket"], answer=told)

        if link is None or window is None:
            answer(False, key=NO_WINDOW)
            return
        await link.mouth.say(window, order["text"], answer)

    async def _do_members(self, order: dict[str, Any]) -> None:
        link, window = self._window(order)
        if link and window:
            link.ear.tell_members(window.talk_id, {"socket": order["socket"]})

    async def _do_close(self, order: dict[str, Any]) -> None:
        link, window = self._window(order)
        if link and window:
            await self.close_window(link, window)

    async def _do_windows(self, order: dict[str, Any]) -> None:
        """A view made windows: take them up, and enter the channels among them."""
        found = self._links.get(order["network"])
        if found:
            link = found[0]
            rows = await in_thread(presence.windows_of, link.network)
            fresh = {talk: row for talk, row in rows.items() if talk not in link.windows}
            link.windows |= fresh
            if link.session and link.session.state.ready:
                names = [row.talk.name for row in fresh.values() if row.joined]
                names += [name for name in order.get("join", []) if name not in names]
                for name in names:
                    link.mouth.later("JOIN", name)

    def _window(self, order: dict[str, Any]) -> tuple[Link | None, Window | None]:
        for link, _ in self._links.values():
            if link.person == order["person"] and (window := link.windows.get(order["c"])):
                return link, window
        return None, None

    # -- links ----------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        rows = await in_thread(presence.wanted)
        over = [pk for pk in self._links if pk not in rows]
        for pk in await in_thread(presence.unwanted, over) if over else ():
            self._links[pk][0].row.wanted = False
        await self._end(over)
        for pk, row in rows.items():
            held = self._links.get(pk)
            if held is None or held[1].done():
                link = Link(self, row)
                self._links[pk] = (link, asyncio.create_task(link.run(), name=f"irc-{pk}"))

    async def _end(self, networks: list[int]) -> None:
        tasks = []
        for pk in networks:
            link, task = self._links.pop(pk)
            await link.end()
            task.cancel()
            tasks.append(task)
            link.stand(Network.State.OFF)
        if tasks:
            await asyncio.wait(tasks, timeout=5)

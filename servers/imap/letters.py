"""Commands about the messages of the selected folder.

FETCH, STORE, SEARCH, COPY, MOVE, EXPUNGE, CLOSE, IDLE.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from servers.folder import Gone
from servers.imap import fetch as fetching
from servers.imap import search as searching
from servers.imap.folders import checked_flags, target
from servers.imap.request import Request
from servers.imap.view import View
from servers.imap.words import SELECTED, SIGNED_IN, Bad, Command, No, number_set

if TYPE_CHECKING:
    from servers.imap.server import Conversation

PIECE = 20
"""Messages that are read from the disk between two writes to the client."""

OCTETS = 8 * 1024 * 1024
"""Bytes of messages, about, that are held for one client's FETCH at a time."""

LIGHT = 500
"""Messages that are answered from the index between two writes."""

TICK = 1.0
"""Seconds between two looks at what other programs put into the folder during IDLE."""

IDLE = 30 * 60.0
EXPUNGED = "[EXPUNGEISSUED] done, but some of these messages were expunged meanwhile; NOOP tells which"


async def check(session: Conversation, request: Request) -> str:
    return "CHECK done"


async def fetch(session: Conversation, request: Request) -> str:
    view, by_uid = session.view, request.name.startswith("UID ")
    uids = _chosen(request, view)
    request.space("what to fetch, like FLAGS or (UID ENVELOPE)")
    wanted = fetching.items(request, by_uid)
    request.end()
    if fetching.marks_seen(wanted) and not view.readonly:
        changed = await asyncio.to_thread(view.folder.store, uids, ["\\Seen"])
        view.told(changed)
        wanted += ["FLAGS"] if changed and "FLAGS" not in wanted else []
    heavy = fetching.opens(wanted)
    missing = False
    for piece in _pieces(view, uids, len(wanted)) if heavy else _slices(uids, LIGHT):
        work = _answers, view, piece, wanted
        raw, some_missing = await asyncio.to_thread(*work) if heavy else work[0](*work[1:])
        missing = missing or some_missing
        await _tell_keywords(session, view)
        await session.send(raw)
        await asyncio.sleep(0)
    return EXPUNGED if missing else "FETCH done"


async def store(session: Conversation, request: Request) -> str:
    view, by_uid = session.view, request.name.startswith("UID ")
    uids = _chosen(request, view)
    request.space("FLAGS, +FLAGS or -FLAGS")
    how = "add" if request.skip(b"+") else "remove" if request.skip(b"-") else "replace"
    item = request.item()
    if item not in ("FLAGS", "FLAGS.SILENT"):
        raise Bad(f"expected FLAGS or FLAGS.SILENT (with + or - before it), not {item}")
    request.space("flags, like (\\Seen)")
    flags = checked_flags(request)
    request.end()
    view.require_writable()
    await asyncio.to_thread(view.store, uids, flags, how)
    entries = view.entries(uids)
    if item == "FLAGS":
        view.told(uids)
        await _tell_keywords(session, view)
        wanted = ["UID", "FLAGS"] if by_uid else ["FLAGS"]
        lines = [fetching.answer(view, entry, view.number(entry.uid), wanted) for entry in entries]
        await session.send(b"".join(lines))
    return EXPUNGED if len(entries) < len(uids) else "STORE done"


async def search(session: Conversation, request: Request) -> str:
    view, by_uid = session.view, request.name.startswith("UID ")
    request.space("search keys, like UNSEEN or SUBJECT hello")
    reader = searching.Reader(request, view)
    key = reader.keys()
    request.end()
    found: list[int] = []
    light = key.cost == searching.FREE and reader.count < 20
    for piece in _slices(list(view.uids), 2000 if light else 200):
        work = searching.matches, view, piece, key
        found += work[0](*work[1:]) if light else await asyncio.to_thread(*work)
        await asyncio.sleep(0)
    numbers = found if by_uid else [view.number(uid) for uid in found]
    await session.say(b"* SEARCH" + "".join(f" {number}" for number in numbers).encode())
    return EXPUNGED if view.behind() else "SEARCH done"


async def copy(session: Conversation, request: Request) -> str:
    view = session.view
    uids = _chosen(request, view)
    request.space("a mailbox name")
    name = request.mailbox()
    request.end()
    moving = request.name.endswith("MOVE")
    if moving:
        view.require_writable()
    there = await target(session, name)
    if not view.entries(uids):
        return f"{request.name} done: there was nothing to take"
    work = view.folder.move if moving else view.folder.copy
    try:
        pairs = await session.service.finish(asyncio.to_thread(work, uids, there))
    except FileNotFoundError:
        raise No("some of these messages were expunged meanwhile", "EXPUNGEISSUED") from None
    here, new = number_set([uid for uid, _ in pairs]), number_set([uid for _, uid in pairs])
    code = f"[COPYUID {there.uidvalidity} {here} {new}]"
    if not moving:
        return f"{code} {request.name} done"
    await session.say(f"* OK {code} moved".encode())  # RFC 6851, 4.3: before the EXPUNGEs
    return f"{request.name} done"


async def expunge(session: Conversation, request: Request) -> str:
    """EXPUNGE, and UID EXPUNGE with a set (RFC 4315)."""
    view = session.view
    uids = view.uids
    if request.name == "UID EXPUNGE":
        uids = _chosen(request, view)
    request.end()
    view.require_writable()
    await _expunge(session, view, uids)
    return f"{request.name} done"


async def close(session: Conversation, request: Request) -> str:
    """CLOSE removes what is \\Deleted and says nothing of it; UNSELECT (RFC 3691) removes nothing."""
    view, session.view = session.view, None
    if request.name == "CLOSE" and not view.readonly:
        await _expunge(session, view, view.uids)
    return f"{request.name} done"


async def idle(session: Conversation, request: Request) -> str:
    """IDLE (RFC 2177): news at once, until the client says DONE."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()
    folder = session.view.folder if session.view else None
    stop = folder.listen(lambda _: loop.call_soon_threadsafe(news.set)) if folder else lambda: None
    await session.say(b"+ idling; DONE ends it")
    done = asyncio.ensure_future(session.line(IDLE))
    try:
        await _follow(session, done, news)
    finally:
        stop()
        if not done.done():
            done.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await done
    word = done.result().strip()
    if word.upper() != b"DONE":
        raise Bad(f'expected DONE to end IDLE, not "{word[:20].decode("latin-1")}"')
    return "IDLE done"


async def _follow(session: Conversation, done: asyncio.Future[bytes], news: asyncio.Event) -> None:
    ticks = 0
    while not done.done():
        await session.synced(expunges=True)
        waiting = asyncio.ensure_future(news.wait())
        await asyncio.wait((done, waiting), timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        news.clear()
        ticks += 1
        if session.view and ticks % 10 == 0:
            await asyncio.to_thread(session.view.folder.verify)


async def _tell_keywords(session: Conversation, view: View) -> None:
    """A keyword is told in FLAGS before a message is shown with it (RFC 3501, 7.2.6)."""
    if view.folder.keywords() != view.keywords:
        await session.say(*view.news_of_keywords())


async def _expunge(session: Conversation, view: View, uids: list[int]) -> None:
    doomed = [entry.uid for entry in view.entries(uids) if "\\Deleted" in entry.flags]
    if doomed:
        await session.service.finish(asyncio.to_thread(view.folder.expunge, doomed))


def _chosen(request: Request, view: View) -> list[int]:
    request.space("message numbers, like 1 or 2:4,7 or 1:*")
    return view.chosen(request.sequence(), request.name.startswith("UID "))


def _slices(uids: list[int], size: int) -> Iterator[list[int]]:
    for at in range(0, len(uids), size):
        yield uids[at : at + size]


def _pieces(view: View, uids: list[int], items: int) -> Iterator[list[int]]:
    """Messages in groups of ``PIECE``, fewer where they are large: an answer is built in memory."""
    piece: list[int] = []
    room = OCTETS
    for uid in uids:
        entry = view.folder.entry(uid)
        room -= entry.size * items if entry else 0
        if piece and (room < 0 or len(piece) >= PIECE):
            yield piece
            piece, room = [], OCTETS - (entry.size * items if entry else 0)
        piece.append(uid)
    if piece:
        yield piece


def _answers(view: View, uids: list[int], wanted: list[fetching.Item]) -> tuple[bytes, bool]:
    """The answers for these messages, and whether one of them was gone."""
    answers, missing = [], False
    for uid in uids:
        entry = view.folder.entry(uid)
        number = view.number(uid)
        try:
            if entry is None or not number:
                raise Gone
            answers.append(fetching.answer(view, entry, number, wanted))
        except Gone:
            missing = True
    return b"".join(answers), missing


COMMANDS = {
    "CHECK": Command(check, SELECTED, arguments=False),
    "CLOSE": Command(close, SELECTED, arguments=False),
    "UNSELECT": Command(close, SELECTED, arguments=False),
    "EXPUNGE": Command(expunge, SELECTED, arguments=False),
    "UID EXPUNGE": Command(expunge, SELECTED),
    "IDLE": Command(idle, SIGNED_IN, arguments=False),
}
for _name, _run in (("FETCH", fetch), ("STORE", store), ("SEARCH", search), ("COPY", copy), ("MOVE", copy)):
    COMMANDS[_name] = COMMANDS["UID " + _name] = Command(_run, SELECTED)

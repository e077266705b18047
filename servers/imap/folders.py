"""Commands about folders.

LIST, LSUB, SUBSCRIBE, CREATE, DELETE, RENAME, STATUS, NAMESPACE, SELECT, EXAMINE, APPEND.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from servers.folder import Folder
from servers.imap.request import Request
from servers.imap.view import View, flag_lines
from servers.imap.words import Bad, Command, No, mailbox
from servers.maildir import SPECIAL, NoFolder
from servers.names import DELIMITER, check

if TYPE_CHECKING:
    from servers.imap.server import Conversation

STATUS = {
    "MESSAGES": lambda folder: folder.messages,
    "RECENT": lambda folder: folder.count_recent(),
    "UIDNEXT": lambda folder: folder.uidnext,
    "UIDVALIDITY": lambda folder: folder.uidvalidity,
    "UNSEEN": lambda folder: folder.unseen,
}
LONGEST_PATTERN = 500
MOST_FOLDERS = 1000
SYSTEM = ("\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft", "\\recent")


async def namespace(session: Conversation, request: Request) -> str:
    """NAMESPACE (RFC 2342): one, personal."""
    await session.say(b'* NAMESPACE (("" "/")) NIL NIL')
    return "NAMESPACE done"


async def list_folders(session: Conversation, request: Request) -> str:
    reference, pattern = _patterns(request)
    if not pattern:
        await session.say(b'* LIST (\\Noselect) "/" ""')
        return "LIST done"
    names = await asyncio.to_thread(session.home.names)
    matching = _matcher(reference + pattern)
    await session.say(*(_listed(b"LIST", name, names) for name in _with_parents(names) if matching(name)))
    return "LIST done"


async def list_subscribed(session: Conversation, request: Request) -> str:
    """LSUB: a name that only stands above a subscribed one is shown as \\Noselect (RFC 3501, 6.3.9)."""
    reference, pattern = _patterns(request)
    subscribed = session.home.subscriptions()
    matching = _matcher(reference + pattern)
    lines = []
    for name in _with_parents(sorted(subscribed)):
        if matching(name) and (name in subscribed or (reference + pattern).endswith("%")):
            flags = b"" if name in subscribed else b"\\Noselect"
            lines.append(b'* LSUB (%b) "/" %b' % (flags, mailbox(name)))
    await session.say(*lines)
    return "LSUB done"


async def subscribe(session: Conversation, request: Request) -> str:
    name = check(_only_mailbox(request))
    if name not in _with_parents(session.home.names()):
        raise NoFolder(name)
    session.home.subscribe(name)
    return "SUBSCRIBE done"


async def unsubscribe(session: Conversation, request: Request) -> str:
    session.home.unsubscribe(_only_mailbox(request))
    return "UNSUBSCRIBE done"


async def create(session: Conversation, request: Request) -> str:
    """A name that ends in / says that folders will come below it: nothing is needed for that here."""
    request.space("a mailbox name")
    name = request.mailbox()
    request.end()
    if name.endswith(DELIMITER):
        check(name)
        return "CREATE done: folders can be made below it"
    if len(session.home.names()) >= MOST_FOLDERS:
        raise No(f"there are {MOST_FOLDERS} mailboxes already", "LIMIT")
    await asyncio.to_thread(session.home.create, name)
    return "CREATE done"


async def delete(session: Conversation, request: Request) -> str:
    name = check(_only_mailbox(request))
    names = session.home.names()
    if name not in names and name in _with_parents(names):
        raise No("there are folders below it, and it holds nothing itself: delete those", "CANNOT")
    await asyncio.to_thread(session.home.delete, name)
    if session.view and session.view.folder.name == name:
        session.view = None
    return "DELETE done"


async def rename(session: Conversation, request: Request) -> str:
    request.space("the old and the new mailbox name")
    old = request.mailbox()
    request.space("the new mailbox name")
    new = request.mailbox()
    request.end()
    await asyncio.to_thread(session.home.rename, old, new)
    return "RENAME done"


async def status(session: Conversation, request: Request) -> str:
    request.space("a mailbox name")
    name = request.mailbox()
    request.space("items in parentheses, like (MESSAGES UNSEEN)")
    request.expect(b"(", "before the items")
    items = [_status_item(request)]
    while request.skip(b" "):
        items.append(_status_item(request))
    request.expect(b")", "after the items")
    request.end()
    folder = await opened(session, name)
    words = " ".join(f"{item} {STATUS[item](folder)}" for item in items)
    await session.say(b"* STATUS " + mailbox(folder.name) + b" (" + words.encode() + b")")
    return "STATUS done"


async def select(session: Conversation, request: Request) -> str:
    """SELECT and EXAMINE; the folder that was open is closed even when the new one cannot be opened."""
    readonly = request.name == "EXAMINE"
    name = _only_mailbox(request)
    session.view = None
    folder = await opened(session, name)
    if folder.uidnext - folder.recent > 200:  # many files move from new to cur
        view = await asyncio.to_thread(View, folder, readonly)
    else:
        view = View(folder, readonly)
    lines = flag_lines(folder, readonly)
    lines += [b"* %d EXISTS" % len(view.uids), b"* %d RECENT" % len(view.recent)]
    unseen = view.number(folder.first_unseen())
    if unseen:
        lines.append(b"* OK [UNSEEN %d] is the first that was not seen." % unseen)
    lines.append(b"* OK [UIDVALIDITY %d] UIDs are valid." % folder.uidvalidity)
    lines.append(b"* OK [UIDNEXT %d] is the next UID." % view.uidnext)
    await session.say(*lines)
    session.view = view
    return f"[READ-{'ONLY' if readonly else 'WRITE'}] {request.name} done"


async def append(session: Conversation, request: Request) -> str:
    request.space("a mailbox name")
    name = request.mailbox()
    request.space("a literal with the message")
    flags, when = [], None
    if request.peek(b"("):
        flags = checked_flags(request)
        request.space("a literal with the message")
    if request.peek(b'"'):
        when = request.date_time()
        request.space("a literal with the message")
    raw = request.literal()
    request.end()
    folder = await target(session, name)
    if not raw:
        raise No("an empty message is not kept", "CANNOT")
    uid = await session.service.finish(asyncio.to_thread(folder.deliver, raw, flags, when))
    return f"[APPENDUID {folder.uidvalidity} {uid}] APPEND done"


async def opened(session: Conversation, name: str) -> Folder:
    """The folder of that name, up to date; NoFolder when there is none."""
    home = session.home
    folder = home.known(name)
    if folder is None:
        folder = await asyncio.to_thread(home.folder, name)
    if folder.stale():
        await asyncio.to_thread(folder.refresh)
    return folder


async def target(session: Conversation, name: str) -> Folder:
    """The folder that messages go to; No [TRYCREATE] when it is not there (RFC 3501, 6.3.11)."""
    try:
        return await opened(session, name)
    except NoFolder:
        raise No(f"there is no mailbox {name}; CREATE it first", "TRYCREATE") from None


def checked_flags(request: Request) -> list[str]:
    """Flags that may be set: the five system flags and keywords."""
    flags = request.flags()
    for flag in flags:
        if flag.startswith("\\") and flag.lower() not in SYSTEM:
            raise Bad(f"no flag {flag}: \\Answered \\Deleted \\Draft \\Flagged \\Seen and keywords are")
        if len(flag) > 100:
            raise No("a keyword can have 100 signs at most", "LIMIT")
    return flags


def _only_mailbox(request: Request) -> str:
    request.space("a mailbox name")
    name = request.mailbox()
    request.end()
    return name


def _patterns(request: Request) -> tuple[str, str]:
    request.space('a reference and a pattern, like "" "*"')
    reference = request.mailbox()
    request.space('a pattern after the reference, like "*"')
    pattern = request.pattern()
    request.end()
    return reference, pattern


def _matcher(pattern: str) -> Callable[[str], bool]:
    """A LIST pattern as a question: ``*`` stands for anything, ``%`` for anything within a level.

    All places of the name that the pattern can have reached are followed at once (bits of a number), so that no
    pattern, however many stars it has, takes long.
    """
    pattern = re.sub(r"(?i)^inbox(?=/|$)", "INBOX", pattern[:LONGEST_PATTERN])

    def fits(name: str) -> bool:
        places = 1
        for sign in pattern:
            if sign == "*":
                places = _spread(places, name, "")
            elif sign == "%":
                places = _spread(places, name, DELIMITER)
            else:
                here = sum(1 << at for at, other in enumerate(name) if other == sign)
                places = (places & here) << 1
            if not places:
                return False
        return bool(places >> len(name) & 1)

    return fits


def _spread(places: int, name: str, stop: str) -> int:
    for at, sign in enumerate(name):
        if places >> at & 1 and sign != stop:
            places |= 1 << at + 1
    return places


def _with_parents(names: list[str]) -> list[str]:
    """The names and those that only stand above one of them, sorted, INBOX first."""
    found = set(names)
    for name in names:
        levels = name.split(DELIMITER)
        found.update(DELIMITER.join(levels[:count]) for count in range(1, len(levels)))
    return sorted(found, key=lambda name: (name != "INBOX", name))


def _listed(word: bytes, name: str, names: list[str]) -> bytes:
    inner = any(other.startswith(name + DELIMITER) for other in names)
    flags = ["\\HasChildren" if inner else "\\HasNoChildren"]
    if name not in names:
        flags.insert(0, "\\Noselect")
    if name in SPECIAL:
        flags.append(SPECIAL[name])
    return b'* %b (%b) "/" %b' % (word, " ".join(flags).encode(), mailbox(name))


def _status_item(request: Request) -> str:
    start = request.at
    item = request.item()
    if item not in STATUS:
        request.at = start
        raise Bad(f"expected one of {', '.join(STATUS)}, not {request.rest()}")
    return item


COMMANDS = {
    "NAMESPACE": Command(namespace, arguments=False),
    "LIST": Command(list_folders),
    "LSUB": Command(list_subscribed),
    "SUBSCRIBE": Command(subscribe),
    "UNSUBSCRIBE": Command(unsubscribe),
    "CREATE": Command(create),
    "DELETE": Command(delete),
    "RENAME": Command(rename),
    "STATUS": Command(status),
    "SELECT": Command(select),
    "EXAMINE": Command(select),
    "APPEND": Command(append),
}

"""The room's verbs over a blocking FTP session: what takes more than one command. No request, no ORM."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protocols.errors import Garbled, Refused, TooMuch
from protocols.ftp import names
from protocols.ftp.client import Session
from protocols.ftp.listing import Entry, parse_facts

DEEP, MANY = 64, 200_000
"""How deep a tree is gone into and how many entries are taken: a link that leads upwards would never end."""

Step = Callable[[str], None]
"""Called with each path before it is worked on; it raises to stop the work."""


def walk(session: Session, path: str, depth: int = 0) -> Iterator[tuple[str, Entry]]:
    """Yield ``(path, entry)`` of everything below ``path``, a folder's content before the folder itself."""
    if depth > DEEP:
        raise TooMuch("the folders go too deep", cause="deep", depth=DEEP)
    for entry in session.entries(path):
        if not entry.usable or entry.kind in ("here", "parent"):
            continue
        place = names.join(path, names.decode(entry.raw_name))
        if entry.kind == "dir":
            yield from walk(session, place, depth + 1)
        yield place, entry


def delete(session: Session, path: str, folder: bool, step: Step) -> int:
    """Delete a file, or a folder with all that is in it; return how many entries went."""
    if not folder:
        step(path)
        session.dele(path)
        return 1
    count = 0
    for place, entry in walk(session, path):
        step(place)
        if entry.kind == "dir":
            session.rmd(place)
        else:
            session.dele(place)
        count += 1
    step(path)
    session.rmd(path)
    return count + 1


def make(session: Session, base: str, name: str, step: Step) -> int:
    """Make the folder ``name`` in ``base`` with all folders on the way; what is there already is no error."""
    place = base
    for part in name.split("/"):
        place = names.join(place, part)
        step(place)
        try:
            session.mkd(place)
        except Refused as error:
            if error.code not in ("450", "521", "550", "553") or not exists(session, place):
                raise
    return 1


def chmod(session: Session, path: str, mode: str, step: Step) -> int:
    """Set the mode of one entry."""
    step(path)
    session.chmod(path, mode)
    return 1


def rename(session: Session, old: str, new: str, step: Step) -> int:
    """Rename or move; Refused(cause="exists") where something has that name, which servers would overwrite."""
    step(old)
    if old != new and exists(session, new):
        raise Refused("553", "something has that name already", cause="exists")
    session.rename(old, new)
    return 1


def is_file(session: Session, path: str) -> bool:
    """Whether ``path`` is a file: by MLST's type (RFC 3659, 7.5.1), else by SIZE, which a folder has none of."""
    try:
        if "MLST" in session.features:
            lines = session.say(f"MLST {path}").split("\n")
            return len(lines) > 1 and parse_facts(names.encode(lines[1].removeprefix(" "))).kind == "file"
        session.size(path)
    except (Refused, Garbled):
        return False
    return True


def exists(session: Session, path: str) -> bool:
    """Whether there is something at ``path``: MLST tells of files and folders; else SIZE and CWD."""
    if "MLST" in session.features:
        try:
            session.say(f"MLST {path}")
            return True
        except Refused as error:
            if error.code not in ("500", "502", "504"):
                return False
    for ask in (session.size, session.cwd):
        try:
            ask(path)
            return True
        except Refused:
            continue
    return False

"""What a server's line means: replies by what was asked, and the lines inside replies of many lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols import catalog
from protocols.catalog import Entry
from protocols.ftp.asked import ANONYMOUS, Meaning, standard
from protocols.ftp.commands import commands, facts, features, site_commands
from protocols.ftp.endpoint import Endpoint, parse_229, parse_long, parse_six
from protocols.ftp.grammar import Command, Reply, looks_like_verb
from protocols.ftp.listing import Entry as Item
from protocols.ftp.listing import parse_facts, parse_list, parse_time
from protocols.ftp.replies import codes
from protocols.line import Note

DOWN, UP, LISTS = ("RETR",), ("STOR", "APPE", "STOU"), ("LIST", "NLST", "MLSD")
TRANSFERS = DOWN + UP + LISTS
_SIZE = re.compile(r"\(([0-9]{1,18}) ?(?:bytes|octets)")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
Told = tuple[str, dict[str, str | int], tuple[Note, ...], Entry | None]
_ROWS = {"FEAT", "STAT", "HELP", "MLST", "SITE"}


@dataclass(frozen=True, slots=True)
class About:
    """A reply's last line and all that it is understood by. ``opened``: lines of the same reply came before."""

    reply: Reply
    command: Command
    user: str
    state: str
    data: str
    half: tuple[str, ...]
    opened: bool


def meaning(about: About) -> Meaning:
    """Say what the reply means: the most exact sentence that there is for its code and command."""
    reply, command = about.reply, about.command
    code, verb = reply.code, standard(command.verb)
    params: dict[str, str | int] = {
        "code": code, "verb": command.verb or "?", "path": command.argument or "?", "user": about.user or "?",
        "text": reply.text, "from": about.half[1] if about.half else "?",
    }  # fmt: skip
    special, more, details = _special(about, verb)
    params |= more
    known = catalog.phrases("ftp")
    for key in (special, verb, _group(verb), ""):
        found = f"ftp.reply.{code}.{key}" if key else f"ftp.reply.{code}"
        if found in known:
            return found, params, details
    if code in codes():
        return f"ftp.reply_codes.{code}", params, details
    return f"ftp.reply.digits.{code // 100}", params, details


def digits(code: int) -> tuple[Note, ...]:
    """What the first two digits say (RFC 959 4.2.1)."""
    return Note(f"ftp.digit.first.{code // 100}"), Note(f"ftp.digit.second.{code // 10 % 10}")


def listed(code: int, command: Command) -> str:
    """What kind of lines a reply of many lines has."""
    if command.verb in _ROWS:
        return "STAT.path" if command.verb == "STAT" and command.argument else command.verb
    if code in (220, 230):
        return "greeting" if code == 220 else "welcome"
    return "other"


def row(
    code: int, command: Command, text: str
) -> tuple[str, dict[str, str | int], tuple[Note, ...], Entry | None]:
    """Say what a line inside a reply of many lines means."""
    kind, entry = listed(code, command), commands().get(command.verb)
    params: dict[str, str | int] = {"text": text.strip(), "verb": command.verb or "?"}
    if not text.strip():
        return "ftp.row.empty", params, (), entry
    if kind == "FEAT":
        return _feature(text, params)
    if kind == "MLST" and (item := parse_facts(text.removeprefix(" ").encode())).facts:
        return *entry_told(item), _facts(item), entry
    if kind == "STAT.path" and (item := parse_list(text.encode())).kind:
        return *entry_told(item), (), entry
    if kind in ("HELP", "SITE") and (words := _verbs(text)):
        return "ftp.row.HELP.verbs", params | {"count": len(words)}, _known(words), entry
    return f"ftp.row.{kind}", params, (), entry


def entry_told(item: Item) -> tuple[str, dict[str, str | int]]:
    """The sentence for one thing of a listing, and what stands in it."""
    when = f"{item.modified:%Y-%m-%d %H:%M}" if item.modified else "?"
    size = "?" if item.size is None else item.size
    return f"ftp.entry.{item.kind}", {
        "name": item.name,
        "size": size,
        "time": when,
        "target": item.target or "?",
    }


def _special(about: About, verb: str) -> Meaning:
    reply, code = about.reply, about.reply.code
    if verb == "greeting" or (code == 421 and not verb):
        return verb, {}, ()
    if code in (227, 228, 229):
        return _where(reply)
    if code == 257 and (found := _QUOTED.search(reply.text)):
        return verb, {"path": found[1].replace('""', '"')}, ()
    if code == 213:
        return _value(verb, reply.text.strip())
    if code in (125, 150) and (found := _SIZE.search(reply.text)):
        return verb, {}, (Note("ftp.reply.size", {"size": int(found[1])}),)
    if code == 425 and not about.data:
        return "none", {}, ()
    if code in (230, 331) and about.user.lower() in ANONYMOUS:
        return "anonymous", {}, ()
    if code == 530 and about.state not in ("signed-in", "transfer") and verb not in ("USER", "PASS", "ACCT"):
        return "first", {}, ()
    if about.opened and verb in _ROWS and code < 300:
        return "end", {}, ()
    argument = about.command.argument.upper()[:1] if verb in ("TYPE", "PROT", "MODE", "STRU") else ""
    return (f"{verb}.{argument}" if argument else verb), {}, ()


def _where(reply: Reply) -> Meaning:
    where: Endpoint | None
    if reply.code == 229:
        port = parse_229(reply.text)
        where = Endpoint("", port) if port else None
    else:
        where = parse_six(reply.text) if reply.code == 227 else parse_long(reply.text)
    if where is None:
        return "wrong", {}, ()
    return "where", {"host": where.host, "port": where.port, "high": where.high, "low": where.low}, ()


def _value(verb: str, text: str) -> Meaning:
    if verb == "SIZE" and text.isdigit():
        return "SIZE.value", {"size": text}, ()
    when = parse_time(text.rpartition("=")[2].split(";")[0].split(" ")[0])
    if when and verb in ("MDTM", "MFMT", "MFCT"):
        return f"{verb}.value", {"time": f"{when:%Y-%m-%d %H:%M:%S}"}, ()
    return ("end" if verb == "STAT" else ""), {}, ()


def _group(verb: str) -> str:
    return "down" if verb in DOWN else "up" if verb in UP else "list" if verb in LISTS else ""


def _feature(
    text: str, params: dict[str, str | int]
) -> tuple[str, dict[str, str | int], tuple[Note, ...], Entry | None]:
    words = text.split()
    name = words[0].upper()
    details = tuple(
        Note(f"ftp.facts.{found.key}", refs=found.refs, badge=word)
        for word in (text.replace(";", " ").split()[1:] if name == "MLST" else ())
        if (found := facts().get(word.rstrip("*").lower()))
    )
    if entry := features().get(name):
        return f"ftp.features.{name}", params, details, entry
    if entry := commands().get(name):
        return (
            "ftp.feature.command",
            params | {"verb": name},
            (Note(f"ftp.commands.{name}", refs=entry.refs),),
            entry,
        )
    return "ftp.feature.other", params, (), commands()["FEAT"]


def _facts(item: Item) -> tuple[Note, ...]:
    known = [(f"{name}={value}", facts().get(name)) for name, value in item.facts.items()]
    return tuple(
        Note(f"ftp.facts.{found.key}", refs=found.refs, badge=said) for said, found in known if found
    )


def _verbs(text: str) -> list[str]:
    """The names of commands in a line of HELP that holds nothing else; an asterisk marks those not implemented."""
    words = [word for word in re.split(r"[\s,]+", text.strip()) if word.strip("*()=>")]
    names = [word.strip("*()=>").upper() for word in words]
    known = [name for name in names if name in commands() or name in site_commands()]
    return names if known and len(known) * 2 >= len(names) and all(map(looks_like_verb, names)) else []


def _known(names: list[str]) -> tuple[Note, ...]:
    told = [(name, commands().get(name)) for name in names]
    return tuple(Note(f"ftp.commands.{name}", refs=entry.refs, badge=name) for name, entry in told if entry)

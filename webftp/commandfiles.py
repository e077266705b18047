"""The command line's verbs for files: get, put, mget, mput, mdelete (their wildcards are the client's own)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from django.utils.translation import gettext as _

from protocols.errors import Refused
from protocols.ftp import names
from webftp.commandline import VERBS, Shell

MOST = 1000
"""Files that one mget, mput or mdelete takes."""

EACH_HASH = 1024 * 1024
"""Bytes that one ``#`` stands for."""


async def get(shell: Shell, words: list[str], line: str) -> None:
    """get file: TYPE, PASV, RETR; it is saved where the browser saves."""
    path = words[1] if len(words) > 1 else await shell.screen.ask(_("(remote-file) "))
    await _get(shell, path)


async def put(shell: Shell, words: list[str], line: str) -> None:
    """put file [name]: TYPE, PASV, STOR; the file is one of the local folder, or is asked for."""
    files = await shell.screen.local(words[1] if len(words) > 1 else "")
    if not files:
        await shell.screen.write("error", _("No local file was chosen."))
        return
    await _put(shell, files[0], words[2] if len(words) > 2 else files[0]["name"])


async def mget(shell: Shell, words: list[str], line: str) -> None:
    """mget pattern...: the client asks for the names (NLST) and fetches them one by one."""
    patterns = words[1:] or [await shell.screen.ask(_("(remote-files) "))]
    await _each(shell, "mget", await _remote(shell, patterns), _get)


async def mput(shell: Shell, words: list[str], line: str) -> None:
    """mput pattern...: the client expands the pattern among the local files and sends them one by one."""
    found: dict[str, dict] = {}
    for pattern in words[1:] or [""]:
        found |= {file["name"]: file for file in await shell.screen.local(pattern)}

    async def send(shell: Shell, name: str) -> None:
        await _put(shell, found[name], name)

    await _each(shell, "mput", list(found), send)


async def mdelete(shell: Shell, words: list[str], line: str) -> None:
    """mdelete pattern...: NLST, then DELE for each."""
    patterns = words[1:] or [await shell.screen.ask(_("(remote-files) "))]

    async def delete(shell: Shell, name: str) -> None:
        await shell.say("DELE", name)

    await _each(shell, "mdelete", await _remote(shell, patterns), delete)


async def _each(shell: Shell, verb: str, chosen: list[str], work) -> None:
    asking = shell.prompting
    for name in chosen[:MOST]:
        if asking:
            answer = await _answer(shell, f"{verb} {name} [anpqy?]? ")
            asking = answer not in ("a", "p")
            if answer == "q":
                return
            if answer == "n":
                continue
        await work(shell, name)


async def _answer(shell: Shell, prompt: str) -> str:
    """The first letter of what a person answers; whoever asks what there is to say is told, and asked again."""
    while (answer := (await shell.screen.ask(prompt)).strip().lower()[:1]) not in ("", *"anpqy"):
        told = _("a or p: yes to this and all that follow; y or Enter: yes; n: not this one; q: no more")
        await shell.screen.write("text", told)
    return answer


async def _remote(shell: Shell, patterns: list[str]) -> list[str]:
    """The names that match, asked of the server; where it knows no wildcards the client chooses by itself."""
    found: dict[str, None] = {}
    for pattern in patterns:
        folder, _slash, last = pattern.rpartition("/")
        try:
            told = await shell.lines("NLST", pattern)
        except Refused:
            await shell.flush()
            told = []
        if not told and any(sign in last for sign in "*?["):
            try:
                told = await shell.lines("NLST", folder)
            except Refused:
                await shell.flush()
        for name in told:
            # A server may say anything: only a plain name that matches is taken (RFC 959 says nothing of it).
            base = name.rpartition("/")[2]
            if names.plain(base) and fnmatchcase(base, last):
                found[f"{folder}/{base}" if folder else base] = None
    if not found:
        await shell.screen.write("error", _("No files match."))
    return list(found)


async def _get(shell: Shell, path: str) -> None:
    base = path.rpartition("/")[2]
    shown = _("local: %(local)s remote: %(remote)s") % {"local": base, "remote": path}
    await shell.screen.write("text", shown)
    trouble, size = await shell.screen.download(shell, path)
    await _told(shell, trouble, size, _("%(size)s bytes received."))


async def _put(shell: Shell, file: dict, path: str) -> None:
    shown = _("local: %(local)s remote: %(remote)s") % {"local": file["name"], "remote": path}
    await shell.screen.write("text", shown)
    trouble, size = await shell.screen.upload(shell, file, path)
    await _told(shell, trouble, size, _("%(size)s bytes sent."))


async def _told(shell: Shell, trouble: str, size: int, sentence: str) -> None:
    await shell.flush()
    if shell.hashes and size:
        await shell.screen.write("text", "#" * min(200, 1 + size // EACH_HASH))
    if trouble:
        await shell.screen.write("error", trouble)
    else:
        await shell.screen.write("text", sentence % {"size": size})


VERBS.update({
    **dict.fromkeys(("get", "recv"), get),
    **dict.fromkeys(("put", "send"), put),
    "mget": mget,
    "mput": mput,
    "mdelete": mdelete,
})  # fmt: skip

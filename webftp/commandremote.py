"""The command line's verbs that become one FTP command or two, and what is said word for word."""

from __future__ import annotations

from django.utils.translation import gettext as _

from webftp.commandline import VERBS, Shell, no_data

SHOWN = 5000
"""Lines of a listing that are shown."""

PLAIN = {
    "cd": ("CWD", "remote-directory", 1),
    "pwd": ("PWD", "", 0),
    "cdup": ("CDUP", "", 0),
    "delete": ("DELE", "remote-file", 1),
    "mkdir": ("MKD", "directory-name", 1),
    "rmdir": ("RMD", "directory-name", 1),
    "size": ("SIZE", "remote-file", 1),
    "modtime": ("MDTM", "remote-file", 1),
    "system": ("SYST", "", 0),
    "noop": ("NOOP", "", 0),
    "rhelp": ("HELP", "", 0),
    "rstatus": ("STAT", "", 0),
    "features": ("FEAT", "", 0),
}


async def ls(shell: Shell, words: list[str], line: str) -> None:
    """ls, dir: LIST; nlist: NLST."""
    verb = "NLST" if words[0] == "nlist" else "LIST"
    for count, text in enumerate(await shell.lines(verb, " ".join(words[1:]))):
        if count == SHOWN:
            await shell.screen.write("text", "…")
            break
        await shell.screen.write("text", text)


async def plain(shell: Shell, words: list[str], line: str) -> None:
    """Commands that are one FTP command."""
    verb, usage, least = PLAIN[words[0]]
    arguments = words[1:]
    if len(arguments) < least:
        arguments = [await shell.screen.ask(f"({usage}) ")]
    if verb == "CWD" and arguments[0] == "..":
        verb, arguments = "CDUP", []
    await shell.say(verb, " ".join(arguments))


async def chmod(shell: Shell, words: list[str], line: str) -> None:
    """chmod mode file."""
    mode = words[1] if len(words) > 1 else await shell.screen.ask(_("(mode) "))
    path = " ".join(words[2:]) or await shell.screen.ask(_("(remote-file) "))
    await shell.say("SITE", f"CHMOD {mode} {path}")


async def rename(shell: Shell, words: list[str], line: str) -> None:
    """rename a b: RNFR, RNTO."""
    old = words[1] if len(words) > 1 else await shell.screen.ask(_("(from-name) "))
    new = words[2] if len(words) > 2 else await shell.screen.ask(_("(to-name) "))
    if (await shell.say("RNFR", old)).code == 350:
        await shell.say("RNTO", new)


async def quote(shell: Shell, words: list[str], line: str) -> None:
    """quote text: said as it was typed."""
    raw = "".join(line.split(None, 1)[1:]).strip() or await shell.screen.ask(_("(command line to send) "))
    verb, _blank, argument = raw.partition(" ")
    session = shell.connected().session
    if verb.upper() == "CCC" and session.secured:
        told = _("CCC would end TLS, and this program cannot go on outside it. Nothing was said.")
        await shell.screen.write("error", told)
        return
    answer = await shell.say(verb, argument)
    if await session.follow(verb, argument, answer):
        await shell.screen.write("text", _("(TLS is up: all that follows is said inside it.)"))
    if verb.upper() in ("PASV", "EPSV", "PORT", "EPRT") and answer.code < 400:
        await shell.screen.write("text", no_data())


async def type_(shell: Shell, words: list[str], line: str) -> None:
    """ascii, binary: TYPE."""
    shell.letter = "A" if words[0].lower().startswith("a") else "I"
    await shell.connected().session.type(shell.letter)
    await shell.flush()


VERBS.update({
    **dict.fromkeys(PLAIN, plain),
    **dict.fromkeys(("ls", "dir", "nlist"), ls),
    **dict.fromkeys(("quote", "literal"), quote),
    **dict.fromkeys(("ascii", "binary", "image"), type_),
    "rename": rename,
    "chmod": chmod,
})  # fmt: skip

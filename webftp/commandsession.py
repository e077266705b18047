"""The command line's verbs for the session itself, and for how this client stands."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import reach
from protocols.ftp import async_client as ftp
from protocols.ftp.commands import client_commands
from protocols.login import Credentials
from transcripts.recorder import open_recording
from webftp.commandline import CAUSE, LOCAL, VERBS, Shell
from webftp.warm import LIMITS, Live, database, transcript


async def open_(shell: Shell, words: list[str], line: str) -> None:
    """open host [port]: connect, hear the greeting, then ask for name and password."""
    if shell.live is not None:
        await shell.screen.write("error", _("Already connected. Say “close” first."))
        return
    host = words[1] if len(words) > 1 else await shell.screen.ask(_("(to) "))
    port = int(words[2]) if len(words) > 2 and words[2].isdecimal() else 0
    shell.server = await database(reach.find)(host, "ftp", port)
    address = await database(reach.address)(shell.server)
    shell.recording = await database(open_recording)(owner=shell.person, server=shell.server)
    try:
        async with transcript(shell.recording, CAUSE, tab=shell.tab, subject=f"open {host}"[:200]):
            session = await ftp.connect(
                address, shell.recording.sink, LIMITS, passive=shell.passive, heard=shell.hear
            )
            await shell.screen.write("text", _("Connected to %(host)s.") % {"host": host})
            shell.live = Live(session, shell.recording, shell.passive)
            await shell.flush()
            await _sign_in(shell)
    except BaseException:
        await shell.close()
        raise


async def user_(shell: Shell, words: list[str], line: str) -> None:
    """user name [password]."""
    name = words[1] if len(words) > 1 else ""
    await _sign_in(shell, name, words[2] if len(words) > 2 else None)


async def _sign_in(shell: Shell, name: str = "", secret: str | None = None) -> None:
    name = name or await shell.screen.ask(_("Name: "))
    shell.user = name or shell.person.username
    session = shell.connected().session
    answer = await session.say("USER", shell.user)
    await shell.flush()
    if answer.code == 331:
        if secret is None:
            secret = await shell.screen.ask(_("Password: "), secret=True)
        answer = await session.say("PASS", Credentials(shell.user, secret).secret)
        await shell.flush()
    if answer.code == 230 or answer.code // 100 == 2:
        await session.protect()
        await shell.flush()
    elif answer.code >= 400:
        await shell.screen.write("error", _("Login failed. Say “user” and your name to try again."))


async def bye(shell: Shell, words: list[str], line: str) -> None:
    """bye, quit, close: QUIT."""
    if shell.live is not None:
        await shell.live.session.say("QUIT")
        await shell.flush()
    await shell.close()


async def toggle(shell: Shell, words: list[str], line: str) -> None:
    """passive, prompt, hash: nothing crosses the wire."""
    name = {"pr": "prompting", "ha": "hashes"}.get(words[0].lower()[:2], "passive")
    on = not getattr(shell, name) if len(words) < 2 else words[1].lower() in ("on", "1", "yes")
    setattr(shell, name, on)
    if shell.live is not None and name == "passive":
        shell.live.session.passive = on
    told = {
        "passive": (_("Passive mode: on."), _("Passive mode: off; the server will connect to us.")),
        "prompting": (_("Interactive mode on."), _("Interactive mode off.")),
        "hashes": (_("Hash mark printing on."), _("Hash mark printing off.")),
    }[name]
    await shell.screen.write("text", told[0] if on else told[1])


async def status(shell: Shell, words: list[str], line: str) -> None:
    """status: how this client stands."""
    where = (
        _("Connected to %(host)s as %(user)s.") % {"host": shell.server.host, "user": shell.user}
        if shell.live is not None and shell.server
        else _("Not connected.")
    )
    switch = {True: _("on"), False: _("off")}
    kind = "ascii" if shell.letter == "A" else "binary"
    for text in (
        where,
        _("Type: %(type)s; Mode: stream; Structure: file") % {"type": kind},
        _("Passive mode: %(on)s; Prompting: %(prompt)s; Hash mark printing: %(hash)s")
        % {
            "on": switch[shell.passive],
            "prompt": switch[shell.prompting],
            "hash": switch[shell.hashes],
        },
    ):
        await shell.screen.write("text", text)


async def lcd(shell: Shell, words: list[str], line: str) -> None:
    """lcd [folder]: the local folder, which is one of this computer that the person chooses."""
    await shell.screen.write("text", await shell.screen.change_local(" ".join(words[1:])))


async def help_(shell: Shell, words: list[str], line: str) -> None:
    """help [command]: what there is, and the FTP commands it becomes."""
    language = (get_language() or "en")[:2]
    for name, entry in client_commands().items():
        if len(words) > 1 and words[1].lower() not in name.split():
            continue
        meaning = entry.meaning.get(language, entry.meaning["en"])
        wire = ", ".join(entry.facts.get("wire", ()))
        await shell.screen.write("text", f"{name:16} {meaning}" + (f"  [{wire}]" if wire else ""))


VERBS.update({
    **dict.fromkeys(("open", "ftp"), open_),
    **dict.fromkeys(("bye", "quit", "exit", "close", "disconnect"), bye),
    **dict.fromkeys(("passive", "prompt", "hash"), toggle),
    **dict.fromkeys(("help", "?"), help_),
    "user": user_,
    "status": status,
    "lcd": lcd,
})  # fmt: skip
LOCAL.update((open_, help_, toggle, status, lcd))

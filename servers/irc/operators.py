"""What the lab's administrators may do after OPER: KILL, WALLOPS; and what nobody may by IRC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocols.irc.grammar import Message
from servers.irc.client import Command
from servers.irc.line import Out

if TYPE_CHECKING:
    from servers.irc.client import Client


def kill(client: Client, message: Message) -> None:
    if not client.operator:
        return client.reply("481", "Permission denied: only IRC operators may do that (OPER)")
    other = client.network.client(message.param(0))
    if other is None:
        return client.reply("401", message.param(0)[:60], "No such nick")
    reason = message.param(1)[:300] or "no reason"
    other.tell("KILL", other.nick, reason, source=client.source)
    return other.end(f"Killed by {client.nick}: {reason}")


def wallops(client: Client, message: Message) -> None:
    if not client.operator:
        return client.reply("481", "Permission denied: only IRC operators may do that (OPER)")
    out = Out(client.source, "WALLOPS", message.param(0), account=client.account)
    return client.network.tell([one for one in client.network.clients.values() if "w" in one.modes], out)


def never(client: Client, message: Message) -> None:
    """The server is started, stopped and configured by the lab's own command, not by IRC."""
    if not client.operator:
        client.reply("481", "Permission denied: only IRC operators may do that (OPER)")
    else:
        client.notice(f"{message.command} does nothing here: the lab starts and stops its servers itself")


COMMANDS = {
    "KILL": Command(kill, 1),
    "WALLOPS": Command(wallops, 1),
    **{verb: Command(never) for verb in ("REHASH", "RESTART", "DIE", "CONNECT", "SQUIT")},
}

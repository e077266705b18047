"""The lab's IRC server: the core of RFC 2812 with IRCv3's capabilities, one server, no links.

``Network`` is what the server knows, a ``Client`` one connection; ``registration``, ``channels``, ``modes``,
``messages``, ``queries`` and ``operators`` answer the commands. What it leaves out and why:
docs/decisions/irc-server.md.
"""

from __future__ import annotations

import asyncio

from servers.irc import channels, messages, modes, operators, queries, registration
from servers.irc.client import Client, Command
from servers.irc.network import Network

COMMANDS: dict[str, Command] = {
    **registration.COMMANDS,
    **channels.COMMANDS,
    **modes.COMMANDS,
    **messages.COMMANDS,
    **queries.COMMANDS,
    **operators.COMMANDS,
}
queries.ALL.update(COMMANDS)


async def serve(network: Network, *, implicit: bool = False, **where) -> asyncio.Server:
    """Listen; ``where`` is ``host``, ``port`` and, for TLS from the first byte, ``ssl``."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Client(network, COMMANDS, secure=implicit), backlog=500, **where)

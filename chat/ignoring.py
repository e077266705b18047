"""Whom a person will not listen to, on one network: ``/ignore`` and ``/unignore``.

Nothing is lost by it. A channel's words are stored for all who are in it, and words said to the person alone are stored
too; the page folds them away, no window opens for them, nothing counts them, and no CTCP of theirs is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from chat import shown
from chat.doings import Unclear
from chat.models import NICK, Network
from protocols.irc.grammar import is_nick

if TYPE_CHECKING:
    from chat.link import Link

MOST = 200

NO_NICK = gettext_noop("%(nick)s is no nickname.")
YOURSELF = gettext_noop("That is yourself.")
NOT_IGNORED = gettext_noop("%(nick)s is not ignored.")
TOO_MANY = gettext_noop(
    "You ignore %(count)s people already, which is the most. /unignore lets one be heard again."
)


def ignores(link: Link, nick: str) -> bool:
    """Whether the link's person does not listen to ``nick``, compared as the server compares names."""
    return any(link.fold(one) == link.fold(nick) for one in link.row.ignored)


def ignore(link: Link, nick: str) -> None:
    """Listen to ``nick`` no more; Unclear where that is nobody to ignore."""
    if not is_nick(nick, NICK):
        raise Unclear(NO_NICK, nick=nick[:NICK])
    if link.fold(nick) == link.fold(link.nick):
        raise Unclear(YOURSELF)
    others = _without(link, nick)
    if len(others) >= MOST:
        raise Unclear(TOO_MANY, count=str(MOST))
    _keep(link, [*others, nick])


def hear_again(link: Link, nick: str) -> None:
    """Listen to ``nick`` again; Unclear where they are not ignored."""
    if not ignores(link, nick):
        raise Unclear(NOT_IGNORED, nick=nick[:NICK])
    _keep(link, _without(link, nick))


def _without(link: Link, nick: str) -> list[str]:
    return [one for one in link.row.ignored if link.fold(one) != link.fold(nick)]


def _keep(link: Link, nicks: list[str]) -> None:
    """Store the list, and tell the person's tabs."""
    row, writer = link.row, link.gateway.writer
    row.ignored = nicks
    writer.change(lambda: Network.objects.filter(pk=row.pk).update(ignored=nicks) and None)
    writer.news(people=[link.person], network=shown.network(row) | {"says": ""}, trouble=row.trouble)

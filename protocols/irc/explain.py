"""What each line of an IRC conversation means, told with the connection's state in mind (RFC 2812, IRCv3).

No sentence repeats what people said: their words may be folded for the reader (``grammar.talk``).
"""

from __future__ import annotations

import re
from dataclasses import replace

from protocols.irc import details
from protocols.irc.answered import Answered
from protocols.irc.asked import Asked
from protocols.irc.grammar import parse_message
from protocols.line import Line, Note

_HEARD = re.compile(rb"(?:@[^ ]* )?:[^ !]+![^ ]+ (?:PRIVMSG|NOTICE|TAGMSG) ")


class Explainer(Asked, Answered):
    """Told every guarded line in order; ``state`` and ``restore`` carry it over a block's border."""

    def feed(self, line: Line) -> Note:
        """Return what ``line`` means, here and now."""
        if line.kind == "binary":
            return replace(self._note("irc.binary", size=line.size), known=False)
        if not line.raw.strip() and not line.hidden:
            return self._note("irc.empty")
        message = parse_message(details.whole(line))
        if message is None:
            return replace(self._note("irc.hidden" if line.hidden else "irc.none"), known=bool(line.hidden))
        note = self._client(line, message) if line.speaker == "C" else self._server(line, message)
        return replace(note, details=(*note.details, *details.tags(message, self._batches)))

    def passes(self, line: Line) -> bool:
        """Whether ``line`` is talk from the server: it changes no state and is no reply, so whoever only keeps
        the state need not feed it."""
        return line.speaker == "S" and not line.hidden and _HEARD.match(line.raw) is not None

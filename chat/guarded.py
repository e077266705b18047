"""Words without what is secret in them, before they are stored."""

from __future__ import annotations

from protocols.irc.services import secret_words


def without_secret(target: str, text: str, *, own: bool = False, source: str = "") -> str:
    """``text`` as it may be stored: what is secret in words to a service (NickServ), or of one, is taken out."""
    lead = f":{source} PRIVMSG {target} :" if source and not own else f"PRIVMSG {target} :"
    raw = f"{lead}{text}".encode("utf-8", "surrogateescape")
    at = lead.encode("utf-8", "surrogateescape").find(b"PRIVMSG")
    found = secret_words(raw, at, from_client=own)
    if found is None:
        return text
    return raw[len(lead.encode()) : found.start].decode("utf-8", "replace") + "•••"

"""What people say to a network's services (NickServ, ChanServ, Q, X), and which words of it are secret."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.irc.grammar import spans_of, text_of

SHORTCUTS = frozenset(
    {"NICKSERV", "NS", "CHANSERV", "CS", "MEMOSERV", "MS", "OPERSERV", "OS", "HOSTSERV", "HS", "BOTSERV", "BS",
     "AUTHSERV", "AS", "USERSERV", "US", "Q", "X", "SERVICES"}
)  # fmt: skip
HARMLESS = frozenset(
    {"HELP", "INFO", "LIST", "LISTCHANS", "STATUS", "ACC", "ACCESS", "ALIST", "GLIST", "OP", "DEOP", "VOICE",
     "DEVOICE", "HALFOP", "DEHALFOP", "PROTECT", "KICK", "BAN", "UNBAN", "INVITE", "TOPIC", "FLAGS", "AOP", "SOP",
     "VOP", "HOP", "AKICK", "WHY", "SEEN", "VERSION", "LOGOUT", "UPDATE", "CERT", "AJOIN", "HELLO", "SHOWCOMMANDS",
     "WHOIS", "WHOAMI", "COUNT", "QUIET", "UNQUIET", "SYNC", "CLEAR", "TAXONOMY", "SEND", "READ", "DEL", "ON", "OFF"}
)  # fmt: skip
"""Commands of services that carry no password; anything else is hidden, in doubt."""

_PARTING = frozenset({"PART", "QUIT", "KICK", "TOPIC", "AWAY"})
"""Commands whose last word is free text that others read."""

_ACTION = b"\x01ACTION "
_ACCOUNT_FIRST = frozenset(
    {"IDENTIFY", "ID", "SIDENTIFY", "LOGIN", "AUTH", "GHOST", "RECOVER", "RELEASE", "REGAIN"}
)
_NICK_ALONE = frozenset({"GHOST", "RECOVER", "RELEASE", "REGAIN", "DROP"})
_SECRET_FIRST = frozenset({"REGISTER", "GROUP", "LINK"})
# A service's answer that tells a password or a key.
_TOLD = re.compile(
    rb"\b(?:password|key|passcode|code)\b[^:]{0,60}?\b(?:is|to|was)(?: now)?[ :]+[\x02\"']?", re.IGNORECASE
)
_BY_MISTAKE = re.compile(
    rb"[\s.]*(?:/(?:(?:msg|query|quote|raw|privmsg|squery)\s+)?|(?=(?:msg\s+)?\w*serv\b))(?:(?:msg\s+)?(?:\w*serv|ns|cs|q|x)"
    rb"(?:@\S+)?\s+:?)?(identify|id|sidentify|login|auth|register|ghost|recover|release|regain|setpass|set\s+pass\w*|"
    rb"oper|pass|password)\b[\s:]*(?=\S)|\s*(identify)\s+(?=\S+(?:\s+\S+)?\s*$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SecretWords:
    """Where the secret begins in a line, whose it is where that is said, and the bytes worth comparing."""

    start: int
    user: str
    secret: bytes


def is_service(target: str) -> bool:
    """Whether a message's target is a service: ``NickServ``, ``Q@CServe.quakenet.org``, ``AuthServ``."""
    nick, at, _ = target.partition("@")
    return bool(at) or nick.lower().endswith("serv") or nick.upper() in SHORTCUTS


def secret_words(raw: bytes, at: int, *, from_client: bool) -> SecretWords | None:
    """Return what is secret in the command at offset ``at``: words to a service, or a service's own answer.

    A tab parts words like a blank here: no server reads it so, and a person who typed one meant it.
    """
    raw = raw.replace(b"\t", b" ")
    spans = spans_of(raw, at)
    if len(spans) < 2:
        return None
    verb = text_of(raw[slice(*spans[0])]).lstrip("/").upper()
    if verb in SHORTCUTS and from_client:
        return _to_service(raw, spans[1][0])
    if verb == "MSG" and from_client:
        verb = "PRIVMSG"  # typed with a client's own word
    if verb in _PARTING:
        return _by_mistake(raw, spans[-1][0])
    if verb not in ("PRIVMSG", "NOTICE", "SQUERY", "TAGMSG") or len(spans) < 3:
        return None
    targets = text_of(raw[slice(*spans[1])]).split(",")
    start = spans[2][0]
    if verb == "SQUERY" or any(is_service(target) for target in targets):
        return _to_service(raw, start)
    if not from_client and _from_service(raw, at) and (told := _TOLD.search(raw, start)):
        words = raw[told.end() :].split()
        return SecretWords(told.end(), "", words[0].strip(b"\x02\"'.") if words else b"")
    return _by_mistake(raw, start)


def _by_mistake(raw: bytes, start: int) -> SecretWords | None:
    """What was meant for a service and went elsewhere: into a channel, an action, the words of a farewell."""
    start += len(_ACTION) if raw.startswith(_ACTION, start) else 0
    if found := _BY_MISTAKE.match(raw, start):
        return _words(raw, found.end(), (found[1] or found[2] or b"").decode().upper())
    return None


def _to_service(raw: bytes, start: int) -> SecretWords | None:
    while raw[start : start + 1] in (b":", b" "):
        start += 1
    verb, _, rest = raw[start:].partition(b" ")
    name = text_of(verb).upper()
    if not rest.strip() or name in HARMLESS:
        return None
    return _words(raw, start + len(verb) + 1, name)


def _words(raw: bytes, start: int, verb: str) -> SecretWords | None:
    words = raw[start:].split()
    if verb in _NICK_ALONE and len(words) == 1:
        return None  # who is signed in needs no password for it
    user = text_of(words[0]) if verb in _ACCOUNT_FIRST and len(words) > 1 else ""
    if verb == "REGISTER" and len(words) > 1 and words[0].startswith(b"#"):
        secret = words[1]
    elif verb in _SECRET_FIRST and words:
        secret = words[0]
    elif words and (verb in _ACCOUNT_FIRST or words[0].upper().startswith(b"PASS") or verb.startswith("SET")):
        secret = words[-1]
    else:
        secret = raw[start:].strip()  # which word it is nobody knows here; only all of it is looked for later
    return SecretWords(start, user, secret)


def _from_service(raw: bytes, at: int) -> bool:
    source = text_of(raw[:at]).rpartition(":")[2].strip()
    return is_service(source.partition("!")[0])

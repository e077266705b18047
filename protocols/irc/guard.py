"""What must not be stored of an IRC conversation: passwords of servers, accounts, operators, and channel keys.

IRC has them in many places: PASS, OPER, AUTHENTICATE in pieces of 400 bytes (IRCv3 SASL), REGISTER, a message to
NickServ and its kin, the key of JOIN and of MODE +k. The rules beyond the commands' own syntax: what is said to a
service is hidden after its first word unless that word is known to be harmless; what a person types by mistake
with a client's slash, or into a channel, is hidden too; while a sign-in is under way or was refused, a line that
is no command of IRC is hidden whole. What later lines repeat of a secret is cut out of them (servers and
echo-message repeat). A channel's key is only hidden where it stands as one: it is often an ordinary word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from protocols.irc.commands import commands
from protocols.irc.grammar import spans_of, text_of
from protocols.irc.services import SecretWords, secret_words
from protocols.irc.support import Support, parse_modes
from protocols.line import Line
from protocols.sasl import MECHANISMS, Exchange, Said, Veil

PIECE = 400
"""Bytes of a piece of AUTHENTICATE; a shorter one (or ``+``) is the last."""

MOST = 64 * 1024

MOST_PARTS = 100
"""Commands that are looked at in one line; what stands behind them is hidden."""

_MORE_MECHANISMS = frozenset({"ECDSA-NIST256P-CHALLENGE", "ECDH-X25519-CHALLENGE", "DH-AES", "DH-BLOWFISH"})
# Before the command: telnet's options, tags, a source, the slash of a client's input line.
_LEAD = re.compile(
    rb"[^\x21-\x7e]*(?:@\S*\s+)?(?::\S*\s+)?[^\x21-\x7e]*/?(?:(?:quote|raw)\s+:?)?", re.IGNORECASE
)
_PASS = re.compile(rb"PASS(?:WORD|WD)?\b[\s:]*", re.IGNORECASE)
_OPER = re.compile(rb"(OPER|VHOST|CHALLENGE)\b[\s:]+(?:(\S+)\s+(?=\S):?)?", re.IGNORECASE)
_AUTHENTICATE = re.compile(rb"AUTHENTICATE\b[\s:]*", re.IGNORECASE)
_ALL = re.compile(rb"(?:DIE|RESTART|IDENTIFY|ID|SIDENTIFY|LOGIN|SETPASS|SASL)\b[\s:]*", re.IGNORECASE)
_ACCOUNT = re.compile(rb"(?:AUTH|VERIFY)\b[\s:]+(?:(\S+)\s+(?=\S):?)?", re.IGNORECASE)
_REGISTER = re.compile(rb"REGISTER\b[\s:]+(?:(\S+)\s+\S+\s+(?=\S):?)?", re.IGNORECASE)
_WEBIRC = re.compile(rb"WEBIRC\b[\s:]+", re.IGNORECASE)
_NICK = re.compile(rb"NICK\s+[^\s:]\S*\s+:?(?!\d+\s*$)(?=\S)|NICK\s+:?[^\s:]+:(?=\S)", re.IGNORECASE)
_JOIN = re.compile(rb"J(?:OIN)?\s+:?[^\s:]\S*\s+:?(?=\S)", re.IGNORECASE)
_WORD = re.compile(rb"[A-Za-z]+(?!\S)")


class Guard:
    """Fed the lines of one IRC conversation in order, returns them without secrets."""

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._veil = Veil(fingerprint)
        self._exchange: Exchange | None = None
        self._pieces = b""
        self._doubt = False
        self._support = Support()

    def feed(self, line: Line) -> Line:
        """Return ``line`` with its secret bytes taken out."""
        if line.kind in ("body", "event"):
            return line
        if line.speaker == "S":
            return self._veil.echoes(self._server(line))
        if line.speaker != "C":
            return line
        return self._veil.echoes(self._client(line))

    # What a client says

    def _client(self, line: Line) -> Line:
        # A lone CR or NUL ends a line for some servers: what stands behind it is a command of its own.
        for number, part in enumerate(re.finditer(rb"[^\r\0]+", line.raw)):
            if number == MOST_PARTS:
                rest = line.raw[part.start() :].strip()
                return self._veil.cut(line, part.start(), Said("response", secret=rest))
            kept = self._command(line, part.start())
            if kept is not line:
                return kept
        return line

    def _command(self, line: Line, start: int) -> Line:
        lead = _LEAD.match(line.raw, start)
        at = lead.end() if lead else start
        if found := _AUTHENTICATE.match(line.raw, at):
            return self._authenticate(line, found.end())
        if found := _PASS.match(line.raw, at):
            self._doubt = not line.raw[found.end() :].strip()
            return self._veil.cut(line, found.end(), _password(line.raw[found.end() :]))
        for syntax in (_OPER, _ACCOUNT, _REGISTER):
            if found := syntax.match(line.raw, at):
                secret = line.raw[found.end() :].strip()
                return self._veil.cut(line, found.end(), Said("password", _name(found), secret))
        for syntax in (_ALL, _NICK, _WEBIRC):
            if found := syntax.match(line.raw, at):
                words = line.raw[found.end() :].split()
                secret = words[0 if syntax is _WEBIRC else -1] if words else b""
                return self._veil.cut(line, found.end(), Said("password", secret=secret))
        if found := _JOIN.match(line.raw, at):
            said = Said("password", secret=line.raw[found.end() :].strip())
            return self._veil.cut(line, found.end(), said, remember=False)
        return self._words(line, at)

    def _words(self, line: Line, at: int) -> Line:
        """A message to a service, MODE, or what is no command at all."""
        found = secret_words(line.raw, at, from_client=True)
        if found:
            return self._hide(line, found)
        word = _WORD.match(line.raw, at)
        verb = word[0].decode().upper() if word else ""
        if verb == "MODE":
            return self._mode_keys(line, at, 0)
        if (self._doubt or self._exchange) and line.raw.strip() and verb not in commands():
            return self._veil.cut(line, 0, Said("response", secret=line.raw.strip()))
        return line

    def _hide(self, line: Line, found: SecretWords) -> Line:
        return self._veil.cut(line, found.start, Said("password", found.user, found.secret))

    def _authenticate(self, line: Line, start: int) -> Line:
        said = line.raw[start:].strip()
        name = said.decode("latin-1").upper()
        if name in MECHANISMS or name in _MORE_MECHANISMS:
            self._exchange, self._pieces = Exchange(name), b""
            return line
        if said in (b"", b"*"):
            self._pieces = b""
            return line
        if said == b"+":
            return self._last_piece(line, len(line.raw), b"")
        if self._exchange is None:
            self._exchange = Exchange("")
        if len(said) >= PIECE:
            self._pieces = (self._pieces + said)[:MOST]
            return self._veil.cut(line, start, Said("response", secret=said))
        return self._last_piece(line, start, said)

    def _last_piece(self, line: Line, start: int, said: bytes) -> Line:
        before, self._pieces = self._pieces, b""
        exchange = self._exchange or Exchange("")
        meant = exchange.response(before + said) if before or said else None
        if meant is None and before:
            meant = Said("response", secret=said)
        return line if meant is None else self._veil.cut(line, start, meant)

    # What a server says

    def _server(self, line: Line) -> Line:
        spans, verb, found = _heard(line.raw)
        if not spans:
            return line
        if verb == b"AUTHENTICATE" and len(spans) > 1 and self._exchange:
            self._exchange.challenge(line.raw[slice(*spans[1])])
        elif verb == b"005":
            self._support = self._support.with_tokens(text_of(line.raw[slice(*span)]) for span in spans[2:])
        elif verb in (b"001", b"903", b"381"):
            self._exchange, self._doubt = None, False
        elif verb in (b"464", b"904", b"905", b"906"):
            # The client may not have read it, and say its password all the same.
            self._doubt = True
        elif verb in (b"MODE", b"324", b"696"):
            return self._mode_keys(line, spans[0][0], 0 if verb == b"MODE" else 1)
        elif found:
            return self._hide(line, found)
        return line

    def _mode_keys(self, line: Line, at: int, before: int) -> Line:
        """Hide the arguments of +k and -k; all arguments where they cannot be told apart."""
        spans = spans_of(line.raw, at)[1 + before :]
        words = [line.raw[slice(*span)] for span in spans]
        if len(words) < 3 or not self._support.is_channel(text_of(words[0])) or b"k" not in words[1]:
            return line
        changes = parse_modes([text_of(word) for word in words[1:]], self._support)
        wanted = [change for change in changes if self._support.takes_argument(change.add, change.letter)]
        for place in range(len(spans) - 1, 1, -1):
            certain = len(wanted) == len(words) - 2
            if words[place] != b"*" and (not certain or wanted[place - 2].letter == "k"):
                said = Said("password", secret=words[place])
                line = self._veil.cut(line, spans[place][0], said, spans[place][1], remember=False)
        return line


@lru_cache(maxsize=512)
def _heard(raw: bytes) -> tuple[list[tuple[int, int]], bytes, SecretWords | None]:
    """Where a server's line has its parts, its verb, what in it is secret by itself.

    Remembered for a moment: what is said in a channel reaches each of a class's connections in the same bytes.
    """
    spans = spans_of(raw)
    if not spans:
        return spans, b"", None
    return spans, raw[slice(*spans[0])].upper(), secret_words(raw, spans[0][0], from_client=False)


def _password(raw: bytes) -> Said:
    """``PASS user:password`` is how many servers take both; the fingerprint is then the password's."""
    said = raw.strip()
    found = re.fullmatch(rb"[A-Za-z0-9._@/-]{1,64}:(\S.*)", said, re.DOTALL)
    return Said("password", secret=found[1] if found else said)


def _name(found: re.Match[bytes]) -> str:
    return text_of(found[found.lastindex] or b"") if found.lastindex and found[found.lastindex] else ""

"""What must not be stored of an FTP conversation: PASS and ACCT, and whatever is typed where they were asked for.

The user name may show. Of RFC 2228's commands, ADAT carries the mechanism's secrets, and MIC, CONF and ENC wrap
whole commands, PASS among them. Some servers change passwords by SITE. In doubt, which is from USER until somebody
is signed in, a line that is no well-formed command is hidden: a program that reads no replies, and a person who
forgets to write PASS, say the password bare.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.ftp.grammar import without_telnet
from protocols.line import Line
from protocols.sasl import Said, Veil, decoded

_BEGIN = rb"(?:^|[\r\0])[ \t\n\v\f\xf0-\xff]*"
_SECRET = re.compile(
    _BEGIN + rb"(?:(?P<password>PASS|ACCT)(?=[^A-Za-z]|$)[ \t:]?"
    rb"|(?P<site>SITE\s+(?:PSWD|CPWD|GPASS|PASS|PASSWD|CHPASS|ADDUSER|MINFO)\b\s*)"
    rb"|(?P<response>(?:ADAT|MIC|CONF|ENC)\b[ \t]*))",
    re.IGNORECASE,
)
_USER = re.compile(rb"^[\s\0]*USER\s+(.*?)\s*$", re.IGNORECASE)
_COMMAND = re.compile(
    rb"^\s*(?:(?:USER|CWD|XCWD|SMNT|RETR|STOR|APPE|RNFR|RNTO|DELE|RMD|XRMD|MKD|XMKD|LIST|NLST|SITE|STAT|HELP|OPTS|"
    rb"SIZE|MDTM|MLST|MLSD|LANG|HOST|CLNT|CSID|MFMT|MFCT|MFF|AVBL|HASH|X(?:CRC|MD5|SHA[0-9]*)|AUTH)\s+\S.*|"
    rb"(?:CDUP|XCUP|REIN|QUIT|PASV|LPSV|STOU|ABOR|PWD|XPWD|SYST|NOOP|FEAT|CCC|LIST|NLST|STAT|HELP|MLST|MLSD|LANG|AVBL|"
    rb"EPSV(?:\s+(?:[0-9]|ALL))?|TYPE\s+[AEIL](?:\s+\S{1,3})?|(?:STRU|MODE|PROT)\s+[A-Z]|(?:SSCN|PBSZ|REST|ALLO|RANG)\s+"
    rb"[0-9A-Z ]{1,40}|PORT\s+[0-9, ]+|LPRT\s+[0-9, ]+|EPRT\s+\|[12]\|[0-9A-F.:]+\|[0-9]+\|)\s*$)",
    re.IGNORECASE | re.DOTALL,
)


class Guard:
    """Fed the lines of one FTP conversation in order, returns them without secrets."""

    def __init__(self, fingerprint: Callable[[bytes], str]) -> None:
        self._veil = Veil(fingerprint)
        self._doubt = False
        self._user = ""

    def feed(self, line: Line) -> Line:
        """Return ``line`` with its secret bytes taken out."""
        if line.kind in ("body", "event"):
            return line
        if line.speaker == "S":
            self._server(line.raw)
            return self._veil.echoes(line, 4 if line.raw[:3].isdigit() else 0)
        return self._client(line) if line.speaker == "C" else line

    def _server(self, raw: bytes) -> None:
        if raw[:3] in (b"331", b"332", b"334", b"335", b"336"):
            self._doubt = True
        elif raw[:4] in (b"230 ", b"232 ") or raw in (b"230", b"232"):
            self._doubt = False

    def _client(self, line: Line) -> Line:
        if found := _SECRET.search(line.raw):
            self._doubt = True
            kind = "password" if found["response"] is None else "response"
            secret = line.raw[found.end() :]
            return self._veil.cut(line, found.end(), Said(kind, self._user, _plain(secret, kind)))
        if found := _USER.match(line.raw):
            self._user, self._doubt = found[1].decode("utf-8", "replace"), True
        elif self._doubt and not _COMMAND.match(without_telnet(line.raw)):
            return self._veil.cut(line, 0, Said("password", self._user, line.raw.strip()))
        return self._veil.echoes(line)


def _plain(secret: bytes, kind: str) -> bytes:
    """What is hidden as it was meant: base64 in RFC 2228's commands, spaces at the end left out of a password."""
    if kind == "response":
        return decoded(secret) or secret.strip()
    return secret.strip()

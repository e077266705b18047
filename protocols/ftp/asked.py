"""What a client's command means: the key of its sentence, what stands in it, and further facts."""

from __future__ import annotations

from collections.abc import Sequence

from protocols import catalog
from protocols.catalog import Entry
from protocols.ftp.commands import site_commands
from protocols.ftp.endpoint import Endpoint, parse_eprt, parse_long, parse_six
from protocols.ftp.grammar import Command, without_telnet
from protocols.ftp.listing import parse_time
from protocols.line import Line, Note

Meaning = tuple[str, dict[str, str | int], tuple[Note, ...]]

SECRET = ("PASS", "ACCT", "ADAT", "MIC", "CONF", "ENC")
ANONYMOUS = ("anonymous", "ftp")
BEFORE = {
    "USER", "PASS", "ACCT", "AUTH", "ADAT", "PBSZ", "PROT", "CCC", "MIC", "CONF", "ENC", "FEAT", "SYST", "HELP", "NOOP",
    "QUIT", "REIN", "OPTS", "HOST", "LANG", "CLNT", "CSID", "STAT", "SITE", "ABOR",
}  # fmt: skip
"""Commands that servers answer before anybody is signed in."""

_OLD = {"XPWD": "PWD", "XCWD": "CWD", "XMKD": "MKD", "XRMD": "RMD", "XCUP": "CDUP"}
_CHOICES = {"TYPE": "AEIL", "STRU": "FRP", "MODE": "SBCZ", "PROT": "CSEP"}


def meaning(command: Command, line: Line, user: str, half: Sequence[str]) -> Meaning:
    """Say what ``command`` asks for; ``half`` is the REST or RNFR that the server took just before."""
    verb, argument = command.verb, command.argument
    params: dict[str, str | int] = {
        "path": argument,
        "user": user or "?",
        "verb": verb,
        "rest": "".join(half[1:2]),
    }
    special, more, details = _special(command, line, user, half)
    params |= more
    if without_telnet(line.raw) != line.raw:
        details = (*details, Note("ftp.telnet"))
    known = catalog.phrases("ftp")
    for key in (f"ftp.command.{verb}.{special}", f"ftp.command.{verb}"):
        if key in known and (argument or line.hidden or (key.endswith(special) and special)):
            return key, params, details
    if verb == "SITE" and special:
        return f"ftp.site_commands.{special}", params, details
    return f"ftp.commands.{verb}", params, details


def needs_sign_in(entry: Entry) -> bool:
    """Whether servers want somebody to be signed in before this command."""
    return entry.key not in BEFORE


def standard(verb: str) -> str:
    """The name that RFC 959 gave to one of the old experimental commands."""
    return _OLD.get(verb, verb)


def _special(command: Command, line: Line, user: str, half: Sequence[str]) -> Meaning:
    verb, argument = command.verb, command.argument
    first, _, rest = argument.partition(" ")
    word = first.upper()
    if verb in SECRET:
        return _secret(verb, line, user)
    if verb == "USER":
        return ("anonymous" if argument.lower() in ANONYMOUS else ""), {"user": argument}, ()
    if verb in _CHOICES:
        return (word[:1] if word[:1] in _CHOICES[verb] else ""), {}, ()
    if verb in ("PORT", "EPRT", "LPRT"):
        where = {"PORT": parse_six, "EPRT": parse_eprt, "LPRT": parse_long}[verb](argument)
        return _endpoint(where)
    if verb in ("LIST", "NLST") and first.startswith("-"):
        return "options", {"options": first, "path": rest or "."}, ()
    if verb in ("RETR", "STOR") and half[:1] == ["REST"]:
        return "rest", {}, ()
    if verb in ("MDTM", "MFMT", "MFCT") and (when := parse_time(first)) and rest:
        return "time", {"time": f"{when:%Y-%m-%d %H:%M:%S}", "path": rest}, ()
    if verb == "SITE":
        return _site(word, rest)
    if verb in ("AUTH", "EPSV", "OPTS", "PBSZ", "REST", "CWD", "XCWD"):
        return _WORDS.get((standard(verb), word), ""), {"word": word, "rest": rest}, ()
    return "", {"word": word}, ()


_WORDS = {
    ("AUTH", "TLS"): "TLS", ("AUTH", "TLS-C"): "TLS", ("AUTH", "SSL"): "TLS", ("AUTH", "TLS-P"): "TLS",
    ("EPSV", "ALL"): "ALL", ("EPSV", "1"): "1", ("EPSV", "2"): "2",
    ("OPTS", "UTF8"): "UTF8", ("OPTS", "UTF-8"): "UTF8", ("OPTS", "MLST"): "MLST",
    ("PBSZ", "0"): "0", ("REST", "0"): "0", ("CWD", ".."): "up", ("CWD", "/"): "root",
}  # fmt: skip


def _secret(verb: str, line: Line, user: str) -> Meaning:
    size = sum(span.length for span in line.hidden)
    if verb == "PASS" and not line.hidden:
        return "empty", {"size": 0}, ()
    if verb == "PASS" and user.lower() in ANONYMOUS:
        return "anonymous", {"size": size}, ()
    return ("tls" if line.tls else "clear"), {"size": size}, ()


def _endpoint(where: Endpoint | None) -> Meaning:
    if where is None:
        return "wrong", {}, ()
    return "", {"host": where.host, "port": where.port, "high": where.high, "low": where.low}, ()


def _site(word: str, rest: str) -> Meaning:
    mode, _, path = rest.partition(" ")
    if word == "CHMOD" and mode.strip("01234567") == "" and 3 <= len(mode) <= 4:
        bits = int(mode, 8)
        signs = "".join(sign if bits >> (8 - at) & 1 else "-" for at, sign in enumerate("rwxrwxrwx"))
        return "CHMOD.mode", {"mode": mode, "signs": signs, "path": path}, ()
    return (word if word in site_commands() else ""), {"word": word or "?"}, ()

"""ENVELOPE, BODY and BODYSTRUCTURE of a message as bytes of a FETCH reply (RFC 3501, 7.4.2)."""

from __future__ import annotations

from servers import addresses
from servers.imap.mime import Part, parameters

_ADDRESSED = ("from", "sender", "reply-to", "to", "cc", "bcc")


def string(text: str | None) -> bytes:
    """An nstring: NIL, a quoted string, or a literal where a quoted string cannot hold the text."""
    if text is None:
        return b"NIL"
    raw = text.encode("latin-1", "replace").replace(b"\0", b"")
    if len(raw) < 1000 and raw.isascii() and b"\r" not in raw and b"\n" not in raw:
        return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return b"{%d}\r\n%b" % (len(raw), raw)


def envelope(part: Part) -> bytes:
    """``(date subject from sender reply-to to cc bcc in-reply-to message-id)``.

    Sender and Reply-To are From where they are missing or empty.
    """
    people = {name: _addresses(part, name) for name in _ADDRESSED}
    for name in ("sender", "reply-to"):
        if people[name] == b"NIL":
            people[name] = people["from"]
    words = [string(part.first("date")), string(part.first("subject"))]
    words += [people[name] for name in _ADDRESSED]
    words += [string(part.first("in-reply-to")), string(part.first("message-id"))]
    return b"(" + b" ".join(words) + b")"


def body(part: Part, extended: bool) -> bytes:
    """BODYSTRUCTURE (``extended``) or BODY."""
    if part.multipart:
        return _multipart(part, extended)
    words = [string(part.type.upper()), string(part.subtype.upper()), _params(_defaulted(part))]
    words += [string(part.first("content-id")), string(part.first("content-description"))]
    words += [_encoding(part), b"%d" % (part.end - part.body)]
    if part.message is not None:
        words += [envelope(part.message), body(part.message, extended), b"%d" % part.lines]
    elif part.type == "text":
        words.append(b"%d" % part.lines)
    if extended:
        words += [string(part.first("content-md5")), *_extensions(part)]
    return b"(" + b" ".join(words) + b")"


def _multipart(part: Part, extended: bool) -> bytes:
    words = [string(part.subtype.upper())]
    if extended:
        words += [_params(part.params), *_extensions(part)]
    return b"(" + b"".join(body(child, extended) for child in part.parts) + b" " + b" ".join(words) + b")"


def _defaulted(part: Part) -> list[tuple[str, str]]:
    """A text without a charset is in US-ASCII (RFC 2046, 4.1.2)."""
    if part.type == "text" and part.subtype == "plain" and "charset" not in dict(part.params):
        return [*part.params, ("charset", "us-ascii")]
    return part.params


def _extensions(part: Part) -> list[bytes]:
    return [_disposition(part), _language(part), string(part.first("content-location"))]


def _params(pairs: list[tuple[str, str]]) -> bytes:
    if not pairs:
        return b"NIL"
    return b"(" + b" ".join(string(name.upper()) + b" " + string(value) for name, value in pairs) + b")"


def _encoding(part: Part) -> bytes:
    value = part.first("content-transfer-encoding") or "7BIT"
    return string(value.split(";")[0].split("(")[0].strip().upper() or "7BIT")


def _disposition(part: Part) -> bytes:
    value = part.first("content-disposition")
    if not value:
        return b"NIL"
    kind, _, rest = value.partition(";")
    return b"(" + string(kind.strip().upper()) + b" " + _params(parameters(rest)) + b")"


def _language(part: Part) -> bytes:
    value = part.first("content-language")
    words = [word.strip() for word in (value or "").split(",") if word.strip()]
    if not words:
        return b"NIL"
    return string(words[0]) if len(words) == 1 else b"(" + b" ".join(map(string, words)) + b")"


def _addresses(part: Part, name: str) -> bytes:
    found = [address for value in part.every(name) for address in addresses.parse(value)]
    if not found:
        return b"NIL"
    return b"(" + b"".join(b"(" + b" ".join(map(string, address)) + b")" for address in found) + b")"

"""A letter as bytes: built from a draft and frozen (RFC 5322, 2045); nothing typed becomes a header by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, getaddresses, make_msgid

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class File:
    """A file to attach."""

    name: str
    content_type: str
    raw: bytes


def message_id(domain: str) -> str:
    """A new Message-ID of ours (RFC 5322, 3.6.4)."""
    return make_msgid(domain=domain)


def addresses(text: str) -> list[tuple[str, str]]:
    """Return the ``(name, address)`` pairs in what was typed, commas or semicolons between.

    ValidationError names each that is no address; a line break or NUL is no part of one.
    """
    if any(sign in text for sign in "\r\n\0"):
        raise ValidationError(_("An address cannot hold a line break."))
    try:
        told = getaddresses([text.replace(";", ",")])
    except RecursionError as error:  # brackets within brackets
        raise ValidationError(_("“%(text)s” is no mail address.") % {"text": text.strip()[:100]}) from error
    found = [(name, address) for name, address in told if name or address]
    if text.strip(" ,;") and not any(address for _name, address in found):
        raise ValidationError(_("“%(text)s” is no mail address.") % {"text": text.strip()[:100]})
    for _name, address in found:
        try:
            _parts(address)
        except (ValidationError, HeaderParseError, ValueError, IndexError) as error:
            raise ValidationError(_("“%(text)s” is no mail address.") % {"text": address[:100]}) from error
    return found


def build(
    *,
    sender: tuple[str, str],
    to: str,
    cc: str,
    subject: str,
    text: str,
    files: Sequence[File],
    identity: str,
    when: datetime,
    in_reply_to: str = "",
    references: str = "",
) -> bytes:
    """Return the letter's bytes, CR LF lines; ``to`` and ``cc`` as typed and checked before. Bcc is not in it."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = _header([sender])
    for name, typed in (("To", to), ("Cc", cc)):
        if people := addresses(typed):
            letter[name] = _header(people)
    letter["Subject"] = one_line(subject)
    letter["Date"] = format_datetime(when)
    letter["Message-ID"] = identity
    if in_reply_to:
        letter["In-Reply-To"] = one_line(in_reply_to)
    if references:
        letter["References"] = one_line(references)
    letter["User-Agent"] = "netlab"
    letter.set_content(text.replace("\r\n", "\n"), charset="utf-8")
    for file in files:
        main, _slash, sub = file.content_type.partition("/")
        if main in ("message", "multipart") or not sub.isascii() or not sub:
            main, sub = "application", "octet-stream"
        letter.add_attachment(file.raw, maintype=main, subtype=sub, filename=one_line(file.name))
    plain = all(str(address).isascii() for address in _everyone(sender, to, cc))
    return letter.as_bytes(policy=SMTP if plain else SMTPUTF8)


def one_line(text: str) -> str:
    """``text`` without anything that could end a header: controls become spaces."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _everyone(sender: tuple[str, str], to: str, cc: str) -> Iterable[str]:
    return [sender[1], *(address for _name, address in [*addresses(to), *addresses(cc)])]


def _header(people: Sequence[tuple[str, str]]) -> tuple[Address, ...]:
    return tuple(Address(one_line(name), *_parts(address)) for name, address in people)


def _parts(address: str) -> tuple[str, str]:
    local, _at, domain = address.rpartition("@")
    if not local or not domain or not local.isprintable() or len(address) > 320 or " " in address:
        raise ValidationError("no address")
    if local.isascii() and domain.isascii():
        EmailValidator(allowlist=[domain])(address)
    Address(username=local, domain=domain)
    return local, domain

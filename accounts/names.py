"""What a person and a mailbox may be called.

A user name is at once a site name, the local part of an address (a dot-atom, RFC 5321 section 4.1.2), a login
said in SMTP, POP3 and IMAP without quoting, and a folder on the disk; so it is narrow.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

MAX_USER_NAME = 32
"""Characters of a user name."""

# A letter or digit first; a dot stands between two others only, for "a..b" and "a." are no dot-atoms.
_USER_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?=[a-z0-9_-])){0,31}", re.ASCII)

# Scripts such as Persian and many Indic ones need the two joiners inside words.
_JOINERS = "\u200c\u200d"


RESERVED = {"postmaster", "anonymous", "ftp"}
"""Names that reach others than a person: every admin (RFC 5321 4.5.1), and every guest of an FTP server."""


def check_user_name(text: str) -> None:
    """Raise ValidationError unless ``text`` may be a user name."""
    if text in RESERVED:
        raise ValidationError(_("This name has a meaning of its own to the lab's servers."), code="user-name")
    if not _USER_NAME.fullmatch(text):
        raise ValidationError(
            _(
                "A user name has 1 to 32 small letters (a-z), digits, dots, hyphens or underscores, "
                "begins with a letter or digit, and has no dot at its end or beside another dot."
            ),
            code="user-name",
        )


def check_name(text: str) -> None:
    """Raise ValidationError where a name people read holds a line break, control or direction mark."""
    if unreadable(text):
        raise ValidationError(
            _("This holds characters that cannot be seen (a line break, a control or a direction mark)."),
            code="name",
        )


def unreadable(text: str) -> bool:
    """Whether ``text`` has a control, line separator, surrogate or invisible formatting character in it."""
    return any(
        unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and sign not in _JOINERS for sign in text
    )


def normal(text: str) -> str:
    """Return a typed user name as it is stored: without spaces around it, in small letters."""
    return text.strip().lower()


def class_channel(name: str, pk: int) -> str:
    """The channel of a class on the lab's IRC server: its name in small letters, ``#network-programming``."""
    plain = name.replace("đ", "d").replace("Đ", "D")
    return f"#{slugify(plain)[:45] or f'class-{pk}'}"

"""Secrets at rest: sealed with a key that is a file beside the database, never in it."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

from cryptography.fernet import Fernet
from django.conf import settings


def seal(text: str) -> bytes:
    """Encrypt ``text`` (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return _fernet().encrypt(text.encode())


def unseal(sealed: bytes) -> str:
    """Decrypt what ``seal`` gave; ``cryptography.fernet.InvalidToken`` if key or bytes are others."""
    return _fernet().decrypt(sealed).decode() if sealed else ""


def fingerprint(secret: bytes) -> str:
    """A keyed digest of 8 hex digits: equal for equal secrets, telling nothing else of them."""
    return hmac.new(settings.FINGERPRINT_KEY, secret, hashlib.sha256).hexdigest()[:8]


@cache
def _fernet() -> Fernet:
    return Fernet(settings.LOGINS_KEY)

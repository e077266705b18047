"""Passwords that are made here, easy to read from paper and to type."""

from __future__ import annotations

import secrets

from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher, make_password

# No 0, 1, i, l, o: on paper they look alike. 31 signs carry 4.95 bits each.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"

# A random password of 59 bits needs no stretching; 5,000 of a roster at Django's full count would take
# half an hour. Django hashes it anew with the full count when its owner first signs in (``must_update``).
_FAST = 5_000


def generate(groups: int = 3) -> str:
    """Return a random password of groups of four signs (three: 59 bits), such as ``k7mq-x3dp-9trw``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(groups))


def hash_generated(password: str) -> str:
    """Return the hash to store for a password of ``generate``; never for one that a person thought of."""
    hasher = get_hasher()
    if not isinstance(hasher, PBKDF2PasswordHasher):
        return make_password(password)
    return hasher.encode(password, hasher.salt(), iterations=_FAST)

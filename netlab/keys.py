"""Keys that are files: the site's signing key, the one that seals logins, the one for fingerprints."""

from __future__ import annotations

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path


def key(path: Path) -> bytes:
    """Read the key at ``path``, made at first use: 32 random bytes in URL-safe base64, for the owner's eyes only.

    Of two processes that make it at once, the first wins and both read the same.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)))
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_bytes().strip()

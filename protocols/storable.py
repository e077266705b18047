"""Words of a server as a database takes them: PostgreSQL refuses NUL in text and in JSON, and halves of signs."""

from __future__ import annotations

import re
from typing import Any

_REFUSED = re.compile("[\0\ud800-\udfff]")


def storable(value: Any) -> Any:
    """Return ``value`` (text; or a copy of lists, tuples and dicts of it) with U+FFFD for what is not taken."""
    if isinstance(value, str):
        return _REFUSED.sub("\ufffd", value)
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    if isinstance(value, dict):
        return {storable(key): storable(one) for key, one in value.items()}
    return value

"""The one door by which open Mail tabs are told that something changed and is worth fetching anew."""

from __future__ import annotations

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)


def group(person_id: int) -> str:
    """The channel group of a person's Mail tabs."""
    return f"mail.{person_id}"


def tell(person_id: int, what: str, number: int = 0) -> None:
    """Tell a person's tabs: ``what`` is folders, folder, message or outgoing; ``number`` says which.

    A layer that cannot be reached costs the news, never the work: the page shows it when it is next opened.
    """
    try:
        event = {"type": "mail.news", "what": what, "number": number}
        async_to_sync(get_channel_layer().group_send)(group(person_id), event)
    except Exception:  # whatever the layer's transport raises
        logger.warning("mail tabs could not be told of %s %s", what, number, exc_info=True)


def person_gone(person: Any, **_: object) -> None:
    """``person`` was disabled: their Mail tabs are closed at once."""
    try:
        async_to_sync(get_channel_layer().group_send)(group(person.pk), {"type": "mail.gone"})
    except Exception:  # as above; each socket looks by itself at its next heartbeat
        logger.warning("mail tabs of person %s could not be closed", person.pk, exc_info=True)

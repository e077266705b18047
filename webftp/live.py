"""The one door by which open Files tabs are told that something changed and is worth fetching anew."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)


def group(person_id: int) -> str:
    """The channel group of a person's Files tabs."""
    return f"files.{person_id}"


def tell(person_id: int, what: str, number: int = 0) -> None:
    """Tell a person's tabs: ``what`` is folder, job or transfer; ``number`` says which.

    A layer that cannot be reached costs the news, never the work: the page shows it when it is next opened.
    """
    try:
        async_to_sync(send)(person_id, what, number)
    except Exception:  # whatever the layer's transport raises
        logger.warning("files tabs could not be told of %s %s", what, number, exc_info=True)


async def send(person_id: int, what: str, number: int) -> None:
    """``tell`` for those who are in a loop already; whatever the layer's transport raises comes through."""
    layer = get_channel_layer()
    await layer.group_send(group(person_id), {"type": "files.news", "what": what, "number": number})

"""The one door by which a person's open Web tabs are told that something came and is worth fetching anew."""

from __future__ import annotations

import logging

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)


def group(person_id: int) -> str:
    """The channel group of a person's Web tabs."""
    return f"web.{person_id}"


def tell(person_id: int, visit_id: int) -> None:
    """Tell a person's tabs that something of a visit changed; a layer that is down costs the news, not the work."""
    try:
        async_to_sync(get_channel_layer().group_send)(
            group(person_id), {"type": "web.news", "visit": visit_id}
        )
    except Exception:  # whatever the layer's transport raises
        logger.warning("web tabs could not be told of visit %s", visit_id, exc_info=True)

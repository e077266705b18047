"""How long and how many: what 005 tells the clients, and what the commands hold to."""

from __future__ import annotations

NICK_LENGTH, USER_LENGTH, NAME_LENGTH = 30, 18, 150
CHANNEL_LENGTH, TOPIC_LENGTH, REASON_LENGTH, AWAY_LENGTH, KEY_LENGTH = 64, 390, 300, 300, 23
CHANNELS_EACH = 50
"""Channels that one person may be in."""

TARGETS, CHANNEL_TARGETS, KICKS = 4, 10, 4
"""Recipients of one message; channels of one JOIN, NAMES or LIST; people of one KICK."""

MASKS = 100
"""Entries of a channel's lists, each."""

CHANGES = 12
"""Letters of one MODE."""

HISTORY_AT_ONCE = 200

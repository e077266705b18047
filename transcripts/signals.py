"""What the rooms are told."""

from __future__ import annotations

from django.dispatch import Signal

transcript_closed = Signal()
"""Sent with ``transcript`` after an action ended, its lines are saved and its outcome is known."""

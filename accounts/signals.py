"""What the floors above are told about people (Django's ``post_delete`` on User tells the rest)."""

from __future__ import annotations

from django.dispatch import Signal

person_disabled = Signal()
"""Sent with ``person`` after a person was disabled: close their sockets and sessions, keep their data."""

connection_test_wanted = Signal()
"""Sent with ``test`` (a saved ConnectionTest): connect to its server, record it, write down what came of it."""

"""``GET /healthz``: every part of the lab by name and its state, for `lab`, an operator or a monitor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import reach
from accounts.models import Server
from netlab import parts
from protocols import tap
from protocols.errors import WireError
from protocols.events import nowhere
from protocols.login import Address, Limits

PROBE = Limits(connect=2, idle=2, total=4)
"""Bounds of a probe: a server that does not greet within them counts as down."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where every part is up and 503 where one is down; names and states only, no secret."""
    states = {"web": "up", "database": _state(_database)}
    states["broker"] = _state(parts.broker_answers)
    states["worker"] = _state(lambda: parts.alive("worker"))
    states["gateway"] = _state(lambda: parts.alive("gateway"))
    states["servers"] = _servers() if states["database"] == "up" else {}
    down = [state for state in (*states.values(), *states["servers"].values()) if state == "down"]
    healthy = not down and bool(states["servers"])
    answer = JsonResponse({"ok": healthy, **states}, status=200 if healthy else 503)
    answer._has_been_logged = True  # a probe while the lab comes up is no error to log
    return answer


def _state(check: Callable[[], bool]) -> str:
    try:
        return "up" if check() else "down"
    except (DatabaseError, redis.RedisError):
        return "down"


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _servers() -> dict[str, str]:
    rows = {row.protocol: row for row in Server.objects.filter(lab=True, enabled=True)}
    if not rows:
        return {}
    with ThreadPoolExecutor(len(rows)) as pool:
        return dict(zip(rows, pool.map(_greets, [_plain(row) for row in rows.values()]), strict=True))


def _plain(row: Server) -> Address | None:
    try:
        found = reach.address(row)
    except WireError:
        return None
    return Address(found.protocol, found.host, found.ip, row.port, security="plain")


def _greets(address: Address | None) -> str:
    """Bytes within the bounds mean it is up. HTTP waits to be asked; everyone else greets."""
    if address is None:
        return "down"
    try:
        sock = tap.connect(address, nowhere, PROBE)
    except WireError:
        return "down"
    with sock:
        try:
            if address.protocol == "http":
                sock.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            return "up" if sock.recv(1) else "down"
        except (WireError, OSError):
            return "down"

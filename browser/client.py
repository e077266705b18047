"""The room's verbs over HTTP: one connection kept for as long as it serves, each one recorded."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType

from accounts import reach
from accounts.models import User
from protocols.errors import TooMuch, Unreachable, WireError
from protocols.http.client import Answer, Request, Session, connect
from protocols.login import Limits
from protocols.url import whatwg
from transcripts.recorder import Action, open_recording

LIMITS = Limits(connect=10, idle=20, total=60, reply=8 * 1024 * 1024)
VISIT = 120
"""Seconds that all requests of one action may take together: a page of slow pictures ends as well."""
PORTS = {"http:": 80, "https:": 443}


class Wires:
    """The connections of one action: the open one is used again while server and security are the same.

    Where a URL may go is decided by ``accounts.reach`` alone: the row's address is connected to, its name is only
    said. Every connection has a transcript of its own.
    """

    def __init__(self, person: User, cause: str, tab: str = "", subject: str = "") -> None:
        self._person, self._cause = person, cause
        self._tab, self._subject = tab, subject
        self._stack = ExitStack()
        self._to: tuple[int, str] = (0, "")
        self._session: Session | None = None
        self._action: Action | None = None
        self._ends = time.monotonic() + VISIT
        self._stopped = False

    def stop(self) -> None:
        """Cut what is open, from any thread; whatever waits or is asked later ends as cancelled."""
        self._stopped = True
        session = self._session
        if session:
            session.close()

    def __enter__(self) -> Wires:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def transcript(self) -> int | None:
        """The transcript of the open connection."""
        return self._action.id if self._action else None

    def ask(self, url: str, request: Request) -> Answer:
        """Say ``request`` to the server that ``url`` names; a WireError where it is no server here, or fails."""
        session = self._open(url)
        try:
            answer = session.ask(request)
        except WireError as error:
            if self._action:
                self._action.fail(error)
            self._shut()
            raise
        if answer.trouble and self._action:
            self._action.fail(answer.trouble)
        if not session.stays:
            self._shut()
        return answer

    def _open(self, url: str) -> Session:
        seen = whatwg.read(url)
        if seen is None or seen.protocol not in PORTS:
            raise Unreachable(f"{url[:200]} is no web address", cause="not-listed", host=url[:200])
        port = int(seen.port) if seen.port else PORTS[seen.protocol]
        server = reach.find(seen.hostname, "http", port)
        if self._stopped:
            raise Unreachable("stopped", cause="cancelled")
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TooMuch("the page took too long", cause="visit", seconds=VISIT)
        security = "tls" if seen.protocol == "https:" else "plain"
        if self._session is not None and self._to == (server.pk, security) and self._session.quiet:
            return self._session
        self._shut()
        address = reach.address(server, security)
        recording = open_recording(owner=self._person, server=server)
        self._stack.callback(recording.close)
        action = recording.transcript(self._cause, tab=self._tab, subject=self._subject)
        self._action = self._stack.enter_context(action)
        try:
            limits = replace(LIMITS, total=min(LIMITS.total, left))
            self._session = self._stack.enter_context(connect(address, recording.sink, limits))
        except WireError as error:
            self._action.fail(error)
            raise
        self._to = (server.pk, security)
        return self._session

    def _shut(self) -> None:
        self._session, self._to = None, (0, "")
        self._stack.close()

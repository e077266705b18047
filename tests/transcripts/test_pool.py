"""The pool of live connections: one serves many actions, none stays for ever, none holds up the others."""

from __future__ import annotations

import time

import pytest

from accounts import reach
from accounts.models import Login
from protocols.errors import WireError
from protocols.imap import client as imap
from tests.servers.embedded import EmbeddedLab, wait_until
from tests.webmail.hostile import Hostile
from transcripts import blocks, pool
from transcripts.models import Conversation
from transcripts.recorder import open_recording
from transcripts.writer import writer


@pytest.fixture
def login(transactional_db, tmp_path, settings):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    running = EmbeddedLab(tmp_path)
    ann = running.person("ann")
    yield Login.objects.get(person=ann, server__protocol="imap")
    pool.close_all()
    running.stop()


class Room:
    """A room with a pool of its own, and what its connections said."""

    def __init__(self, login: Login, **how) -> None:
        self.login = login
        self.pool = pool.Pool(imap.Session.logout, **{"idle": 60.0, "fresh": 60.0, **how})

    def connect(self, sink) -> imap.Session:
        session = imap.connect(reach.address(self.login.server), sink)
        session.login(reach.credentials(self.login))
        return session

    def borrowed(self):
        def record():
            return open_recording(owner=self.login.person, server=self.login.server)

        return self.pool.borrowed(self.login.pk, "Look", record, self.connect, tab="")

    def act(self) -> None:
        with self.borrowed() as (session, _action):
            session.noop()

    @staticmethod
    def said() -> list[str]:
        """The client's verbs of every conversation, one string each."""
        writer().flush()
        rows = Conversation.objects.order_by("pk")
        lines = ([line for line, _ in blocks.read(row, 1) if line.speaker == "C"] for row in rows)
        return [" ".join(line.text.split()[1] for line in one if line.kind == "text") for one in lines]


@pytest.fixture
def room(login):
    return Room(login)


def test_one_connection_serves_the_next_action_and_parts_politely(room):
    room.act()
    room.act()
    assert len(room.said()) == 1 and not Conversation.objects.get().ended
    pool.close_all()
    [said] = room.said()
    assert said.count("NOOP") == 2 and said.endswith("NOOP LOGOUT") and Conversation.objects.get().ended


def test_what_nobody_uses_is_closed_without_anybody_coming(login):
    room = Room(login, idle=0.2)
    room.act()
    assert wait_until(lambda: room.said()[0].endswith("LOGOUT"))
    room.act()
    assert len(room.said()) == 2
    assert wait_until(lambda: room.said()[1].endswith("LOGOUT"))


def test_a_connection_that_was_cut_while_it_was_idle_is_replaced(login):
    room = Room(login, fresh=0.0)
    with room.borrowed() as (session, _action):
        pass
    room.act()
    assert len(room.said()) == 1 and room.said()[0].count("NOOP") == 2  # tried first
    session.close()
    room.act()
    assert len(room.said()) == 2


def test_an_error_closes_the_connection_and_only_a_few_are_kept(login):
    room = Room(login, each=1)
    with pytest.raises(WireError), room.borrowed():
        raise WireError("something", cause="closed")
    writer().flush()
    assert Conversation.objects.get().ended
    with room.borrowed(), room.borrowed():
        pass
    writer().flush()
    assert [bool(one.ended) for one in Conversation.objects.order_by("pk")].count(False) == 1
    full = Room(login, total=0)
    full.act()
    writer().flush()
    assert Conversation.objects.latest("pk").ended


async def _greets_and_falls_silent(reader, writer):
    writer.write(b"* OK [CAPABILITY IMAP4rev1] welcome\r\n")
    while line := await reader.readline():
        if b"LOGOUT" not in line:
            writer.write(line.split()[0] + b" OK done\r\n")


def test_a_server_that_does_not_answer_a_farewell_is_left(room, monkeypatch):
    monkeypatch.setattr(pool, "GOODBYE", 0.3)
    silent = Hostile(_greets_and_falls_silent)
    server = room.login.server
    server.port, server.security = silent.port, "plain"
    with room.borrowed(), room.borrowed():
        pass
    began = time.monotonic()
    room.pool.close()
    assert time.monotonic() - began < 2
    silent.stop()
    writer().flush()
    assert all(one.ended for one in Conversation.objects.all())

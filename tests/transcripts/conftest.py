"""A small SMTP server on port 0, a person, and one recorded letter."""

from __future__ import annotations

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult

from accounts.models import Login, Server, User
from protocols.login import Address, Credentials
from protocols.smtp import client
from transcripts.models import Transcript
from transcripts.recorder import open_recording

SECRET = "tin-can-telephone"


@pytest.fixture
def smtp():
    class Fixed(Controller):
        def _trigger_server(self):
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=data.password == SECRET.encode(), handled=False)

    door = Fixed(Sink(), "127.0.0.1", 0, authenticator=check, auth_require_tls=False)
    door.start()
    yield door.port
    door.stop()


@pytest.fixture
def ann(transactional_db):
    return User.objects.create_user("ann", password="x")


@pytest.fixture
def server(smtp, ann):
    row = Server.objects.create(
        protocol="smtp", name="t", host="localhost", port=smtp, security="plain", address="127.0.0.1"
    )
    login = Login(person=ann, server=row, user_name="ann")
    login.secret = SECRET
    login.save()
    return row


@pytest.fixture
def send(ann, server):
    def send(password=SECRET, **more):
        recording = open_recording(owner=ann, server=server)
        address = Address("smtp", "localhost", "127.0.0.1", server.port, "plain")
        try:
            with (
                recording.transcript("Send", **more) as action,
                client.connect(address, recording.sink) as session,
            ):
                session.login(Credentials("ann", password))
                letter = b"Subject: hello\r\n\r\nA secret love letter.\r\n"
                session.send("ann@lab.test", ["ben@lab.test"], letter, on_data=lambda: None)
        finally:
            recording.close()
        return Transcript.objects.get(pk=action.id)

    return send

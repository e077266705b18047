"""Connections to the lab's IMAP server, before and after signing in; closed at the end."""

import pytest

from tests.servers.imap.talk import Talk


@pytest.fixture
def talk(mail_lab):
    """A connection before signing in."""
    opened = Talk(mail_lab.ports.imap)
    yield opened
    opened.close()


@pytest.fixture
def ann(mail_lab):
    """Opens connections that are signed in as ann."""
    opened = []

    def sign_in(select: str = "INBOX") -> Talk:
        talk = Talk(mail_lab.ports.imap)
        opened.append(talk)
        talk.ok(f'LOGIN ann "{mail_lab.passwords["ann"]}"')
        if select:
            talk.ok(f"SELECT {select}")
        return talk

    yield sign_in
    for talk in opened:
        talk.close()
